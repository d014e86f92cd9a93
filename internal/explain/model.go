package explain

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Model is what is known of a model, as JSON has it.
type Model struct {
	Model   string `json:"model"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
	schema.Span
	// Identifiers are the sets of fields that find an object.
	Identifiers [][]string `json:"identifiers,omitempty"`
	Creates     bool       `json:"creates"`
	Changes     bool       `json:"changes"`
	Deletes     bool       `json:"deletes"`
	// LeftAlone is set where aksync does nothing with entries of the model.
	LeftAlone  bool     `json:"left_alone,omitempty"`
	Enterprise bool     `json:"enterprise,omitempty"`
	Definition string   `json:"definition,omitempty"`
	Bases      []string `json:"bases,omitempty"`
	Members    []string `json:"members,omitempty"`
	// UsedBy are the fields that refer to objects of the model.
	UsedBy []string          `json:"used_by,omitempty"`
	Notes  []string          `json:"notes,omitempty"`
	Fields []*Field          `json:"fields"`
	Finds  []*Field          `json:"read_only,omitempty"`
	Former map[string]string `json:"formerly,omitempty"`
}

// Field is what is known of a field, as JSON has it.
type Field struct {
	Name string `json:"name"`
	// Takes says in words what it takes, and brief also what is special of it.
	Takes     string `json:"takes"`
	brief     string
	Type      schema.Type     `json:"type"`
	Required  bool            `json:"required,omitempty"`
	Nullable  bool            `json:"nullable,omitempty"`
	Default   json.RawMessage `json:"default,omitempty"`
	Min       *big.Int        `json:"min,omitempty"`
	Max       *big.Int        `json:"max,omitempty"`
	Pattern   string          `json:"pattern,omitempty"`
	Values    []schema.Choice `json:"values,omitempty"`
	Refers    string          `json:"refers_to,omitempty"`
	Members   []string        `json:"members,omitempty"`
	Unique    bool            `json:"unique,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
	WriteOnly bool            `json:"write_only,omitempty"`
	schema.Span
	Notes  []string `json:"notes,omitempty"`
	Fields []*Field `json:"fields,omitempty"`
	// Example is the field with a value, as YAML has it.
	Example string `json:"example,omitempty"`
}

// Explain returns what the schema knows of a kind.
func Explain(s *schema.Schema, k *schema.Kind) *Model {
	_, version := s.Whole()
	m := &Model{
		Model: k.Model, Title: k.Title, Version: version, Span: k.Span,
		Identifiers: identifiers(k),
		Creates:     k.Managed && k.Create, Changes: k.Managed && k.Update, Deletes: k.Managed && k.Delete,
		LeftAlone: does(k) == leftAlone, Enterprise: k.Enterprise, Bases: k.Bases, Members: members(s, k), Former: k.Formerly, Notes: kindNotes(k),
	}
	if k.Managed {
		m.Definition = fmt.Sprintf("%s.#%s", schema.AppOf(k.Model), k.Class)
	}
	for _, by := range s.Referrers(k) {
		m.UsedBy = append(m.UsedBy, by.Kind.Model+"."+by.Field.Name)
	}
	for _, field := range k.Fields.Fields {
		m.Fields = append(m.Fields, explainField(s, k, field))
	}
	for _, field := range finders(k) {
		m.Finds = append(m.Finds, explainField(s, k, field))
	}
	return m
}

// members returns the models of the kinds that are special cases of a base.
func members(s *schema.Schema, base *schema.Kind) []string {
	var models []string
	for _, member := range s.Members(base.Model) {
		models = append(models, member.Model)
	}
	return models
}

// identifiers returns the sets of fields that find an object of the kind.
func identifiers(k *schema.Kind) [][]string {
	sets := slices.Clone(k.Keys)
	if len(sets) == 0 && len(k.Label) > 0 {
		sets = [][]string{k.Label}
	}
	if k.Path != "" {
		sets = append(sets, []string{schema.PK})
	}
	return sets
}

// finders returns the fields that nobody can write and that find objects, which the API
// has to have.
func finders(k *schema.Kind) []*schema.Field {
	if k.Path == "" {
		return nil
	}
	return k.FoundBy()
}

func explainField(s *schema.Schema, k *schema.Kind, f *schema.Field) *Field {
	x := &Field{
		Name: f.Name, Takes: typeWords(f), brief: brief(f), Type: f.Type, Required: isRequired(f), Nullable: f.Nullable,
		Min: f.Min, Max: f.Max, Pattern: f.Pattern, Values: f.Values, Refers: f.Refers,
		Unique: f.Unique, Sensitive: f.Sensitive, WriteOnly: f.WriteOnly, Span: f.Span, Notes: notes(k, f),
		Example: f.Name + ": " + flow(example(s, k, f)),
	}
	if value, has := given(f); has {
		x.Default, _ = json.Marshal(value) // it was read from JSON
	}
	for _, part := range parts(f) {
		one := explainField(s, k, part)
		if one.Required {
			one.brief += "; required"
		}
		x.Fields = append(x.Fields, one)
	}
	return x
}

// parts returns the fields of a field: those of a mapping, or of each in a list.
func parts(f *schema.Field) []*schema.Field {
	switch {
	case f.Fields != nil:
		return f.Fields.Fields
	case f.Element != nil:
		return parts(f.Element)
	}
	return nil
}
