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
	var found []Referrer
	for _, model := range s.mentioning(to) {
		kind := s.Kind(model)
		if kind == nil {
			continue
		}
		for _, field := range kind.Fields.Fields {
			if kind.Managed && slices.Contains(to, field.Refers) {
				found = append(found, Referrer{kind, field})
			}
		}
	}
	return found
}

// mentioning returns the models, sorted, whose lines of the digest refer to any of the
// others, and all that are in no digest.
func (s *Schema) mentioning(others []string) []string {
	if s.whole != nil {
		return s.whole.mentioning(others)
	}
	marks := make([][]byte, len(others))
	for i, other := range others {
		marks[i] = []byte(`"refers":` + strconv.Quote(other))
	}
	found := map[string]bool{}
	for model, line := range s.lines {
		found[model] = slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(line, mark) })
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	for model, kind := range s.kinds {
		if _, digested := s.lines[model]; !digested && kind != nil {
			found[model] = true
		}
	}
	maps.DeleteFunc(found, func(_ string, mentions bool) bool { return !mentions })
	return slices.Sorted(maps.Keys(found))
}
