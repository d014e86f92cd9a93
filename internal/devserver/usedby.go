package devserver

import (
	"slices"
	"strings"
)

// usedBy lists what uses an object, with what becomes of it when the object is
// deleted (used-by, bind-usedby, trap/delete-used-*).
func (s *Server) usedBy(r *request) response {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	list := []map[string]any{}
	for _, use := range s.store.uses(o) {
		app, model, _ := strings.Cut(s.store.owner(use.object.table.kind, use.field), ".")
		list = append(list, map[string]any{
			"app": app, "model_name": model, "pk": use.object.pk, "action": use.action,
			"name": s.view(r).says(use.object),
		})
	}
	return ok(list)
}

// use is an object that refers to another one, or that another one lists.
type use struct {
	object *object
	field  string
	action string
}

func (s *store) uses(o *object) []use {
	var uses []use
	for _, model := range append([]string{o.table.kind.Model}, o.table.kind.Bases...) {
		for _, reference := range s.referring[model] {
			for _, other := range s.referrers(reference.table.kind.Model, reference.field, o.pk) {
				uses = append(uses, use{other, reference.field, s.action(reference)})
			}
		}
	}
	return append(uses, s.bound(o)...)
}

// action is what becomes of an object when the one goes that its field refers to.
func (s *store) action(reference reference) string {
	if slices.Contains(reference.table.about.Defaults, reference.field) {
		return "set_default"
	}
	switch {
	case reference.many:
		return "cascade_many"
	case reference.cascades:
		return "cascade"
	default:
		return "set_null"
	}
}

// bound are the objects at the other end of the bindings of an object.
func (s *store) bound(o *object) []use {
	how := o.table.answers[o.table.kind.Users.Field]
	if how == nil {
		return nil
	}
	var uses []use
	model, field := splitBack(how.Back)
	for _, binding := range s.referrers(model, field, o.pk) {
		if user := s.find(o.table.kind.Users.Model, binding.fields[how.Show]); user != nil {
			uses = append(uses, use{user, "", "cascade_many"})
		}
	}
	return uses
}

// says is what authentik calls an object in a text.
func (v view) says(o *object) string {
	says := o.table.about.Says
	if says == "" {
		says = "{name}"
	}
	text, _ := v.text(o, says).(string)
	return text
}
