package devserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// grant is what somebody may do: with all objects of a model, or with one.
type grant struct {
	id         int64
	holder     *object // a role or a user
	holderPK   string
	holderKind string
	permission *object
	// model and objectPK say which object it is about; they are empty where it
	// is about all.
	model, objectPK string
}

// permissionRoutes are the paths of trap/assign-*: one for each kind that can have
// permissions.
func (s *Server) permissionRoutes() []route {
	var routes []route
	for _, model := range s.store.models {
		t := s.store.kinds[model]
		for _, how := range t.about.Assigned {
			if how.Has(s.config.Version) {
				routes = append(routes, assignRoutes(t, how)...)
			}
		}
	}
	return routes
}

// assigning says how the permissions of a kind's objects are reached.
type assigning struct {
	// Path is the one below that of permissions.
	Path string `json:"path"`
	// Either says in which versions the list of holders takes a permission for all
	// objects as well as one for the object that is asked for.
	Either schema.Span `json:"either"`
	// Lists is the path of a list of permissions for single objects, by the
	// parameter By.
	Lists string `json:"lists"`
	By    string `json:"by"`
	schema.Span
}

func assignRoutes(t *table, how *assigning) []route {
	var needs, takeNeeds []string
	for _, field := range t.kind.Fields.Fields {
		if field.Via.Lists() {
			needs, takeNeeds = permissions(field.Via.Needs), permissions(field.Via.TakeNeeds)
		}
	}
	base := api + "rbac/permissions/" + how.Path + "/"
	list := func(s *Server, r *request) response { return s.assigned(r, how.Either.Has(s.config.Version)) }
	granted := func(s *Server, r *request) response { return s.granted(r, how.By) }
	return []route{{
		pattern: api + "rbac/permissions/" + how.Lists + "/", refuses: noCredentials, table: t, methods: readOnlyMethods,
		handle: map[string]handler{"GET": granted},
	}, {
		pattern: base, refuses: noCredentials, table: t, methods: readOnlyMethods,
		handle: map[string]handler{"GET": list},
	}, {
		pattern: base + "{key}/assign/", refuses: noPermission, table: t, methods: []string{"POST", "OPTIONS"},
		handle: map[string]handler{"POST": (*Server).assign}, needs: needs,
	}, {
		pattern: base + "{key}/unassign/", refuses: noPermission, table: t, methods: []string{"PATCH", "OPTIONS"},
		handle: map[string]handler{"PATCH": (*Server).unassign}, needs: takeNeeds,
	}}
}

// asked is what a request to assign or unassign asks for.
type asked struct {
	permissions     []string
	model, objectPK string
}

// readWanted reads a body, or says what is wrong with it.
func (s *Server) readWanted(r *request) (asked, *response) {
	body, refusal := parse(r.body)
	if refusal != nil {
		return asked{}, refusal
	}
	w, wrong := asked{}, complaints{}
	value, given := body.Get("permissions")
	list, isList := value.Data.(tree.List)
	switch {
	case !given:
		wrong.add("permissions", "This field is required.")
	case !isList:
		wrong.add("permissions", fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value)))
	}
	for _, element := range list {
		w.permissions = append(w.permissions, pythonString(element))
	}
	if model, has := body.Get("model"); has && model.Data != nil {
		w.model, _ = model.Data.(string)
		if s.store.kinds[w.model] == nil {
			wrong.add("model", fmt.Sprintf("\"%s\" is not a valid choice.", pythonString(model)))
		}
	}
	if pk, has := body.Get("object_pk"); has && pk.Data != nil {
		w.objectPK = pythonString(pk)
	}
	switch {
	case len(wrong) > 0:
	case (w.model == "") != (w.objectPK == ""):
		wrong.add("non_field_errors", "The fields model, object_pk must be used together.")
	case w.model == "" && slices.ContainsFunc(w.permissions, func(name string) bool { return !strings.Contains(name, ".") }):
		wrong.add("permissions", "When assigning global permissions, codename must be given as app_label.codename")
	}
	if len(wrong) > 0 {
		return w, &response{status: http.StatusBadRequest, body: encode(wrong)}
	}
	return w, nil
}

// permission finds one by its codename, with its app in front or not.
func (s *store) permission(name, model string) *object {
	app, codename, isFull := strings.Cut(name, ".")
	if !isFull {
		codename, app = name, ""
	}
	for _, o := range s.permissions() {
		if o.fields["codename"] != codename || app != "" && o.fields["app_label"] != app {
			continue
		}
		if of, _ := o.fields["app_label"].(string); model == "" || model == of+"."+pkText(o.fields["model"]) {
			return o
		}
	}
	return nil
}

// holderAndWanted returns who is to be given or to lose permissions, and which. The
// store has to be held.
func (s *Server) holderAndWanted(r *request) (*object, asked, *response) {
	holder, missing := s.find(r)
	if missing != nil {
		return nil, asked{}, missing
	}
	w, refusal := s.readWanted(r)
	if refusal == nil && s.lacksApp(w) {
		answer := unhandled(r.Method, http.StatusInternalServerError)
		refusal = &answer
	}
	return holder, w, refusal
}

// assign gives permissions. One by its full name for an object that is not there is
// given for all objects (trap/assign-object-6).
func (s *Server) assign(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	holder, w, refusal := s.holderAndWanted(r)
	if refusal != nil {
		return *refusal
	}
	ids := []map[string]any{}
	for _, name := range w.permissions {
		model, objectPK := w.model, w.objectPK
		if model != "" && s.store.get(model, objectPK) == nil {
			if !strings.Contains(name, ".") {
				return unhandled(r.Method, http.StatusInternalServerError)
			}
			model, objectPK = "", ""
		}
		if strings.HasPrefix(name, djangoApp) {
			ids = append(ids, map[string]any{"id": "1"})
			continue
		}
		permission := s.store.permission(name, model)
		if permission == nil {
			return unhandled(r.Method, http.StatusInternalServerError)
		}
		g := s.store.give(holder, permission, model, objectPK)
		ids = append(ids, map[string]any{"id": pkText(s.number(g))})
	}
	return ok(ids)
}

// djangoApp begins the names of Django's own permissions, which are taken as all
// others are and shown nowhere (rbac/api/rbac.py).
const djangoApp = "auth."

// lacksApp reports whether a permission for an object has not got the name of its
// app, where the server needs it.
func (s *Server) lacksApp(w asked) bool {
	return s.version.fullNames && slices.ContainsFunc(w.permissions, func(name string) bool { return !strings.Contains(name, ".") })
}

// give adds a grant, if it is not there.
func (s *store) give(holder, permission *object, model, objectPK string) grant {
	g := grant{holder: holder, holderPK: holder.pk, holderKind: holder.table.kind.Model, permission: permission, model: model, objectPK: objectPK}
	for _, other := range s.grants {
		if other.is(g) {
			return other
		}
	}
	counter := fmt.Sprintf("grants %s %t", g.holderKind, model == "")
	s.numbers[counter]++
	g.id = s.numbers[counter]
	s.grants = append(s.grants, g)
	return g
}

// number is what a grant is answered with: its own, or that of what it permits.
func (s *Server) number(g grant) any {
	if g.model == "" && !s.version.numbersAll {
		return g.permission.id
	}
	return g.id
}

func (g grant) is(other grant) bool {
	return g.holderPK == other.holderPK && g.holderKind == other.holderKind && g.permission.pk == other.permission.pk &&
		g.model == other.model && g.objectPK == other.objectPK
}

func (s *Server) unassign(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	holder, w, refusal := s.holderAndWanted(r)
	if refusal != nil {
		return *refusal
	}
	for _, name := range w.permissions {
		if permission := s.store.permission(name, w.model); permission != nil {
			gone := grant{holderPK: holder.pk, holderKind: holder.table.kind.Model, permission: permission, model: w.model, objectPK: w.objectPK}
			s.store.grants = slices.DeleteFunc(s.store.grants, gone.is)
		}
	}
	return response{status: http.StatusNoContent}
}

// forgetGrants takes away what was given to an object that goes.
func (s *store) forgetGrants(o *object) {
	s.grants = slices.DeleteFunc(s.grants, func(g grant) bool {
		return g.holderPK == o.pk && g.holderKind == o.table.kind.Model
	})
}

// wipe takes away the global permissions of an object that is written, as a server
// does it before the version in which that was mended (trap/role-update-*,
// trap/user-permissions-*).
func (s *store) wipe(ch *change) {
	for _, field := range ch.table.kind.Fields.Fields {
		if field.Via == nil || field.Via.Wiped == "" || !(schema.Span{Until: field.Via.Wiped}).Has(s.version) {
			continue
		}
		s.grants = slices.DeleteFunc(s.grants, func(g grant) bool {
			return g.holderPK == ch.self.pk && g.holderKind == ch.table.kind.Model && g.model == ""
		})
	}
}

// granted reports whether an object has a permission for all objects, so that
// permissions can be listed by who has them.
func (s *store) granted(holder string, permission *object) bool {
	return slices.ContainsFunc(s.grants, func(g grant) bool {
		return g.model == "" && g.holderPK == holder && g.permission == permission
	})
}
