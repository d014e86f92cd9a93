package devserver

import (
	"maps"
	"net/http"
)

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
	return s.pageOf(r, list, s.pageSize(query), []byte(`{}`))
}

// pageOf answers one page of a list of what is no object.
func (s *Server) pageOf(r *request, list []map[string]any, size int, autocomplete []byte) response {
	return s.page(r, len(list), size, autocomplete, func(first, end int) [][]byte {
		var texts [][]byte
		for _, shown := range list[first:end] {
			texts = append(texts, encode(shown))
		}
		return texts
	})
}

// granted lists permissions for single objects, of one holder or of all
// (trap/assign-object-4-roles).
func (s *Server) granted(r *request, by string) response {
	query := r.URL.Query()
	s.store.RLock()
	defer s.store.RUnlock()
	v := s.view(r)
	var list []map[string]any
	for _, holder := range r.table.inOrder.objects {
		if asked := query.Get(by); asked != "" && asked != holder.pk {
			continue
		}
		for _, g := range s.store.grantsOf(holder) {
			if g.model != "" {
				list = append(list, v.described(g))
			}
		}
	}
	size := s.pageSize(query)
	if query.Has("page_size") {
		size = min(size, mostOfGrants)
	}
	return s.pageOf(r, list, size, nil)
}

// mostOfGrants is how many of them are asked for at most.
const mostOfGrants = 10

// described is a grant for an object, with what people call both.
func (v view) described(g grant) map[string]any {
	shown := g.shown()
	shown["app_label_verbose"], shown["model_verbose"] = g.permission.fields["app_label_verbose"], g.permission.fields["model_verbose"]
	shown["object_description"] = nil
	if o := v.store.get(g.model, g.objectPK); o != nil {
		shown["object_description"] = v.saysAs(o, g.model)
	}
	return shown
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

// holder is somebody with all that they may do.
func (s *Server) holder(v view, o *object, grants []grant) map[string]any {
	own, general := []any{}, []any{}
	for _, g := range grants {
		shown := g.shown()
		if g.model == "" {
			delete(shown, "object_pk")
			general = append(general, shown)
		} else {
			own = append(own, shown)
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

// shown is a grant as it is listed.
func (g grant) shown() map[string]any {
	return map[string]any{
		"id": g.id, "codename": g.permission.fields["codename"], "model": g.permission.fields["model"],
		"app_label": g.permission.fields["app_label"], "object_pk": g.objectPK, "name": g.permission.fields["name"],
	}
}
