package schema

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

// Referrer is a field that refers to objects of a kind.
type Referrer struct {
	Kind  *Kind
	Field *Field
}

// Referrers returns the fields that refer to objects of the kind, by its own model or
// by that of a base. Of all other kinds it reads only those that have any.
func (s *Schema) Referrers(k *Kind) []Referrer {
	to := append([]string{k.Model}, k.Bases...)
	marks := make([]string, len(to))
	for i, model := range to {
		marks[i] = `"refers":` + strconv.Quote(model)
	}
	var found []Referrer
	for _, kind := range s.marked(marks...) {
		for _, field := range kind.Fields.Fields {
			if kind.Managed && slices.Contains(to, field.Refers) {
				found = append(found, Referrer{kind, field})
			}
		}
	}
	return found
}

// marked returns the kinds, in the order of their models, whose lines of the digest have
// any of the marks, and all that are in no digest. It reads no others.
func (s *Schema) marked(marks ...string) []*Kind {
	whole, _ := s.Whole()
	var kinds []*Kind
	for _, model := range whole.modelsMarked(marks) {
		if kind := s.Kind(model); kind != nil {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func (s *Schema) modelsMarked(marks []string) []string {
	found := map[string]bool{}
	for model, line := range s.lines {
		found[model] = slices.ContainsFunc(marks, func(mark string) bool { return bytes.Contains(line, []byte(mark)) })
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	for model, kind := range s.kinds {
		if _, digested := s.lines[model]; !digested && kind != nil {
			found[model] = true
		}
	}
	maps.DeleteFunc(found, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(found))
}
