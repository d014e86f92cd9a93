package devserver

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
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
		app, model, _ := strings.Cut(use.model, ".")
		list = append(list, map[string]any{
			"app": app, "model_name": model, "pk": use.object.pk, "action": use.action,
			"name": s.view(r).saysAs(use.object, use.model),
		})
	}
	return ok(list)
}

// use is an object that refers to another one, or that another one lists; model is
// the kind that the field belongs to or refers to.
type use struct {
	object *object
	field  string
	model  string
	action string
}

func (s *store) uses(o *object) []use {
	uses := s.bound(o)
	for _, model := range append([]string{o.table.kind.Model}, o.table.kind.Bases...) {
		for _, reference := range s.referring[model] {
			as := s.seenAs(reference)
			if as == "" {
				continue
			}
			for _, other := range s.referrers(reference.table.kind.Model, reference.field, o.pk) {
				uses = append(uses, use{other, reference.field, as, s.action(reference)})
			}
		}
	}
	return append(uses, s.listed(o)...)
}

// seenAs is the kind that users by way of a reference are listed as; "" where nobody is told
// of them. What the schema says of a binding's field is of what it binds to.
func (s *store) seenAs(by reference) string {
	kind := by.table.kind
	if field := kind.Fields.Field(by.field); field != nil && field.Seen != nil && (field.SeenByNobody() || !kind.Binds()) {
		return *field.Seen
	}
	return s.owner(kind, by.field)
}

// listed are the objects that an object has in its lists.
func (s *store) listed(o *object) []use {
	var uses []use
	for _, field := range o.table.kind.Fields.Fields {
		if field.Refers == "" || field.Type != schema.List || o.table.virtual(field.Name) != nil {
			continue
		}
		pks := targets(o.fields[field.Name])
		if slices.Contains(o.table.about.Twice, field.Name) {
			pks = slices.Concat(pks, pks)
		}
		action := "cascade_many"
		if slices.Contains(o.table.kind.Takes, field.Name) { // a SCIM provider of an application (real server, 2025.10)
			action = "cascade"
		}
		for _, pk := range pks {
			if other := s.find(field.Refers, pk); other != nil {
				uses = append(uses, use{other, "", field.Refers, action})
			}
		}
	}
	return uses
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
	var uses []use
	for _, name := range o.table.names {
		how := o.table.answers[name]
		if how == nil || how.Back == "" || !how.Many || how.Show == "" {
			continue
		}
		model, field := splitBack(how.Back)
		refers := ""
		if t := s.kinds[model]; t != nil {
			refers = t.refers(how.Show)
		}
		for _, binding := range s.referrers(model, field, o.pk) {
			if other := s.find(refers, binding.fields[how.Show]); other != nil {
				uses = append(uses, use{other, "", s.shownAs(refers, o.table.kind), "cascade_many"})
			}
		}
	}
	return uses
}

// shownAs is the model as which something at the other end of a binding counts:
// what binds knows a flow as more than the flow is.
func (s *store) shownAs(refers string, of *schema.Kind) string {
	if of.Users.Model != "" {
		return of.Users.Model
	}
	return refers
}

// saysAs is what authentik calls an object in a text, where a field refers to it as
// one of a base.
func (v view) saysAs(o *object, model string) string {
	if base := v.store.kinds[model]; base != nil && len(base.about.Says) > 0 {
		return v.sayOne(o, base.about.Says)
	}
	return v.says(o)
}

// says is what authentik calls an object in a text.
func (v view) says(o *object) string {
	if len(o.table.about.Says) == 0 {
		return v.sayOne(o, []string{"{name}"})
	}
	return v.sayOne(o, o.table.about.Says)
}

// sayOne is the first of some texts that says something of an object.
func (v view) sayOne(o *object, texts []string) string {
	for _, text := range texts {
		if said, says := v.text(o, text).(string); says {
			return said
		}
	}
	return ""
}
