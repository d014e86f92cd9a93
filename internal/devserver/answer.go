package devserver

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
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
	case how.Of != "" && how.Shape != "" || how.Of != "" && how.Choice == nil:
		models = append(models, t.refers(how.Of))
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
	case how.Call != "":
		models = append(models, callNeeds[how.Call]...)
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
func (v view) field(o *object, name string) (value any, has bool) {
	if name == o.table.kind.ID || name == schema.PK && o.table.readOnly(name) == nil {
		return o.id, true
	}
	how := o.table.answers[name]
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

// computed makes a field that is not stored.
func (v view) computed(o *object, how *computed) any {
	switch {
	case how.Call != "":
		return calls[how.Call](v, o, how)
	case how.Choice != nil:
		return how.Choice[pkText(o.fields[how.Of])]
	case how.Of != "":
		return v.nested(o, how)
	case how.Back != "":
		return v.back(o, how)
	case how.Text != "":
		return v.text(o, how.Text)
	case how.Path != "":
		return v.path(o, how.Path)
	default:
		return how.Value
	}
}

// nested shows what a field refers to.
func (v view) nested(o *object, how *computed) any {
	value := o.fields[how.Of]
	if o.table.virtual(how.Of) != nil {
		value, _ = v.field(o, how.Of)
	}
	model := o.table.refers(how.Of)
	find := v.store.find
	if how.Key != "" {
		model = how.Refers
		find = v.by(how.Key)
	}
	if list, isList := value.([]any); isList {
		shown := []any{}
		for _, element := range list {
			if other := find(model, element); other != nil {
				shown = append(shown, v.within(other, how))
			}
		}
		return shown
	}
	if other := find(model, value); other != nil {
		return v.within(other, how)
	}
	return nil
}

// by finds objects by another field than their primary key.
func (v view) by(key string) func(model string, value any) *object {
	return func(model string, value any) *object {
		for _, t := range v.store.members[model] {
			for _, o := range t.inOrder.objects {
				if o.fields[key] == value {
					return o
				}
			}
		}
		return nil
	}
}

// within is an object as it stands in another one.
func (v view) within(o *object, how *computed) map[string]any {
	shown := v.object(o, v.shape(how.Shape))
	if base := v.store.kinds[how.Base]; base != nil && (!how.Written || has(v.written, how.Of)) {
		shown["meta_model_name"], shown["component"] = how.Base, ""
		shown["verbose_name"], shown["verbose_name_plural"] = base.about.Verbose, base.about.Plural
		for _, name := range how.Empties {
			shown[name] = nil
		}
	}
	return shown
}

func (v view) shape(name string) []string {
	if name == "" {
		return nil
	}
	return v.store.shapes[name]
}

// back shows what refers to the object.
func (v view) back(o *object, how *computed) any {
	model, field := splitBack(how.Back)
	objects := v.store.referrers(model, field, o.pk)
	if how.Count {
		also, other := splitBack(how.Also)
		return int64(len(objects) + len(v.store.referrers(also, other, o.pk)))
	}
	shown := []any{}
	for _, other := range objects {
		shown = append(shown, v.shown(other, how))
	}
	if how.Many {
		return shown
	}
	if len(shown) == 0 {
		return nil
	}
	return shown[0]
}

// shown is what a computed field shows of an object that refers to its own.
func (v view) shown(o *object, how *computed) any {
	if v.before != nil && o.pk == v.before.pk && o.table == v.before.table {
		o = v.before
	}
	if how.Show == "" {
		if how.Shape != "" {
			return v.object(o, v.shape(how.Shape))
		}
		return o.id
	}
	value, _ := v.field(o, how.Show)
	if how.Shape == "" {
		return value
	}
	other := v.store.find(o.table.refers(how.Show), value)
	if other == nil {
		return nil
	}
	if how.Shape == wholeShape {
		return v.object(other, nil)
	}
	return v.object(other, v.shape(how.Shape))
}

// wholeShape is all that an object shows.
const wholeShape = "*"

// path follows a field to a field of what it refers to.
func (v view) path(o *object, path string) any {
	first, rest, more := strings.Cut(path, ".")
	value, _ := v.field(o, first)
	if !more {
		return value
	}
	other := v.store.find(o.table.refers(first), value)
	if other == nil {
		return nil
	}
	return v.path(other, rest)
}

// text fills in fields in braces. It is nil where one of them holds nothing.
func (v view) text(o *object, text string) any {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		value := v.placeholder(o, name)
		if value == nil {
			return nil
		}
		shown, _ := tree.PythonText(value)
		b.WriteString(shown)
		text = after
	}
}

func (v view) placeholder(o *object, name string) any {
	switch name {
	case "host":
		return "http://" + v.host
	case schema.PK:
		return o.id
	case "pk_hex":
		return strings.ReplaceAll(o.pk, "-", "")
	case "str":
		return v.says(o)
	}
	if field, isOther := strings.CutPrefix(name, "str:"); isOther {
		value, _ := v.field(o, field)
		if other := v.store.find(o.table.refers(field), value); other != nil {
			return v.says(other)
		}
		return nil
	}
	return v.path(o, name)
}

// floats makes numbers that are no integers be written as Python does.
func floats(value any) any {
	switch value := value.(type) {
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return nil
		}
		return json.RawMessage(tree.PythonFloat(value))
	case []any:
		if !slices.ContainsFunc(value, holdsFloat) {
			return value
		}
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = floats(element)
		}
		return list
	case map[string]any:
		for _, element := range value {
			if holdsFloat(element) {
				m := make(map[string]any, len(value))
				for name, element := range value {
					m[name] = floats(element)
				}
				return m
			}
		}
	}
	return value
}

func holdsFloat(value any) bool {
	switch value := value.(type) {
	case float64:
		return true
	case []any:
		return slices.ContainsFunc(value, holdsFloat)
	case map[string]any:
		for _, element := range value {
			if holdsFloat(element) {
				return true
			}
		}
	}
	return false
}

func has(fields map[string]any, name string) bool {
	_, has := fields[name]
	return has
}
