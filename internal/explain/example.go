package explain

import (
	"strings"

	"github.com/aksync/aksync/schema"
)

// example returns a value that the field of a kind takes.
func example(s *schema.Schema, k *schema.Kind, f *schema.Field) any {
	switch value, has := given(f); {
	case f.Refers != "" && f.Type == schema.List:
		return []any{reference(s, k, f)}
	case f.Refers != "":
		return reference(s, k, f)
	case f.Example != nil:
		return f.Example
	case f.Sensitive && f.Type == schema.Text:
		return map[string]any{"!Env": variable(k, f)}
	case has && value != nil && value != "":
		return value
	case names(k, f):
		return "my-" + dashed(k.Title)
	case f.Name == "name":
		return "My " + k.Title
	case len(f.Values) > 0 && f.Type == schema.Text:
		return firstOf(f.Values)
	}
	return exampleOfType(s, k, f)
}

// names reports whether text in the field names an object of the kind.
func names(k *schema.Kind, f *schema.Field) bool {
	return f.Type == schema.Text && len(f.Values) == 0 && (f.Name == k.Key || f.Pattern == slug)
}

func firstOf(choices []schema.Choice) string {
	for _, choice := range choices {
		if choice.Refused == "" {
			return choice.Value
		}
	}
	return ""
}

func exampleOfType(s *schema.Schema, k *schema.Kind, f *schema.Field) any {
	switch f.Type {
	case schema.Text:
		if f.Duration {
			return "hours=1"
		}
		if strings.HasSuffix(f.Name, "url") || strings.HasSuffix(f.Name, "uri") {
			return "https://app.example.com"
		}
		return "some text"
	case schema.Integer, schema.Number:
		if f.Min != nil && f.Min.Sign() > 0 {
			return f.Min
		}
		return int64(0)
	case schema.Boolean:
		return false
	case schema.Pointer:
		return "00000000-0000-4000-8000-000000000000"
	case schema.Time:
		return "2030-01-31T12:00:00Z"
	case schema.List:
		if f.Element == nil {
			return []any{}
		}
		return []any{example(s, k, f.Element)}
	case schema.Struct:
		object := map[string]any{}
		for _, part := range f.Fields.Fields {
			if isRequired(part) {
				object[part.Name] = example(s, k, part)
			}
		}
		return object
	}
	return map[string]any{}
}

// reference returns the tag that finds an object for a field: one that authentik has
// where the schema names one, else one that is yet to be named.
func reference(s *schema.Schema, k *schema.Kind, f *schema.Field) any {
	target := findable(s, s.Kind(f.Refers))
	if target == nil {
		return "00000000-0000-4000-8000-000000000000"
	}
	find := []any{target.Model}
	for i, field := range found(target) {
		value := example(s, target, field)
		if i == 0 && f.Example != nil {
			value = f.Example
		}
		find = append(find, []any{field.Name, value})
	}
	return map[string]any{"!Find": find}
}

// findable returns the kind itself, or where nothing finds an object of it the first
// of its special cases that something does.
func findable(s *schema.Schema, kind *schema.Kind) *schema.Kind {
	if kind == nil || len(found(kind)) > 0 && kind.Path != "" {
		return kind
	}
	for _, member := range s.Members(kind.Model) {
		if len(found(member)) > 0 {
			return member
		}
	}
	return nil
}

// found returns the fields by which objects of the kind are found: the first set of
// identifiers, but for what nobody can write.
func found(k *schema.Kind) []*schema.Field {
	sets := identifiers(k)
	if len(sets) == 0 {
		return nil
	}
	var fields []*schema.Field
	for _, name := range sets[0] {
		if field := k.Fields.Field(name); field != nil {
			fields = append(fields, field)
		}
	}
	return fields
}

// variable is the environment variable that a secret can stand in.
func variable(k *schema.Kind, f *schema.Field) string {
	return strings.ToUpper(strings.NewReplacer("-", "_").Replace(dashed(k.Title)) + "_" + f.Name)
}

func dashed(title string) string {
	return strings.NewReplacer(" ", "-", "/", "-").Replace(strings.ToLower(title))
}
