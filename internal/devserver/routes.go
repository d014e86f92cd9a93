package devserver

import (
	"net/http"
	"strings"
)

// route is a path with its methods. The segment {key} of its pattern matches any
// one segment without a dot and is given to the handlers (get-notuuid-dot).
type route struct {
	pattern string
	public  bool // needs no token
	// open is set where anybody with a token may read.
	open bool
	// refuses is what somebody without a token is told (auth-none-list,
	// auth-none-get).
	refuses string
	methods []string // in the order of the Allow header
	handle  map[string]handler
	table   *table
	// needs are the permissions that a request of its own takes beside the usual.
	needs []string
}

type handler func(s *Server, r *request) response

// request is what a handler gets.
type request struct {
	*http.Request
	table *table
	key   string // what ends the path of a single object
	body  []byte
}

const (
	noCredentials = "Authentication credentials were not provided."
	noPermission  = "You do not have permission to perform this action."
)

// The methods of paths that can only be read.
var readOnlyMethods = []string{"GET", "HEAD", "OPTIONS"}

const api = "/api/v3/"

func (s *Server) makeRoutes() map[string]*route {
	routes := []route{
		{
			pattern: "/-/health/live/", public: true,
			methods: []string{"GET", "HEAD"}, handle: map[string]handler{"GET": health},
		},
		{
			pattern: "/-/health/ready/", public: true,
			methods: []string{"GET", "HEAD"}, handle: map[string]handler{"GET": health},
		},
		{
			pattern: api + "root/config/", public: true, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).rootConfig, "OPTIONS": options("Config", "")},
		},
		{
			pattern: api + "admin/version/", open: true, refuses: noCredentials, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).adminVersion, "OPTIONS": options("Version", "")},
		},
		{
			pattern: api + "admin/models/", refuses: noCredentials, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).adminModels},
		},
		{
			pattern: api + "core/users/me/", open: true, refuses: noCredentials, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).me},
		},
	}
	for path, answer := range s.store.facts.Paths {
		if path, has := spanned(path, s.config.Version); has {
			routes = append(routes, route{
				pattern: api + path, refuses: noCredentials, methods: readOnlyMethods,
				handle: map[string]handler{"GET": fixedAnswer(answer)},
			})
		}
	}
	routes = append(routes, s.permissionRoutes()...)
	for _, model := range s.store.models {
		if t := s.store.kinds[model]; t.kind.Path != "" {
			routes = append(routes, s.routesOf(t)...)
		}
	}
	byPattern := make(map[string]*route, len(routes))
	for i := range routes {
		if byPattern[routes[i].pattern] == nil {
			byPattern[routes[i].pattern] = &routes[i]
		}
	}
	return byPattern
}

// routesOf gives the viewset of a kind.
func (s *Server) routesOf(t *table) []route {
	kind := t.kind
	name, description := titleOf(kind), className(kind)+" Viewset"
	list := route{
		pattern: api + kind.Path + "/", refuses: noCredentials, table: t, methods: readOnlyMethods,
		handle: map[string]handler{"GET": (*Server).list, "OPTIONS": options(name+" List", description)},
	}
	detail := route{
		pattern: api + kind.Path + "/{key}/", refuses: noPermission, table: t, methods: []string{"GET"},
		handle: map[string]handler{"GET": (*Server).retrieve, "OPTIONS": options(name+" Instance", description)},
	}
	for _, method := range t.methods() {
		switch method {
		case "POST":
			list.methods, list.handle[method] = []string{"GET", "POST", "HEAD", "OPTIONS"}, (*Server).create
		case "DELETE":
			detail.methods, detail.handle[method] = append(detail.methods, method), (*Server).delete
		default:
			detail.methods, detail.handle[method] = append(detail.methods, method), (*Server).update
		}
	}
	detail.methods = append(detail.methods, "HEAD", "OPTIONS")
	if t.about.NoList {
		delete(list.handle, "GET")
		list.methods = []string{"POST", "OPTIONS"}
	}
	routes := append([]route{list, detail}, s.actionRoutes(t, detail.pattern)...)
	for _, path := range t.about.Also {
		routes = append(routes, route{
			pattern: api + path + "/", refuses: noCredentials, table: t, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).list},
		})
	}
	if t.about.NoUsedBy {
		return routes
	}
	return append(routes, route{
		pattern: detail.pattern + "used_by/", refuses: noPermission, table: t, methods: readOnlyMethods,
		handle: map[string]handler{"GET": (*Server).usedBy, "OPTIONS": options("Used by", "")},
	})
}

// match gives the route of a path and what its {key} matches: the last segment, or
// the one before it.
func (s *Server) match(path string) (*route, string) {
	if route := s.routes[path]; route != nil {
		return route, ""
	}
	end := len(path) - 1
	for range 2 {
		if end <= 0 || path[end] != '/' {
			return nil, ""
		}
		start := strings.LastIndexByte(path[:end], '/')
		key := path[start+1 : end]
		if route := s.routes[path[:start+1]+"{key}"+path[end:]]; route != nil && key != "" && !strings.Contains(key, ".") {
			return route, key
		}
		end = start
	}
	return nil, ""
}

// methods are those that a kind's paths take beside GET: what the facts say, or
// what the schema lets be done.
func (t *table) methods() []string {
	if t.about.Methods != nil || !t.kind.Managed {
		return t.about.Methods
	}
	var methods []string
	if t.kind.Create {
		methods = append(methods, "POST")
	}
	if t.kind.Update {
		methods = append(methods, "PUT", "PATCH")
	}
	if t.kind.Delete {
		methods = append(methods, "DELETE")
	}
	return methods
}
