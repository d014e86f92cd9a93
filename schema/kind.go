package schema

import (
	"math/big"
	"slices"
)

// Kind is all that aksync knows of one kind of object; #Kind in kind.cue says
// what each word means.
type Kind struct {
	Model string `json:"model"` // first, as readDigest wants it
	Span
	Title      string            `json:"title,omitempty"`
	Class      string            `json:"class,omitempty"`
	Managed    bool              `json:"managed,omitempty"`
	Why        string            `json:"why,omitempty"`
	Create     bool              `json:"create,omitempty"`
	Created    string            `json:"created,omitempty"`
	Update     bool              `json:"update,omitempty"`
	Delete     bool              `json:"delete,omitempty"`
	Enterprise bool              `json:"enterprise,omitempty"`
	Applies    string            `json:"applies,omitempty"`
	Instance   *OwnBlueprint     `json:"instance,omitempty"`
	Makers     *Makers           `json:"makers,omitempty"`
	Path       string            `json:"path,omitempty"`
	Query      map[string]string `json:"query,omitempty"`
	Filtered   bool              `json:"filtered,omitempty"`
	Open       bool              `json:"open,omitempty"`
	Owned      *Owned            `json:"owned,omitempty"`
	Needs      []Need            `json:"needs,omitempty"`
	Put        bool              `json:"put,omitempty"`
	Key        string            `json:"key,omitempty"`
	Label      []string          `json:"label,omitempty"`
	Keys       [][]string        `json:"keys,omitempty"`
	ID         string            `json:"id,omitempty"`
	Alias      string            `json:"alias,omitempty"`
	Lookup     string            `json:"lookup,omitempty"`
	Scope      string            `json:"scope,omitempty"`
	Bases      []string          `json:"bases,omitempty"`
	Among      string            `json:"among,omitempty"`
	// Members are the models of the kinds that have the kind among their bases.
	Members    []string    `json:"members,omitempty"`
	Traced     string      `json:"traced,omitempty"`
	Takes      []string    `json:"takes,omitempty"`
	Served     []Served    `json:"served,omitempty"`
	Companions []Companion `json:"companions,omitempty"`
	OneOf      [][]string  `json:"oneOf,omitempty"`
	Last       string      `json:"last,omitempty"`
	Switch     string      `json:"switch,omitempty"`
	File       Filing      `json:"file,omitzero"`
	// Permissions are what can be permitted with an object beside to view, add, change
	// and delete it, by name.
	Permissions map[string]Span   `json:"permissions,omitempty"`
	Holds       *Holds            `json:"holds,omitempty"`
	Formerly    map[string]string `json:"formerly,omitempty"`
	Users       Users             `json:"users,omitempty"`
	Self        *Self             `json:"self,omitempty"`
	Bears       *Bearer           `json:"bears,omitempty"`
	Powers      map[string]Power  `json:"powers,omitempty"`
	Fields      *Shape            `json:"fields"`
	ReadOnly    []*ReadOnly       `json:"readOnly,omitempty"`
}

// Span says since which version of authentik something is there, and since which
// it is not there any more; both as year.month, or empty.
type Span struct {
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

// Companion is what a PATCH has to hold beside any of the fields of When, or
// beside anything where When is empty.
type Companion struct {
	When []string `json:"when,omitempty"`
	Send []string `json:"send,omitempty"`
}

// Served is a read-only field of answers that holds the lookup key of an object of the
// model, which uses this one though authentik's used_by does not tell.
type Served struct {
	Field string `json:"field,omitempty"`
	Model string `json:"model,omitempty"`
}

// Users says where an answer lists what uses the object; it is empty for a
// kind that does not list it.
type Users struct {
	// Field is the read-only field, Model that of its elements, and Label
	// their field that names the user.
	Field string `json:"field,omitempty"`
	Model string `json:"model,omitempty"`
	Label string `json:"label,omitempty"`
	// Shows are the fields that each element has.
	Shows []string `json:"shows,omitempty"`
	// Entrance is the field, and its value, by which those users are known
	// that people log in through; empty where nobody does.
	Entrance struct {
		Field string `json:"field,omitempty"`
		Is    string `json:"is,omitempty"`
	} `json:"entrance,omitempty"`
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

// Type is what sort of data a field takes.
type Type string

// The types of data.
const (
	Text    Type = "text"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
	Pointer Type = "uuid" // the primary key of another object, or another uuid
	Time    Type = "time" // an instant
	List    Type = "list"
	Struct  Type = "object" // an object with fields of its own
	JSON    Type = "json"   // anything that JSON can say
)

// Data says what a value has to be; #Data in kind.cue says what each word means.
type Data struct {
	Name     string   `json:"name,omitempty"`
	Type     Type     `json:"type,omitempty"`
	Nullable bool     `json:"nullable,omitempty"`
	Min      *big.Int `json:"min,omitempty"`
	Max      *big.Int `json:"max,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	// Values are all that the value, or each element of a list, may be; or
	// empty, where that can't be counted.
	Values     []Choice `json:"values,omitempty"`
	Element    *Field   `json:"element,omitempty"`
	Fields     *Shape   `json:"fields,omitempty"`
	Mapping    bool     `json:"mapping,omitempty"`
	Collection bool     `json:"collection,omitempty"`
	Duration   bool     `json:"duration,omitempty"`
	Trim       bool     `json:"trim,omitempty"`
	Want       string   `json:"want,omitempty"`
}

// Field is one field of a shape; #Field in kind.cue says what each word means.
type Field struct {
	Data
	Span
	Required bool `json:"required,omitempty"`
	// Default is what the server takes where the field is left out on
	// creation, if HasDefault.
	Default    any  `json:"-"`
	HasDefault bool `json:"-"`
	Generated  bool `json:"generated,omitempty"`
	// OnCreate is what is sent where an object is created without the field, if
	// HasOnCreate.
	OnCreate    any  `json:"-"`
	HasOnCreate bool `json:"-"`
	// Example is a value that shows what the field takes, or nil; Start is set where a
	// blueprint to start from sets it.
	Example any  `json:"example,omitempty"`
	Start   bool `json:"start,omitempty"`
	// Refers is the model whose primary key the field, or each element of its
	// list, holds; or empty.
	Refers    string         `json:"refers,omitempty"`
	Upper     bool           `json:"upper,omitempty"`
	Set       bool           `json:"set,omitempty"`
	Superset  bool           `json:"superset,omitempty"`
	Unique    bool           `json:"unique,omitempty"`
	WriteOnly bool           `json:"writeOnly,omitempty"`
	Sensitive bool           `json:"sensitive,omitempty"`
	Proof     *Proof         `json:"proof,omitempty"`
	Resets    bool           `json:"resets,omitempty"`
	Unless    map[string]any `json:"unless,omitempty"`
	Via       *Via           `json:"via,omitempty"`
	Cascades  bool           `json:"cascades,omitempty"`
	Successor *Successor     `json:"successor,omitempty"`
	Variants  []Variant      `json:"variants,omitempty"`
	// Shifts are by the version since which a value means something else.
	Shifts    map[string]string `json:"shifts,omitempty"`
	Mirrors   string            `json:"mirrors,omitempty"`
	Stated    bool              `json:"stated,omitempty"`
	Loose     bool              `json:"loose,omitempty"`
	Drawn     string            `json:"drawn,omitempty"`
	Volatile  bool              `json:"volatile,omitempty"`
	Reserved  string            `json:"reserved,omitempty"`
	Loses     string            `json:"loses,omitempty"`
	Filter    bool              `json:"filter,omitempty"`
	Details   string            `json:"details,omitempty"`
	Inherits  bool              `json:"inherits,omitempty"`
	Superuser bool              `json:"superuser,omitempty"`
	Grants    string            `json:"grants,omitempty"`
	Empowers  string            `json:"empowers,omitempty"`
	Seen      *string           `json:"seen,omitempty"`
	Needs     []Need            `json:"needs,omitempty"`
}

// Via is a request of its own for a field; #Via in kind.cue says what each word
// means.
type Via struct {
	Span
	Path  string            `json:"path,omitempty"`
	Body  string            `json:"body,omitempty"`
	Take  string            `json:"take,omitempty"`
	Read  string            `json:"read,omitempty"`
	Show  []string          `json:"show,omitempty"`
	View  string            `json:"view,omitempty"`
	Twins map[string]string `json:"twins,omitempty"`
	Blind bool              `json:"blind,omitempty"`
	URL   bool              `json:"url,omitempty"`
	Unset string            `json:"unset,omitempty"`
	Wiped string            `json:"wiped,omitempty"`
	// Needs are the permissions that the request takes, TakeNeeds those of the one
	// by Take, and Of the model of the objects that they are for.
	Needs     []Need `json:"needs,omitempty"`
	TakeNeeds []Need `json:"takeNeeds,omitempty"`
	Of        string `json:"of,omitempty"`
}

// Choice is one value of an enumeration.
type Choice struct {
	Value string `json:"value"`
	Span
	// Refused says why no blueprint may ask for it, if none may.
	Refused string `json:"refused,omitempty"`
	// Beside are the values of other fields beside which the server takes it for
	// another one.
	Beside map[string]string `json:"beside,omitempty"`
	// Successor is the value that means the same since it is gone, if any.
	Successor string `json:"successor,omitempty"`
}

// ReadOnly is a field that the server answers and nobody can write.
type ReadOnly struct {
	Data
	Span
	Reason string `json:"reason,omitempty"`
	Refers string `json:"refers,omitempty"`
	// Value is what the field holds in every object of the kind, if HasValue.
	Value    any  `json:"-"`
	HasValue bool `json:"-"`
}

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
		return readOnly.AsField()
	}
	return nil
}

// AsField describes the field as one that can be written.
func (r *ReadOnly) AsField() *Field { return &Field{Data: r.Data, Span: r.Span, Refers: r.Refers} }

// Accepts reports whether the field takes the value, given as Value.Plain gives
// it.
func (r *ReadOnly) Accepts(plain any) bool { return r.AsField().CheckPlain(plain) == "" }

// Is reports whether references to the model can mean the kind: by its own name or
// that of a base.
func (k *Kind) Is(model string) bool { return k.Model == model || slices.Contains(k.Bases, model) }
