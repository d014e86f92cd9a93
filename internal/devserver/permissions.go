package devserver

import (
	"fmt"
	"maps"
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

const permissionModel = "auth.permission"

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
	schema.Span
}

func assignRoutes(t *table, how *assigning) []route {
	base := api + "rbac/permissions/" + how.Path + "/"
	list := func(s *Server, r *request) response { return s.assigned(r, how.Either.Has(s.config.Version)) }
	return []route{{
		pattern: base, refuses: noCredentials, table: t, methods: readOnlyMethods,
		handle: map[string]handler{"GET": list},
	}, {
		pattern: base + "{key}/assign/", refuses: noPermission, table: t, methods: []string{"POST", "OPTIONS"},
		handle: map[string]handler{"POST": (*Server).assign},
	}, {
		pattern: base + "{key}/unassign/", refuses: noPermission, table: t, methods: []string{"PATCH", "OPTIONS"},
		handle: map[string]handler{"PATCH": (*Server).unassign},
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
	t := s.kinds[permissionModel]
	app, codename, isFull := strings.Cut(name, ".")
	if !isFull {
		codename, app = name, ""
	}
	for _, o := range t.inPKOrder.objects {
		if o.fields["codename"] != codename || app != "" && o.fields["app_label"] != app {
			continue
		}
		if of, _ := o.fields["app_label"].(string); model == "" || model == of+"."+pkText(o.fields["model"]) {
			return o
		}
	}
	return nil
}

// assign gives permissions. One by its full name for an object that is not there is
// given for all objects (trap/assign-object-6).
func (s *Server) assign(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	holder, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	w, refusal := s.readWanted(r)
	if refusal != nil {
		return *refusal
	}
	if s.lacksApp(w) {
		return unhandled(r.Method, http.StatusInternalServerError)
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
		id := permission.pk
		if model != "" {
			id = fmt.Sprint(g.id)
		}
		ids = append(ids, map[string]any{"id": id})
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
	if model != "" {
		s.numbers["grants "+g.holderKind]++
		g.id = s.numbers["grants "+g.holderKind]
	}
	s.grants = append(s.grants, g)
	return g
}

func (g grant) is(other grant) bool {
	return g.holderPK == other.holderPK && g.holderKind == other.holderKind && g.permission.pk == other.permission.pk &&
		g.model == other.model && g.objectPK == other.objectPK
}

func (s *Server) unassign(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	holder, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	w, refusal := s.readWanted(r)
	if refusal != nil {
		return *refusal
	}
	if s.lacksApp(w) {
		return unhandled(r.Method, http.StatusInternalServerError)
	}
	for _, name := range w.permissions {
		if permission := s.store.permission(name, w.model); permission != nil {
			gone := grant{holderPK: holder.pk, holderKind: holder.table.kind.Model, permission: permission, model: w.model, objectPK: w.objectPK}
			s.store.grants = slices.DeleteFunc(s.store.grants, gone.is)
		}
	}
	return response{status: http.StatusNoContent}
}

// assigned lists who has permissions for a model, or for an object of it.
func (s *Server) assigned(r *request, either bool) response {
	query := r.URL.Query()
	s.store.RLock()
	defer s.store.RUnlock()
	model := query.Get("model")
	if model == "" {
		return response{status: http.StatusBadRequest, body: encode(complaints{"model": []string{"This field is required."}})}
	}
	sought := sought{model: model, objectPK: query.Get("object_pk"), either: either}
	var list []map[string]any
	v := s.view(r)
	for _, holder := range r.table.inOrder.objects {
		grants := s.store.grantsOf(holder)
		shown := s.holder(v, holder, grants)
		if shown["is_superuser"] == true || sought.matches(grants) {
			list = append(list, shown)
		}
	}
	return s.page(r, len(list), query, func(first, end int) [][]byte {
		var texts [][]byte
		for _, shown := range list[first:end] {
			texts = append(texts, encode(shown))
		}
		return texts
	})
}

// sought are the permissions that a list of their holders asks for.
type sought struct {
	model, objectPK string
	// either is set where one for all objects of the model does as well as one for
	// the object, and one for other objects doesn't.
	either bool
}

// matches reports whether somebody who has the grants is listed.
func (w sought) matches(grants []grant) bool {
	ofModel, ofObject, general, exact := false, w.objectPK == "", false, false
	for _, g := range grants {
		fits, isObject := g.of(w.model), g.model != "" && g.objectPK == w.objectPK
		ofModel, ofObject = ofModel || fits, ofObject || isObject
		general, exact = general || fits && g.model == "", exact || fits && isObject
	}
	if w.either {
		return general || exact
	}
	return ofModel && ofObject
}

// of reports whether a grant is of a permission for the model.
func (g grant) of(model string) bool {
	return pkText(g.permission.fields["app_label"])+"."+pkText(g.permission.fields["model"]) == model
}

// grantsOf are those of one holder.
func (s *store) grantsOf(holder *object) []grant {
	var own []grant
	for _, g := range s.grants {
		if g.holderPK == holder.pk && g.holderKind == holder.table.kind.Model {
			own = append(own, g)
		}
	}
	return own
}

// shown is a grant for an object as it is listed.
func (g grant) shown() map[string]any {
	return map[string]any{
		"id": g.id, "codename": g.permission.fields["codename"], "model": g.permission.fields["model"],
		"app_label": g.permission.fields["app_label"], "object_pk": g.objectPK, "name": g.permission.fields["name"],
	}
}

// holder is somebody with all that they may do.
func (s *Server) holder(v view, o *object, grants []grant) map[string]any {
	own, general := []any{}, []any{}
	for _, g := range grants {
		if g.model == "" {
			general = append(general, v.object(g.permission, nil))
		} else {
			own = append(own, g.shown())
		}
	}
	all := map[string]any{
		"permissions": own, "object_permissions": own, "model_permissions": general, "role_pk": o.pk,
	}
	maps.Copy(all, v.object(o, nil))
	shown := map[string]any{}
	for _, name := range v.shape(className(o.table.kind) + "AssignedObjectPermission") {
		shown[name] = all[name]
	}
	return shown
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
