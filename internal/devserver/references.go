package devserver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// reference is a field that refers to other objects.
type reference struct {
	table *table
	field string
	// many is set where it is a list.
	many bool
	// cascades and empties say what becomes of the object when the one goes that
	// it refers to.
	cascades bool
}

type referenceKey struct{ model, field, target string }

// pkText is a primary key as paths have it, or nothing.
func pkText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case int64:
		return strconv.FormatInt(value, 10)
	default:
		return ""
	}
}

// targets are the primary keys that a stored field holds.
func targets(value any) []string {
	if list, isList := value.([]any); isList {
		pks := make([]string, 0, len(list))
		for _, element := range list {
			if pk := pkText(element); pk != "" {
				pks = append(pks, pk)
			}
		}
		return pks
	}
	if pk := pkText(value); pk != "" {
		return []string{pk}
	}
	return nil
}

// eachReference calls f with each place that an object's stored fields refer to.
func (s *store) eachReference(o *object, f func(referenceKey)) {
	visit := func(name, model string) {
		if model == "" || o.table.virtual(name) != nil {
			return
		}
		for _, target := range targets(o.fields[name]) {
			f(referenceKey{o.table.kind.Model, name, target})
		}
	}
	for _, field := range o.table.kind.Fields.Fields {
		visit(field.Name, field.Refers)
	}
	for _, how := range o.table.answers {
		if how.Refers != "" && how.Key == "" {
			visit(how.Of, how.Refers)
		}
	}
}

// referrers returns the objects of which a field refers to the target, in the order
// of their table.
func (s *store) referrers(model, field, target string) []*object {
	held := s.references[referenceKey{model, field, target}]
	if len(held) == 0 {
		return nil
	}
	objects := slices.AppendSeq(make([]*object, 0, len(held)), maps.Values(held))
	slices.SortFunc(objects, func(a, b *object) int { return cmp.Compare(a.row, b.row) })
	return objects
}

// drop deletes an object with what goes with it, and takes it out of what refers
// to it (bind-gone, trap/delete-used-*).
func (s *store) drop(o *object) {
	if o.table.byPK[o.pk] == nil {
		return
	}
	s.detach(o)
	s.forgetGrants(o)
	for _, name := range o.table.kind.Takes {
		for _, pk := range targets(o.fields[name]) {
			if other := s.find(o.table.refers(name), pk); other != nil {
				s.drop(other)
			}
		}
	}
	for _, model := range append([]string{o.table.kind.Model}, o.table.kind.Bases...) {
		for _, reference := range s.referring[model] {
			for _, other := range s.referrers(reference.table.kind.Model, reference.field, o.pk) {
				s.release(other, reference, o)
			}
		}
	}
}

// release does what becomes of an object when the one goes that it refers to.
func (s *store) release(o *object, by reference, gone *object) {
	value := o.fields[by.field]
	switch {
	case by.many:
		list, _ := value.([]any)
		s.set(o, map[string]any{by.field: slices.DeleteFunc(slices.Clone(list), func(element any) bool { return element == gone.id })})
	case by.cascades:
		s.drop(o)
	default:
		s.set(o, map[string]any{by.field: nil})
	}
}

// bind lets a user, such as a flow, use an object, such as a stage.
func (s *store) bind(t *table, user, target string, order int) (*object, error) {
	binding := t.binding(s)
	if binding == nil || s.get(t.kind.Users.Model, user) == nil || s.get(t.kind.Model, target) == nil {
		return nil, fmt.Errorf("binding %s to %s: there is no such object", target, user)
	}
	how := t.answers[t.kind.Users.Field]
	_, field := splitBack(how.Back)
	fields := s.newFields(binding)
	fields[field], fields[how.Show], fields["order"] = target, user, int64(order)
	return s.put(binding, s.newPK(binding), fields), nil
}

// binding returns the table of what binds the kind's objects to their users.
func (t *table) binding(s *store) *table {
	how := t.answers[t.kind.Users.Field]
	if how == nil {
		return nil
	}
	model, _ := splitBack(how.Back)
	return s.kinds[model]
}

// splitBack takes model.field apart.
func splitBack(back string) (model, field string) {
	at := strings.LastIndexByte(back, '.')
	if at < 0 {
		return "", ""
	}
	return back[:at], back[at+1:]
}
