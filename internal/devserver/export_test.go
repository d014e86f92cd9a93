package devserver

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// BeforeWrite makes the server call f between the check of a body and the
// write, where others can come in between. It is not to be called while the
// server answers.
func (s *Server) BeforeWrite(f func()) { s.beforeWrite = f }

// NextPK makes f give the primary keys of new objects, where it gives any.
func (s *Server) NextPK(f func(model string) any) { s.store.nextPK = f }

// Adopt gives an object other values of fields that the server made up.
func (s *Server) Adopt(model, pk string, fields map[string]any) {
	s.store.Lock()
	defer s.store.Unlock()
	if o := s.store.get(model, pk); o != nil {
		all := maps.Clone(o.fields)
		for name, value := range fields {
			if _, has := all[name]; has {
				all[name] = value
			}
		}
		s.store.put(o.table, o.id, all)
	}
}

// Rekey gives an object that a fresh server holds another primary key and other
// fields, and everything that refers to it, too. It reports whether there was one
// with these fields.
func (s *Server) Rekey(model string, same map[string]any, pk any, fields map[string]any) bool {
	s.store.Lock()
	defer s.store.Unlock()
	t := s.store.kinds[model]
	for _, o := range t.inOrder.objects {
		matches := true
		unknown := map[string]any{} // references to what has another primary key yet
		for name, value := range same {
			if model := t.refers(name); model != "" && s.store.find(model, value) == nil && s.store.find(model, o.fields[name]) != nil {
				unknown[name] = value
				continue
			}
			matches = matches && o.fields[name] == value
		}
		if matches && (len(unknown) == 0 || len(unknown) < s.store.countReferences(t, same)) {
			for name, value := range unknown {
				s.store.rekey(s.store.find(t.refers(name), o.fields[name]), value, nil)
			}
			s.store.rekey(t.byPK[o.pk], pk, fields)
			return true
		}
	}
	return false
}

func (s *store) rekey(o *object, pk any, fields map[string]any) {
	var users []use
	for _, model := range append([]string{o.table.kind.Model}, o.table.kind.Bases...) {
		for _, reference := range s.referring[model] {
			for _, other := range s.referrers(reference.table.kind.Model, reference.field, o.pk) {
				users = append(users, use{object: other, field: reference.field})
			}
		}
	}
	s.detach(o)
	all := maps.Clone(o.fields)
	for name, value := range fields {
		if how := o.table.answers[name]; o.table.virtual(name) == nil && (how == nil || how.isHidden()) && o.table.refers(name) == "" {
			all[name] = value
		}
	}
	moved := &object{table: o.table, id: pk, pk: pkText(pk), row: o.row, fields: all}
	s.attach(moved)
	for _, user := range users {
		holder := user.object.table.byPK[user.object.pk]
		if holder == nil {
			continue
		}
		value := holder.fields[user.field]
		if list, isList := value.([]any); isList {
			list = slices.Clone(list)
			for i := range list {
				if list[i] == o.id {
					list[i] = pk
				}
			}
			value = list
		} else {
			value = pk
		}
		s.set(holder, map[string]any{user.field: value})
	}
}

// countReferences counts the references among some fields.
func (s *store) countReferences(t *table, fields map[string]any) int {
	n := 0
	for name := range fields {
		if t.refers(name) != "" {
			n++
		}
	}
	return n
}

// RekeyOne gives some default of a kind another primary key, that has none of the
// recording yet.
func (s *Server) RekeyOne(model, pk string) bool {
	s.store.Lock()
	defer s.store.Unlock()
	t := s.store.kinds[model]
	for _, o := range t.inOrder.objects {
		if o.pk == defaultPK(t.kind, defaultKey(t, o.fields)) {
			s.store.rekey(o, pk, nil)
			return true
		}
	}
	return false
}

// CountDefaults counts the objects of defaults.json by model.
func CountDefaults(t *testing.T, version string) map[string]int {
	t.Helper()
	var all []defaultObjects
	if err := json.Unmarshal(defaults, &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, of := range all {
		if of.Has(version) {
			counts[of.Model] += len(of.Objects)
		}
	}
	return counts
}
