package devserver

import (
	"net/http"
	"strings"

	"github.com/aksync/aksync/schema"
)

// route is a path with its methods. The segment {key} matches any one segment
// without a dot and is given to the handlers (get-notuuid-dot).
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

// The methods of paths that can only be read.
var readOnlyMethods = []string{"GET", "HEAD", "OPTIONS"}

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
			segments: split("/api/v3/root/config/"), public: true, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).rootConfig, "OPTIONS": options("Config", "")},
		},
		{
			segments: split("/api/v3/admin/version/"), refuses: noCredentials, methods: readOnlyMethods,
			handle: map[string]handler{"GET": (*Server).adminVersion, "OPTIONS": options("Version", "")},
		},
	}
	for _, kind := range s.config.Schema.Kinds() {
		routes = append(routes, routesOf(kind)...)
	}
	return routes
}

// routesOf gives the viewset of a kind. A kind that is not managed can only be
// looked up: a real server lets it be written too.
func routesOf(kind *schema.Kind) []route {
	name, description := titleOf(kind), className(kind)+" Viewset"
	list := route{
		segments: split("/api/v3/" + kind.Path + "/"), refuses: noCredentials, kind: kind, methods: readOnlyMethods,
		handle: map[string]handler{"GET": (*Server).list, "OPTIONS": options(name+" List", description)},
	}
	detail := route{
		segments: split("/api/v3/" + kind.Path + "/{key}/"), refuses: noPermission, kind: kind, methods: readOnlyMethods,
		handle: map[string]handler{"GET": (*Server).retrieve, "OPTIONS": options(name+" Instance", description)},
	}
	if !kind.Managed {
		return []route{list, detail}
	}
	list.methods = []string{"GET", "POST", "HEAD", "OPTIONS"}
	list.handle["POST"] = (*Server).create
	detail.methods = []string{"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
	detail.handle["PUT"], detail.handle["PATCH"], detail.handle["DELETE"] = (*Server).update, (*Server).update, (*Server).delete
	return []route{list, detail, {
		segments: split("/api/v3/" + kind.Path + "/{key}/used_by/"), refuses: noPermission, kind: kind, methods: readOnlyMethods,
		handle: map[string]handler{"GET": (*Server).usedBy, "OPTIONS": options("Used by", "")},
	}}
}

func split(path string) []string { return strings.Split(path, "/") }

// match gives the route of a path and what its {key} matches.
func (s *Server) match(path string) (*route, string) {
	segments := split(path)
	for i := range s.routes {
		if key, matches := s.routes[i].match(segments); matches {
			return &s.routes[i], key
		}
	}
	return nil, ""
}

func (r *route) match(segments []string) (key string, matches bool) {
	if len(segments) != len(r.segments) {
		return "", false
	}
	for i, want := range r.segments {
		switch {
		case want == "{key}":
			key = segments[i]
			if key == "" || strings.Contains(key, ".") {
				return "", false
			}
		case segments[i] != want:
			return "", false
		}
	}
	return key, true
}
