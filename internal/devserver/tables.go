package devserver

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

func (s *store) addTable(kind *schema.Kind) {
	t := &table{kind: kind, about: s.facts.about(kind.Model, s.version), byPK: map[string]*object{}}
	t.answers, t.names = s.answersOf(t)
	t.integer = isInteger(kind)
	order := t.about.Order
	if len(order) == 0 && kind.Key != "" {
		order = []string{kind.Key}
	}
	t.inOrder = index{compare: compareBy(order)}
	t.inPKOrder = index{compare: comparePK}
	s.kinds[kind.Model] = t
	s.models = append(s.models, kind.Model)
	for _, model := range append([]string{kind.Model}, kind.Bases...) {
		s.members[model] = append(s.members[model], t)
	}
	s.addUniques(t)
	s.addReferring(t)
}

func comparePK(a, b *object) int {
	if result := compare(a.id, b.id); result != 0 {
		return result
	}
	return strings.Compare(a.pk, b.pk)
}

func isInteger(kind *schema.Kind) bool {
	for _, field := range kind.ReadOnly {
		if field.Name == kind.ID {
			return field.Type == schema.Integer
		}
	}
	return false
}

// answersOf returns how the fields of answers come to be that are not as they are
// stored, and the names of all fields.
func (s *store) answersOf(t *table) (answers map[string]*computed, names []string) {
	answers = map[string]*computed{}
	add := func(name string, readOnly bool) {
		if slices.Contains(t.about.Omits, name) || slices.Contains(names, name) {
			return
		}
		names = append(names, name)
		if how := t.about.Answers[name]; how != nil {
			answers[name] = how
		} else if how := s.facts.Fields[name]; how != nil && readOnly && how.Has(s.version) {
			answers[name] = how
		}
	}
	for _, field := range t.kind.Fields.Fields {
		switch {
		case field.Via != nil && field.Via.Read != "" && !strings.Contains(field.Via.Read, "/"):
			add(field.Via.Read, true)
		case field.Via == nil && !field.WriteOnly:
			add(field.Name, false)
		}
	}
	for _, readOnly := range t.kind.ReadOnly {
		add(readOnly.Name, true)
		if readOnly.HasValue && answers[readOnly.Name] == nil {
			answers[readOnly.Name] = &computed{Value: readOnly.Value}
		}
	}
	for _, name := range t.about.Shows {
		add(name, true)
	}
	for name, how := range t.about.Answers {
		if !slices.Contains(names, name) && !how.isHidden() {
			continue
		}
		answers[name] = how
	}
	s.addConstants(t, answers)
	for _, name := range names {
		if how := answers[name]; how != nil && strings.Contains(how.Text, "{host}") {
			t.byHost = true
		}
	}
	return answers, names
}

// isHidden reports whether it says what a field is that answers don't have, but
// that others are computed from.
func (c *computed) isHidden() bool { return c.Random != "" || c.Now != "" }

// addConstants adds what authentik calls the kind.
func (s *store) addConstants(t *table, answers map[string]*computed) {
	for name, value := range map[string]string{
		"verbose_name": t.about.Verbose, "verbose_name_plural": t.about.Plural, "component": t.about.Component,
	} {
		if value != "" && answers[name] == nil {
			answers[name] = &computed{Value: value}
		}
	}
	if t.readOnly("meta_model_name") != nil && answers["meta_model_name"] == nil {
		answers["meta_model_name"] = &computed{Value: t.kind.Model}
	}
}

// owner returns the model that a field belongs to: the base whose list shows it, or
// the kind itself.
func (s *store) owner(kind *schema.Kind, field string) string {
	for _, base := range kind.Bases {
		shape := s.baseShape(base)
		if slices.Contains(s.shapes[shape], field) {
			return base
		}
	}
	return kind.Model
}

// baseShape names what a base's list shows of an object.
func (s *store) baseShape(base string) string {
	if t := s.kinds[base]; t != nil {
		return t.about.Shape
	}
	return s.facts.about(base, s.version).Shape
}

// addUniques shares the values of a kind's unique fields with those of its base.
func (s *store) addUniques(t *table) {
	t.unique = map[string]uniques{}
	for _, field := range t.kind.Fields.Fields {
		if !field.Unique && field.Name != t.kind.Lookup && (field.Name != t.kind.Key || !t.kind.Managed) {
			continue
		}
		if slices.Contains(t.about.Repeats, field.Name) {
			continue
		}
		owner := s.owner(t.kind, field.Name)
		if owner == t.kind.Model && t.kind.Scope != "" && field.Name == t.kind.Key {
			owner = t.kind.Scope
		}
		key := owner + "." + field.Name
		if s.uniques[key] == nil {
			s.uniques[key] = uniques{}
		}
		t.unique[field.Name] = s.uniques[key]
	}
}

// addReferring notes which models the stored fields of a kind refer to.
func (s *store) addReferring(t *table) {
	add := func(name, model string, many, cascades bool) {
		if model != "" && t.virtual(name) == nil {
			s.referring[model] = append(s.referring[model], reference{t, name, many, cascades})
		}
	}
	for _, field := range t.kind.Fields.Fields {
		add(field.Name, field.Refers, field.Type == schema.List, field.Cascades)
	}
	for _, how := range t.answers {
		if how.Refers != "" && how.Key == "" {
			add(how.Of, how.Refers, false, true)
		}
	}
}
