package genkinds

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
)

// document is as much of an OpenAPI document as says something of models.
type document struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas    map[string]*property `json:"schemas"`
		Parameters map[string]parameter `json:"parameters"`
	} `json:"components"`
}

// property is a schema of an OpenAPI document.
type property struct {
	Ref         string          `json:"$ref"`
	Type        typeName        `json:"type"`
	Format      string          `json:"format"`
	Nullable    bool            `json:"nullable"`
	ReadOnly    bool            `json:"readOnly"`
	WriteOnly   bool            `json:"writeOnly"`
	Enum        []any           `json:"enum"`
	AllOf       []*property     `json:"allOf"`
	OneOf       []*property     `json:"oneOf"`
	Items       *property       `json:"items"`
	Properties  members         `json:"properties"`
	Additional  json.RawMessage `json:"additionalProperties"`
	Required    []string        `json:"required"`
	MinLength   json.Number     `json:"minLength"`
	MaxLength   json.Number     `json:"maxLength"`
	Minimum     json.Number     `json:"minimum"`
	Maximum     json.Number     `json:"maximum"`
	MinItems    json.Number     `json:"minItems"`
	MaxItems    json.Number     `json:"maxItems"`
	Pattern     string          `json:"pattern"`
	Description string          `json:"description"`
}

// typeName is the type of a schema. Schemas of blueprints may give null beside it.
type typeName string

// UnmarshalJSON reads a type, or the first of several.
func (t *typeName) UnmarshalJSON(text []byte) error {
	var several []string
	if json.Unmarshal(text, &several) == nil && len(several) > 0 {
		*t = typeName(several[0])
		return nil
	}
	return json.Unmarshal(text, (*string)(t))
}

type operation struct {
	Parameters  []parameter `json:"parameters"`
	RequestBody *content    `json:"requestBody"`
	Responses   map[string]content
}

type parameter struct {
	Ref    string    `json:"$ref"`
	Name   string    `json:"name"`
	In     string    `json:"in"`
	Schema *property `json:"schema"`
}

type content struct {
	Content map[string]struct {
		Schema *property `json:"schema"`
	} `json:"content"`
}

func readDocument(name string) (*document, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	doc := &document{}
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document %s: %w", name, err)
	}
	return doc, nil
}

// operation gives what a path says of a method, or nil.
func (d *document) operation(path, method string) (*operation, error) {
	text, found := d.Paths[path][method]
	if !found {
		return nil, nil
	}
	op := &operation{}
	if err := json.Unmarshal(text, op); err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", method, path, err)
	}
	return op, nil
}

// referred is the name of what a reference refers to.
func referred(ref string) string { return path.Base(ref) }

// resolve follows a reference to a component.
func (d *document) resolve(p *property) *property {
	for p != nil && p.Ref != "" {
		p = d.Components.Schemas[referred(p.Ref)]
	}
	return p
}

// request gives the name of the component that a request holds, or "".
func (op *operation) request() string {
	if op == nil || op.RequestBody == nil {
		return ""
	}
	return op.RequestBody.name()
}

// answer gives the name of the component that an answer holds, or "".
func (op *operation) answer() string {
	if op == nil {
		return ""
	}
	for _, code := range []string{"200", "201"} {
		if content, found := op.Responses[code]; found {
			return content.name()
		}
	}
	return ""
}

func (c *content) name() string {
	schema := c.Content["application/json"].Schema
	if schema == nil || schema.Ref == "" {
		return ""
	}
	return referred(schema.Ref)
}

// everyList are the parameters that all lists have.
var everyList = []string{"ordering", "page", "page_size", "search"}

// filters gives the parameters by which a list is filtered.
func (d *document) filters(op *operation) []string {
	var names []string
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = d.Components.Parameters[referred(p.Ref)]
		}
		if p.In == "query" && !slices.Contains(everyList, p.Name) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// durationForm is how a description says that text is a duration.
var durationForm = regexp.MustCompile(`\b(seconds|minutes|hours|days)=-?\d`)

// fact gives what a schema says of a field.
func (d *document) fact(name string, p *property) *Fact {
	fact := &Fact{Name: name, Nullable: p.Nullable}
	outer := p
	if len(p.AllOf) == 1 {
		p = p.AllOf[0]
	}
	if values, nullable := d.choices(p); values != nil {
		fact.Type, fact.Values, fact.Nullable = "text", values, fact.Nullable || nullable
		return fact
	}
	p = d.resolve(p)
	fact.Nullable = fact.Nullable || p.Nullable
	fact.Duration = p.Type == "string" && durationForm.MatchString(outer.Description)
	switch p.Type {
	case "string":
		d.text(fact, p)
	case "integer", "number":
		fact.Type, fact.Min, fact.Max = string(p.Type), p.Minimum, p.Maximum
	case "boolean":
		fact.Type = "boolean"
	case "array":
		fact.Type, fact.Min, fact.Max, fact.Element = "list", p.MinItems, p.MaxItems, d.fact("", p.Items)
	case "object":
		d.object(fact, p)
	default:
		fact.Type = "json"
	}
	return fact
}

func (d *document) text(fact *Fact, p *property) {
	switch p.Format {
	case "uuid":
		fact.Type = "uuid"
	case "date-time":
		fact.Type = "time"
	default:
		fact.Type, fact.Format = "text", p.Format
		fact.Min, fact.Max, fact.Pattern = p.MinLength, p.MaxLength, p.Pattern
	}
}

// object is a mapping of anything, where no fields are named.
func (d *document) object(fact *Fact, p *property) {
	if len(p.Properties) == 0 {
		fact.Type, fact.Mapping = "json", true
		return
	}
	fact.Type = "object"
	for _, m := range p.Properties {
		field := d.fact(m.name, parsed(m))
		field.Required = slices.Contains(p.Required, m.name)
		fact.Fields = append(fact.Fields, field)
	}
}

// choices gives the values of an enumeration, which may be one of several with
// the one that has null alone or "" alone.
func (d *document) choices(p *property) (values []string, nullable bool) {
	parts := []*property{p}
	if len(p.OneOf) > 0 {
		parts = p.OneOf
	}
	for _, part := range parts {
		part = d.resolve(part)
		if part == nil || part.Enum == nil {
			return nil, false
		}
		nullable = nullable || part.Nullable
		for _, value := range part.Enum {
			if value == nil {
				nullable = true
			} else {
				values = append(values, fmt.Sprint(value))
			}
		}
	}
	return values, nullable
}

// parsed reads a property of a document that was parsed before.
func parsed(m member) *property {
	p := &property{}
	if err := json.Unmarshal(m.value, p); err != nil {
		return &property{}
	}
	return p
}
