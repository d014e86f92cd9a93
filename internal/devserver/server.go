// Package devserver is an API that behaves like authentik's, in memory: for
// trying aksync without an authentik, and for testing it. What it does is what
// a real authentik did, as the recorded exchanges in testdata/exchanges have
// it; comments name them. It is generic over kinds: all it knows of a kind
// comes from the schema.
package devserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aksync/aksync/schema"
)

// DefaultVersion is the authentik that the server behaves like if nothing else
// is said.
const DefaultVersion = "2025.10.4"

// DevToken is the token of the server's administrator if nothing else is said.
const DevToken = "dev"

// Config says how the server behaves.
type Config struct {
	Schema *schema.Schema
	// Version is the authentik to behave like: 2024.12.5, or 2025.10.4 if
	// empty.
	Version string
	// Admin is the API token that may do everything, DevToken if empty;
	// Nobody, if not empty, one of a user without permissions.
	Admin, Nobody string
	// Latency is added to each request.
	Latency time.Duration
}

// Server is the API. It is safe for concurrent use.
type Server struct {
	config  Config
	store   *store
	routes  []route
	mutex   sync.Mutex // guards seen
	seen    map[string]int
	version behaviour
}

// behaviour is in what the versions differ (see the exchanges of both).
type behaviour struct {
	// plainNotFound: a 404 does not name the kind (get-404).
	plainNotFound bool
	// autocomplete: lists have that key (list-default).
	autocomplete bool
	// searchesNUL: a search for NUL finds nothing, and is no error
	// (list-search-nul).
	searchesNUL bool
}

var behaviours = map[string]behaviour{
	"2024.12.5": {plainNotFound: true, searchesNUL: true},
	"2025.10.4": {autocomplete: true},
}

// New makes a server that holds nothing.
func New(config Config) (*Server, error) {
	if config.Version == "" {
		config.Version = DefaultVersion
	}
	if config.Admin == "" {
		config.Admin = DevToken
	}
	version, known := behaviours[config.Version]
	if !known {
		return nil, fmt.Errorf("no authentik %s is known: want one of 2024.12.5, 2025.10.4", config.Version)
	}
	s := &Server{config: config, store: newStore(config.Schema), seen: map[string]int{}, version: version}
	s.routes = s.makeRoutes()
	return s, nil
}

// Requests gives how many requests there were, by method.
func (s *Server) Requests() map[string]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	counts := make(map[string]int, len(s.seen))
	for method, count := range s.seen {
		counts[method] = count
	}
	return counts
}

// route is a path with its methods. Segments in braces match one segment
// without a dot and are given to the handlers by position.
type route struct {
	segments []string
	public   bool // needs no token
	// refuses is what somebody without a token is told (auth-none-list,
	// auth-none-get).
	refuses string
	methods []string // in the order of the Allow header
	handle  map[string]handler
	kind    *schema.Kind
}

type handler func(s *Server, r *request) response

// request is what a handler gets.
type request struct {
	*http.Request
	kind *schema.Kind
	key  string // what ends the path of a single object
	body []byte
}

const (
	noCredentials = "Authentication credentials were not provided."
	noPermission  = "You do not have permission to perform this action."
)

func (s *Server) makeRoutes() []route {
	routes := []route{
		{
			segments: split("/-/health/live/"), public: true,
			methods: []string{"GET", "HEAD"}, handle: map[string]handler{"GET": health},
		},
		{
			segments: split("/-/health/ready/"), public: true,
			methods: []string{"GET", "HEAD"}, handle: map[string]handler{"GET": health},
		},
		{
			segments: split("/api/v3/admin/version/"), refuses: noCredentials,
			methods: []string{"GET", "HEAD", "OPTIONS"}, handle: map[string]handler{"GET": (*Server).adminVersion},
		},
	}
	for _, kind := range s.config.Schema.Kinds() {
		list := route{
			segments: split("/api/v3/" + kind.Path + "/"), refuses: noCredentials, kind: kind,
			methods: []string{"GET", "HEAD", "OPTIONS"},
			handle:  map[string]handler{"GET": (*Server).list, "OPTIONS": optionsOf("List")},
		}
		detail := route{
			segments: split("/api/v3/" + kind.Path + "/{key}/"), refuses: noPermission, kind: kind,
			methods: []string{"GET", "HEAD", "OPTIONS"},
			handle:  map[string]handler{"GET": (*Server).retrieve, "OPTIONS": optionsOf("Instance")},
		}
		if kind.Managed {
			list.methods = []string{"GET", "POST", "HEAD", "OPTIONS"}
			list.handle["POST"] = (*Server).create
			detail.methods = []string{"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
			detail.handle["PUT"], detail.handle["PATCH"], detail.handle["DELETE"] = (*Server).update, (*Server).update, (*Server).delete
			routes = append(routes, route{
				segments: split("/api/v3/" + kind.Path + "/{key}/used_by/"), refuses: noPermission, kind: kind,
				methods: []string{"GET", "HEAD", "OPTIONS"}, handle: map[string]handler{"GET": (*Server).usedBy},
			})
		}
		routes = append(routes, list, detail)
	}
	return routes
}

func split(path string) []string { return strings.Split(path, "/") }

// match gives the route of a path and what its braces match.
func (s *Server) match(path string) (*route, string) {
	segments := split(path)
	for i := range s.routes {
		route := &s.routes[i]
		if len(segments) != len(route.segments) {
			continue
		}
		key, matches := "", true
		for j, want := range route.segments {
			if want == "{key}" {
				key = segments[j]
				matches = matches && key != "" && !strings.Contains(key, ".")
			} else {
				matches = matches && segments[j] == want
			}
		}
		if matches {
			return route, key
		}
	}
	return nil, ""
}

// ServeHTTP answers as authentik does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	s.seen[r.Method]++
	s.mutex.Unlock()
	time.Sleep(s.config.Latency)
	s.answer(r).write(w)
}

// answer goes through the steps of a request in the order in which a real
// server does.
func (s *Server) answer(r *http.Request) response {
	route, key := s.match(r.URL.Path)
	if route == nil {
		return unhandled(r.Method, http.StatusNotFound) // noslash-list-get, noslash-list-post, unknown-api-path
	}
	answer := s.dispatch(route, key, r)
	if answer.allow == nil {
		answer.allow = route.methods
	}
	return answer
}

func (s *Server) dispatch(route *route, key string, r *http.Request) response {
	if route.public {
		return s.handle(route, &request{Request: r})
	}
	if !accepts(r.Header.Get("Accept")) {
		return detail(http.StatusNotAcceptable, "Could not satisfy the request Accept header.") // post-accept-html
	}
	if refusal := s.authenticate(route, r); refusal != nil {
		return *refusal
	}
	body, refusal := readBody(r)
	if refusal != nil {
		return *refusal
	}
	return s.handle(route, &request{Request: r, kind: route.kind, key: key, body: body})
}

func (s *Server) handle(route *route, r *request) response {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	handle := route.handle[method]
	if handle == nil {
		return detail(http.StatusMethodNotAllowed, fmt.Sprintf("Method \"%s\" not allowed.", r.Method)) // put-on-list
	}
	return handle(s, r)
}

// accepts tells whether JSON is among what the client takes.
func accepts(accept string) bool {
	if accept == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if slices.Contains([]string{"*/*", "application/*", "application/json"}, mediaType) {
			return true
		}
	}
	return false
}

func health(*Server, *request) response {
	return response{status: http.StatusOK, html: true, allow: []string{}}
}

// adminVersion is admin-version.
func (s *Server) adminVersion(*request) response {
	return ok(map[string]any{
		"version_current": s.config.Version, "version_latest": s.config.Version, "version_latest_valid": true,
		"build_hash": "", "outdated": false, "outpost_outdated": false,
	})
}

// optionsOf is auth-weak-options: what a client may do is not told, since the
// schema does not hold authentik's labels and help texts.
func optionsOf(what string) handler {
	return func(_ *Server, r *request) response {
		words := strings.Fields(r.kind.Title)
		for i, word := range words {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
		return ok(map[string]any{
			"name":        strings.Join(words, " ") + " " + what,
			"description": strings.Join(words, "") + " Viewset",
			"renders":     []string{"application/json"},
			"parses":      []string{"application/json"},
		})
	}
}

// className is what authentik calls the kind's class.
func className(kind *schema.Kind) string {
	name := ""
	for word := range strings.FieldsSeq(kind.Title) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func encode(body any) []byte {
	// Bodies are made of what JSON can say.
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("encoding an answer: %v", err))
	}
	return text
}
