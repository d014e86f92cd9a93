// Package devserver is an API that behaves like authentik's, in memory: for
// trying aksync without an authentik, and for testing it. What it does is what
// real servers did, as recorded exchanges have it: in testdata/exchanges of one kind
// to the last detail, in this package's testdata of every kind. Comments name them.
//
// It is generic over kinds. What it knows of a kind comes from the schema, and from
// facts.json what the schema has no need to know: filters, computed fields, the
// texts of refusals. What a fresh server holds is in defaults.json.
//
// It keeps no log of events, runs no tasks, and fetches nothing.
package devserver

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/schema"
)

// DevToken is the token of the server's administrator if nothing else is said.
const DevToken = "dev"

// Config says how the server behaves.
type Config struct {
	// Schema has the kinds to serve. Required.
	Schema *schema.Schema
	// Version is the authentik to behave like, from 2024.12 on, or 2025.10.4 if
	// empty.
	Version string
	// Admin is the API token that may do everything, DevToken if empty;
	// Nobody, if not empty, one of a user without permissions.
	Admin, Nobody string
	// Limited are further tokens, with the permissions of their users, such as
	// authentik_flows.view_flow.
	Limited map[string][]string
	// Latency is waited before each request is carried out. That happens even
	// if the client has gone away meanwhile, as on a real server: a POST that
	// timed out may have been carried out.
	Latency time.Duration
	// Logger is told of each request at level debug. The zero value says
	// nothing.
	Logger zerolog.Logger
}

// Server is the API. It is safe for concurrent use.
type Server struct {
	config  Config
	version behaviour
	store   *store
	routes  map[string]*route
	now     clock
	// beforeWrite, where a test sets it, runs between the check of a body and
	// the write.
	beforeWrite func()

	mutex sync.Mutex // guards what follows
	seen  map[string]int
	kept  map[string]kept
}

// New makes a server that holds nothing.
func New(config Config) (*Server, error) {
	if config.Schema == nil {
		return nil, errors.New("the embedded server needs a schema")
	}
	if config.Version == "" {
		config.Version = DefaultVersion
	}
	if config.Admin == "" {
		config.Admin = DevToken
	}
	version, err := behaviourOf(config.Version)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: config, version: version, seen: map[string]int{}, kept: map[string]kept{}, now: time.Now,
		store: newStore(config.Schema.At(config.Version), config.Version, version),
	}
	s.routes = s.makeRoutes()
	return s, nil
}

// Requests gives how many requests there were, by method.
func (s *Server) Requests() map[string]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return maps.Clone(s.seen)
}

// ServeHTTP answers as authentik does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	s.seen[r.Method]++
	s.mutex.Unlock()
	time.Sleep(s.config.Latency)
	answer := s.answer(r)
	s.config.Logger.Debug().Str("method", r.Method).Str("path", r.URL.Path).Int("status", answer.status).Msg("answered")
	answer.write(w, s.version)
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
		return s.handle(route, &request{Request: r}) // root-config-noauth
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
	return s.handle(route, &request{Request: r, table: route.table, key: key, body: body})
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
