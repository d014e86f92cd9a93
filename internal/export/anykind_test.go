package export_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// secretText is in each field that nobody is to see.
const secretText = "never-shown"

// anyWorld is objects of kinds by chance, as a server answers them.
type anyWorld struct {
	t       *rapid.T
	schema  *schema.Schema
	objects map[string][]schema.Object
	made    int
}

// draw makes some objects of some kinds, each with its keys and names, and then
// fills their fields, so that any can refer to any.
func (w *anyWorld) draw(kinds []*schema.Kind) {
	for _, kind := range kinds {
		for range rapid.IntRange(1, 3).Draw(w.t, kind.Title) {
			w.add(kind)
		}
	}
	for _, kind := range kinds {
		for _, object := range w.objects[kind.Model] {
			w.fill(kind, object)
		}
		w.objects[kind.Model] = slices.DeleteFunc(w.objects[kind.Model], func(object schema.Object) bool { return object["incomplete"] == true })
	}
	for _, kind := range kinds {
		w.listByBases(kind)
	}
}

// add makes an object with its primary key only.
func (w *anyWorld) add(kind *schema.Kind) {
	w.made++
	object := schema.Object{kind.ID: key(w.made)}
	if kind.ID == schema.PK && w.isNumber(kind) {
		object[kind.ID] = int64(w.made)
	}
	if kind.Alias != "" {
		object[kind.Alias] = key(w.made + 10_000)
	}
	w.objects[kind.Model] = append(w.objects[kind.Model], object)
}

func (w *anyWorld) isNumber(kind *schema.Kind) bool {
	_, isNumber := kind.NormalizeID("1").(int64)
	return isNumber
}

// listByBases lists the objects of a kind as those of its bases, as far as the API
// does so.
func (w *anyWorld) listByBases(kind *schema.Kind) {
	for _, model := range kind.Bases {
		base := w.schema.Kind(model)
		if base == nil || base.Path == "" {
			continue
		}
		for _, object := range w.objects[kind.Model] {
			w.objects[model] = append(w.objects[model], schema.Object{base.ID: object[kind.ID], base.Key: object[kind.Key], "meta_model_name": kind.Model})
		}
	}
}

// fill draws the fields of an object. One that lacks something to refer to is
// incomplete.
func (w *anyWorld) fill(kind *schema.Kind, object schema.Object) {
	for _, f := range kind.Fields.Fields {
		if f.Via != nil || f.WriteOnly || object[f.Name] != nil {
			continue
		}
		value, drawn := w.field(kind, f)
		switch {
		case drawn:
			object[f.Name] = value
		case f.HasDefault && f.CheckPlain(f.Default) == "":
			object[f.Name] = f.Normalize(tree.FromJSON(f.Default)).Plain()
		case f.Nullable:
			object[f.Name] = nil
		case f.Required:
			object["incomplete"] = true
		}
	}
	for _, names := range kind.OneOf {
		if !slices.ContainsFunc(names, func(name string) bool { return object[name] != nil && object[name] != "" && object[name] != false }) {
			object["incomplete"] = true // no server has such an object
		}
	}
}

// field draws a value that the server could hold, and reports whether it found one.
func (w *anyWorld) field(kind *schema.Kind, f *schema.Field) (value any, drawn bool) {
	if f.Name == kind.Key || f.Unique && f.Type == schema.Text {
		w.made++
		return fmt.Sprintf("%s-%d", rapid.SampledFrom([]string{"a", "long-name", "Z"}).Draw(w.t, f.Name), w.made), true
	}
	if !f.Required && rapid.Bool().Draw(w.t, f.Name+" is left") {
		return nil, false
	}
	value = w.value(f)
	if f.Unique && slices.ContainsFunc(w.objects[kind.Model], func(other schema.Object) bool { return other[f.Name] == value }) {
		return nil, false
	}
	stored := f.Normalize(tree.FromJSON(value))
	if len(f.Check(f.Name, stored)) > 0 {
		return nil, false
	}
	return stored.Plain(), true
}

func (w *anyWorld) value(f *schema.Field) any {
	switch {
	case f.Refers != "" && f.Type != schema.List:
		return w.target(f)
	case f.Sensitive:
		return secretText
	case len(f.Values) > 0 && f.Type == schema.Text:
		// What the server would change beside other values is never live.
		return rapid.SampledFrom(slices.DeleteFunc(slices.Clone(f.Values), func(c schema.Choice) bool { return len(c.Beside) > 0 })).Draw(w.t, f.Name).Value
	}
	switch f.Type {
	case schema.Text:
		return w.text(f)
	case schema.Integer:
		return rapid.Int64Range(bound(f.Min, 0), bound(f.Max, 100)).Draw(w.t, f.Name)
	case schema.Number:
		return float64(rapid.IntRange(0, 9).Draw(w.t, f.Name))
	case schema.Boolean:
		return rapid.Bool().Draw(w.t, f.Name)
	case schema.Time:
		return rapid.SampledFrom([]string{"2026-01-31T12:00:00Z", "2025-12-01T00:00:00.250000Z"}).Draw(w.t, f.Name)
	case schema.Pointer:
		return key(rapid.IntRange(1, 9).Draw(w.t, f.Name))
	case schema.List:
		return w.list(f)
	case schema.Struct:
		members := map[string]any{}
		for _, member := range f.Fields.Fields {
			members[member.Name] = w.value(member)
		}
		return members
	default:
		return map[string]any{"any": drawAnything(w.t, 2)}
	}
}

func (w *anyWorld) text(f *schema.Field) string {
	switch {
	case f.Duration:
		return rapid.SampledFrom([]string{"hours=1", "days=2;minutes=5"}).Draw(w.t, f.Name)
	case f.Pattern != "":
		return "by-the-pattern"
	default:
		return drawText(w.t, f.Name)
	}
}

func (w *anyWorld) list(f *schema.Field) any {
	elements := []any{}
	for range rapid.IntRange(0, 3).Draw(w.t, f.Name) {
		if f.Element == nil {
			return elements
		}
		element := w.value(f.Element)
		isThere := slices.ContainsFunc(elements, func(other any) bool { return fmt.Sprint(other) == fmt.Sprint(element) })
		if element != nil && !(f.Set && isThere) {
			elements = append(elements, element)
		}
	}
	return elements
}

// target draws the key of an object that the field can refer to, or null.
func (w *anyWorld) target(f *schema.Field) any {
	var keys []any
	for _, kind := range append(w.schema.Members(f.Refers), w.schema.Kind(f.Refers)) {
		if kind == nil {
			continue
		}
		for _, object := range w.objects[kind.Model] {
			keys = append(keys, object[kind.ID])
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return rapid.SampledFrom(keys).Draw(w.t, f.Name)
}

type integer interface{ Int64() int64 }

// bound is a bound of a number, or another where it has none.
func bound[T integer](is T, other int64) int64 {
	if any(is) == any(*new(T)) {
		return other
	}
	return is.Int64()
}

// TestAnyKinds exports objects of kinds by chance, which refer to each other by
// chance: a plan of that has no changes, and no secret is in it.
func TestAnyKinds(t *testing.T) {
	folder := t.TempDir()
	whole := loaded(t, ownSchema)
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]string{"2025.10.4", "2026.2.2", "2024.12.5"}).Draw(t, "version")
		s := whole.At(version)
		kinds := slices.DeleteFunc(s.Managed(), func(kind *schema.Kind) bool { return !kind.Create })
		nameless := slices.DeleteFunc(slices.Clone(kinds), func(kind *schema.Kind) bool { return kind.Key != "" })
		w := &anyWorld{t: t, schema: s, objects: map[string][]schema.Object{}}
		chosen := map[string]bool{}
		for _, kind := range rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(kinds), rapid.SampledFrom(nameless)), 1, 6).Draw(t, "kinds") {
			chosen[kind.Model] = true
			for _, field := range kind.Fields.Fields {
				if field.Required && field.Refers != "" { // it can't be without one
					for _, member := range append(s.Members(field.Refers), s.Kind(field.Refers)) {
						if member != nil && member.Managed {
							chosen[member.Model] = true
							break
						}
					}
				}
			}
		}
		kinds = slices.DeleteFunc(kinds, func(kind *schema.Kind) bool { return !chosen[kind.Model] })
		w.draw(kinds)
		o := export.Options{
			Format: rapid.SampledFrom([]string{export.YAML, export.CUE}).Draw(t, "format"),
			Full:   rapid.Bool().Draw(t, "full"),
		}
		var text textWriter
		if err := export.Write(&text, s, "1.2.3", w.objects, o); err != nil {
			if strings.Contains(err.Error(), "does not list") {
				t.Skip("it refers to what was incomplete")
			}
			t.Fatal(err)
		}
		if strings.Contains(string(text), secretText) {
			t.Fatalf("a secret is shown:\n%s", text)
		}
		checkNoChangesTo(t, s, version, w.objects, read(t, s, folder, o.Format, string(text)), string(text))
	})
}
