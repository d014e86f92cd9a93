package devserver

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// view is how an object is answered: for which host, and without which fields.
type view struct {
	store *store
	host  string
	hide  []string
	// written are the fields that a write gave.
	written map[string]any
	// before is the object as it was before a write: what refers to it from
	// within its own answer is read before (trap/application-8-rename).
	before *object
	// stamps are those of the kinds that were shown before.
	stamps map[*table]int64
}

// needsOf returns the models whose objects show in the answers of a kind, so that
// an answer that was made can be used until one of these is written.
func (s *store) needsOf(t *table) []string {
	seen := map[string]bool{}
	var visit func(t *table)
	visit = func(t *table) {
		if seen[t.kind.Model] {
			return
		}
		seen[t.kind.Model] = true
		for _, how := range t.answers {
			for _, model := range s.shows(t, how) {
				for _, other := range s.members[model] {
					visit(other)
				}
			}
		}
	}
	visit(t)
	models := make([]string, 0, len(seen))
	for _, model := range s.models {
		if seen[model] {
			models = append(models, model)
		}
	}
	return models
}

// shows are the models that a computed field looks at.
func (s *store) shows(t *table, how *computed) []string {
	var models []string
	switch {
	case how.Of != "" && how.Choice == nil:
		models = append(models, t.refers(how.Of), how.Refers)
	case how.Back != "":
		model, _ := splitBack(how.Back)
		models = append(models, model)
		if how.Also != "" {
			also, _ := splitBack(how.Also)
			models = append(models, also)
		}
		if other := s.kinds[model]; other != nil && how.Show != "" {
			models = append(models, other.refers(how.Show))
		}
	case how.Path != "":
		first, _, _ := strings.Cut(how.Path, ".")
		models = append(models, t.refers(first))
	}
	return models
}

// stamp changes when any of the kinds is written that show in a kind's answers.
func (s *store) stamp(t *table) int64 {
	var sum int64
	for _, model := range t.needs {
		sum += s.kinds[model].written
	}
	return sum
}

// json returns an object as it is answered.
func (v view) json(o *object) []byte {
	if o.table.byHost || len(v.hide) > 0 || v.written != nil {
		return encode(v.object(o, nil))
	}
	stamp, known := v.stamps[o.table]
	if !known {
		if stamp = v.store.stamp(o.table); v.stamps != nil {
			v.stamps[o.table] = stamp
		}
	}
	if kept := o.answered.Load(); kept != nil && kept.stamp == stamp {
		return kept.json
	}
	made := &answered{json: encode(v.object(o, nil)), stamp: stamp}
	o.answered.Store(made)
	return made.json
}

// object returns the fields of an object, or those of a shape.
func (v view) object(o *object, shape []string) map[string]any {
	names := shape
	if names == nil {
		names = o.table.names
	}
	answer := make(map[string]any, len(names))
	for _, name := range names {
		if slices.Contains(v.hide, name) && shape == nil {
			answer[name] = nil
			continue
		}
		value, has := v.field(o, name)
		if has && (value != nil || !slices.Contains(o.table.about.OmitsEmpty, name)) {
			answer[name] = value
		}
	}
	return answer
}

// field returns a field of an object as it is answered.
func (v view) field(o *object, name string) (value any, known bool) {
	if name == o.table.kind.ID || name == schema.PK && o.table.readOnly(name) == nil {
		return o.id, true
	}
	how := o.table.answers[name]
	if base := v.store.facts.Fields[name]; how == nil && base != nil && base.Back != "" && !has(o.fields, name) {
		how = base // what only a base shows of the object
	}
	if how == nil || how.isHidden() {
		return floats(o.fields[name]), true
	}
	value = v.computed(o, how)
	switch {
	case value != nil:
	case how.Otherwise != "":
		value = v.text(o, how.Otherwise)
	default:
		value = how.Else
	}
	return value, true
}

func has(fields map[string]any, name string) bool {
	_, has := fields[name]
	return has
}
