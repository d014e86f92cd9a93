package schema

import (
	"fmt"
	"maps"

	"github.com/aksync/aksync/internal/tree"
)

// object is a part of a JSON schema.
type object = map[string]any

// JSONSchema gives a JSON schema (draft 7) of blueprints in YAML, for editors:
// it completes and checks what can be checked without evaluating tags. It is
// made of the same kinds as everything else; the same schema gives the same
// bytes.
//
// An editor sees a tag as what follows it: !Find [a.b, [c, d]] as a list and
// !Env X as text. So each field takes, beside its own values,
//   - a list in the shape of a tag that can give such a value: for a reference
//     !Find of the right model with fields that it has, !Enumerate only where a
//     list is wanted, and !Env, !File, !Context, !If and !AtIndex with
//     alternatives that the field takes itself;
//   - text, since it may follow !KeyOf, !Env, !File, !Context, !ParseJSON or
//     !Value. Where the field has choices, text that was most likely meant as
//     one of them is refused all the same: what begins as all of them do
//     (authentik.core…), or what one slip of the keyboard separates from one.
//
// A blueprint that aksync takes is not refused, but for tags in places where
// they can't be told from a mistake: as the name of a field within !Find, or
// with text that looks like a misspelt choice. What is left unseen is what only
// evaluating can tell, and a word where a number or a reference belongs.
func (s *Schema) JSONSchema() ([]byte, error) {
	j := &jsonSchema{schema: s, definitions: object{}, names: map[string]string{}}
	root := j.root()
	if j.err != nil {
		return nil, fmt.Errorf("making the JSON schema: %w", j.err)
	}
	return j.write(root)
}

func (j *jsonSchema) root() object {
	entry := j.define("entry", j.entry())
	list := object{"type": "array", "items": entry}
	root := j.shape(j.schema.Blueprint, map[string]object{
		"entries": {"anyOf": []object{list, {"type": "object", "additionalProperties": list}}},
		"metadata": {"anyOf": []object{
			{"type": "null"}, j.define("metadata", j.shape(j.schema.Metadata, map[string]object{
				"labels": {"type": "object", "additionalProperties": object{"type": "string"}},
			})),
		}},
	})
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Blueprint"
	root["description"] = "A blueprint for authentik, as aksync reads it"
	return root
}

// shape gives a mapping with the fields of a shape and no others. Fields that
// special has are as it says.
func (j *jsonSchema) shape(shape *Shape, special map[string]object) object {
	properties, required := object{}, []string{}
	for _, field := range shape.Fields {
		property, isSpecial := special[field.Name]
		if !isSpecial {
			property = field.constraint()
		}
		properties[field.Name] = described(property, field)
		if field.Required {
			required = append(required, field.Name)
		}
	}
	closed := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		closed["required"] = required
	}
	return closed
}

// described adds to a schema what people are told of the field.
func described(property object, field *Field) object {
	all := withDefault(property, field)
	all["description"] = field.want()
	return all
}

// withDefault adds to a schema what the server takes without the field.
func withDefault(property object, field *Field) object {
	all := maps.Clone(property)
	if field.HasDefault {
		all["default"] = field.Default
	}
	return all
}

// constraint gives the types that a part of a blueprint takes, and the one value
// where there is only one.
func (f *Field) constraint() object {
	if f.Min != nil && f.Max != nil && f.Min.Cmp(f.Max) == 0 {
		return object{"const": f.Min}
	}
	types := map[Type][]string{Text: {"string"}, Integer: {"integer"}, List: {"array"}, JSON: {"object"}}[f.Type]
	if f.Collection {
		types = []string{"array", "object"}
	}
	if f.Nullable {
		types = append([]string{"null"}, types...)
	}
	return object{"type": types}
}

// entry gives the schema of an entry: what all have, and what those of each
// managed kind have to be beside.
func (j *jsonSchema) entry() object {
	entry := j.shape(j.schema.Entry, map[string]object{
		"model": j.model(),
		"state": j.field(j.schema.Entry.Field("state")),
	})
	var each []object
	for _, kind := range j.schema.Managed() {
		each = append(each, object{
			"if":   object{"required": []string{"model"}, "properties": object{"model": object{"const": kind.Model}}},
			"then": j.define(kind.Model, j.kind(kind)),
		})
	}
	entry["allOf"] = each
	return entry
}

// model returns the schema of an entry's model: one that authentik has, to choose
// from, or what may follow a tag. A name in the form of authentik's is neither,
// unless it has capitals, which authentik takes after the dot.
func (j *jsonSchema) model() object {
	return object{"anyOf": append([]object{
		{"enum": j.schema.Models()},
		{"type": "string", "pattern": `^\S+$`, "not": object{"pattern": `^([Aa]uthentik_\w*\.[a-z0-9_]*|.*[A-Z].*\.\w*)$`}},
	}, tagsOfText()...)}
}

// kind gives what an entry of a managed kind has to be.
func (j *jsonSchema) kind(kind *Kind) object {
	attrs := object{}
	for _, readOnly := range kind.ReadOnly {
		attrs[readOnly.Name] = j.refused(readOnly)
	}
	for _, field := range kind.Fields.Fields {
		attrs[field.Name] = withDefault(j.field(field), field)
	}
	for name, instead := range kind.Formerly {
		message := "authentik has dropped it: " + instead
		attrs[name] = object{"description": message, "deprecationMessage": message, "doNotSuggest": true}
	}
	identifiers := j.identifiers(kind)
	entry := object{
		"title":      kind.Title,
		"required":   []string{"identifiers"},
		"properties": object{"identifiers": identifiers},
	}
	all := []object{
		{"if": inState(tree.Absent), "else": object{"properties": object{
			"attrs": object{"type": "object", "properties": attrs, "additionalProperties": false},
		}}},
	}
	if required := j.required(kind); len(required) > 0 {
		all = append(all, object{"if": inState(tree.MustCreated), "then": object{"allOf": required}})
	}
	entry["allOf"] = all
	return entry
}

// inState takes the entries that are in a state.
func inState(state tree.State) object {
	return object{"required": []string{"state"}, "properties": object{"state": object{"const": state}}}
}

// refused gives the schema of a field that can't be set: nothing is taken, and
// an editor says why and does not offer it.
func (j *jsonSchema) refused(readOnly *ReadOnly) object {
	return j.share("refused", object{
		"not":                object{},
		"description":        readOnly.Reason,
		"errorMessage":       readOnly.Reason,
		"deprecationMessage": readOnly.Reason,
		"doNotSuggest":       true,
	})
}

// identifiers returns what finds an object of the kind.
func (j *jsonSchema) identifiers(kind *Kind) object {
	properties := object{}
	for _, field := range kind.Fields.Fields {
		properties[field.Name] = j.field(field)
	}
	for _, field := range kind.FoundBy() {
		if field.Name == PK {
			field.Refers = kind.Model
		}
		properties[field.Name] = j.field(field)
	}
	return object{"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": false}
}

// required says that each required field stands in attrs or in identifiers.
func (j *jsonSchema) required(kind *Kind) []object {
	var all []object
	for _, field := range kind.Fields.Fields {
		if !field.Required {
			continue
		}
		var places []object
		for _, place := range []string{"attrs", "identifiers"} {
			places = append(places, object{
				"required":   []string{place},
				"properties": object{place: object{"required": []string{field.Name}}},
			})
		}
		all = append(all, j.share("has."+field.Name, object{"anyOf": places}))
	}
	return all
}
