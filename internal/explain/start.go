package explain

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Start is a blueprint to start from: one entry, with the fields that an object needs
// and, as comments, all others.
type Start struct {
	Kind        *schema.Kind
	Version     string
	Identifiers []Setting
	Attrs       []Setting
	Further     []Setting
	// name is what explain calls the kind.
	name string
}

// Setting is a field with a value to start from.
type Setting struct {
	Field *schema.Field
	Value any
	// What says what the field takes.
	What string
}

// Begin returns a blueprint to start from for the kind, which is of the version that the
// schema is of. An object of the kind has to be one that can be created.
func Begin(s *schema.Schema, k *schema.Kind) (*Start, error) {
	if !k.Managed || !k.Create {
		why := k.Why
		if len(k.Members) > 0 {
			why = "it stands for several models: " + k.Members[0] + " is one"
		}
		return nil, fmt.Errorf("no entry creates %s (%s): %s", k.Model, k.Title, why)
	}
	_, version := s.Whole()
	start := &Start{Kind: k, Version: version, name: Short(s.Models(), k.Model)}
	needed := needed(k)
	finds := found(k)
	for _, field := range finds {
		start.Identifiers = append(start.Identifiers, setting(s, k, field))
	}
	for _, field := range k.Fields.Fields {
		switch {
		case slices.Contains(finds, field) || field.Volatile:
		case needed(field):
			start.Attrs = append(start.Attrs, setting(s, k, field))
		default:
			start.Further = append(start.Further, further(s, k, field))
		}
	}
	return start, nil
}

// needed tells which fields a blueprint to start from has, beside those that find the
// object: what is required, the first of those of which one is, and what the schema
// says makes a start.
func needed(k *schema.Kind) func(*schema.Field) bool {
	first := map[string]bool{}
	for _, names := range k.OneOf {
		first[names[0]] = true
	}
	return func(f *schema.Field) bool { return isRequired(f) || f.Start || first[f.Name] }
}

func setting(s *schema.Schema, k *schema.Kind, f *schema.Field) Setting {
	return Setting{f, example(s, k, f), brief(f)}
}

// further is a field that can be left out: with what it is then, where that shows what
// it takes. Since when it is there does not matter in a version that has it.
func further(s *schema.Schema, k *schema.Kind, f *schema.Field) Setting {
	span := schema.Span{Until: f.Until}
	if value, has := given(f); has && value != nil && f.Refers == "" {
		return Setting{f, value, summary(f, "", span)}
	}
	return Setting{f, example(s, k, f), summary(f, defaultWords(f), span)}
}
