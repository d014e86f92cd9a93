package schema

import (
	"math/big"

	"cuelang.org/go/cue"
)

// Kind is all that aksync knows of one kind of object; #Kind in kind.cue says
// what each word means.
type Kind struct {
	Model    string
	Title    string
	Managed  bool
	Path     string
	Key      string
	ID       string
	Lookup   string
	Scope    string
	Users    Users
	Fields   *Shape
	ReadOnly []*ReadOnly
}

// Users says where an answer lists what uses the object; it is empty for a
// kind that does not list it.
type Users struct {
	// Field is the read-only field, Model that of its elements, and Label
	// their field that names the user.
	Field, Model, Label string
	// Entrance is the field, and its value, by which those users are known
	// that people log in through; empty where nobody does.
	Entrance struct{ Field, Is string }
	// Shows are the fields that each element has.
	Shows []string
}

// ReadOnly is a field that the server answers and nobody can write.
type ReadOnly struct {
	Name   string
	Reason string
	// Value is what the field holds in every object of the kind, if HasValue.
	Value    any
	HasValue bool

	field *Field
}

// PK is what identifiers call the primary key, whatever its kind calls it in
// answers (Kind.ID).
const PK = "pk"

// Shape is a set of named fields, in the order of the schema.
type Shape struct {
	Fields []*Field
}

// Field gives the field of that name, or nil.
func (s *Shape) Field(name string) *Field {
	for _, field := range s.Fields {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// Names gives the names of all fields.
func (s *Shape) Names() []string {
	names := make([]string, len(s.Fields))
	for i, field := range s.Fields {
		names[i] = field.Name
	}
	return names
}

// Type is what sort of data a field takes; it is read off the constraint.
type Type string

// The types of fields.
const (
	Text    Type = "text"
	Integer Type = "integer"
	Boolean Type = "boolean"
	List    Type = "list"
	Pointer Type = "pointer" // the primary key of another object
	Other   Type = "other"   // a struct, or more than one of the above
)

// Field is one field of a shape.
type Field struct {
	Name     string
	Want     string
	Type     Type
	Required bool
	Trim     bool
	Nullable bool
	// Default is what the server takes where the field is left out on
	// creation, if HasDefault.
	Default    any
	HasDefault bool
	// Refers is the model whose primary key the field, or each element of its
	// list, holds; or empty.
	Refers string
	// Values are all that the field, or each element of a list, may be; or
	// empty, where that can't be counted.
	Values []Choice
	// Min and Max bound a number; nil where there is no bound.
	Min, Max *big.Int

	is      cue.Value
	element *Field
	schema  *Schema
	// verdicts are what is said of values, by verdictKey; schema.evaluating
	// guards them.
	verdicts map[any]bool
}

// Choice is one value of an enumeration. Since is the first version of
// authentik that takes it, as year.month; empty means all that are supported.
type Choice struct{ Value, Since string }

// readOnly gives the read-only field of that name, or nil.
func (k *Kind) readOnly(name string) *ReadOnly {
	for _, field := range k.ReadOnly {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// field returns what describes a field that answers have, or nil.
func (k *Kind) field(name string) *Field {
	if field := k.Fields.Field(name); field != nil {
		return field
	}
	if readOnly := k.readOnly(name); readOnly != nil {
		return readOnly.field
	}
	return nil
}

// Accepts tells whether the field's constraint takes the value, given as
// Value.Plain gives it.
func (r *ReadOnly) Accepts(plain any) bool { return r.field.accepts(plain) }
