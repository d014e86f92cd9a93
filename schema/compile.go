package schema

import (
	"fmt"
	"math/big"
	"strings"

	"cuelang.org/go/cue"
)

// compileKind reads one kind; the CUE of #Kind has checked its words.
func (s *Schema) compileKind(model string, v cue.Value) (*Kind, error) {
	var words struct {
		Title   string `json:"title"`
		Managed bool   `json:"managed"`
		Path    string `json:"path"`
		Key     string `json:"key"`
		ID      string `json:"id"`
		Lookup  string `json:"lookup"`
		Scope   string `json:"scope"`
		Users   struct {
			Field string `json:"field"`
			Model string `json:"model"`
			Label string `json:"label"`

			Entrance struct {
				Field string `json:"field"`
				Is    string `json:"is"`
			} `json:"entrance"`
		} `json:"users"`
	}
	if err := v.Decode(&words); err != nil {
		return nil, cueError("reading it", err)
	}
	k := &Kind{
		Model: model, Title: words.Title, Managed: words.Managed, Path: words.Path,
		Key: words.Key, ID: words.ID, Lookup: words.Lookup, Scope: words.Scope,
		Users: Users{Field: words.Users.Field, Model: words.Users.Model, Label: words.Users.Label},
	}
	k.Users.Entrance.Field, k.Users.Entrance.Is = words.Users.Entrance.Field, words.Users.Entrance.Is
	var err error
	if k.Fields, err = s.compileShape(v.LookupPath(cue.ParsePath("fields"))); err != nil {
		return nil, err
	}
	if k.Fields.Field(k.Key) == nil {
		return nil, fmt.Errorf("its key %q is none of its fields %s", k.Key, strings.Join(k.Fields.Names(), ", "))
	}
	if k.ReadOnly, err = s.compileReadOnly(v.LookupPath(cue.ParsePath("readOnly"))); err != nil {
		return nil, err
	}
	if k.field(k.ID) == nil || k.field(k.Lookup) == nil {
		return nil, fmt.Errorf("its id %q or its lookup %q is none of its fields", k.ID, k.Lookup)
	}
	return k, k.compileUsers()
}

// compileUsers reads what is shown of each user off the constraint of the
// field that lists them.
func (k *Kind) compileUsers() error {
	if k.Users.Field == "" {
		return nil
	}
	readOnly := k.readOnly(k.Users.Field)
	if readOnly == nil {
		return fmt.Errorf("its users are in %s, which is none of its read-only fields", k.Users.Field)
	}
	fields, err := readOnly.field.is.LookupPath(cue.MakePath(cue.AnyIndex)).Fields(cue.Optional(true))
	if err != nil {
		return cueError("reading what is shown of its users", err)
	}
	for fields.Next() {
		k.Users.Shows = append(k.Users.Shows, fields.Selector().Unquoted())
	}
	return nil
}

func (s *Schema) compileReadOnly(v cue.Value) ([]*ReadOnly, error) {
	fields, err := v.Fields()
	if err != nil {
		return nil, cueError("reading the read-only fields", err)
	}
	var readOnly []*ReadOnly
	for fields.Next() {
		var words struct {
			Reason string `json:"reason"`
		}
		if err := fields.Value().Decode(&words); err != nil {
			return nil, cueError("reading "+fields.Selector().Unquoted(), err)
		}
		field, err := s.compileField(fields.Selector().Unquoted(), fields.Value())
		if err != nil {
			return nil, err
		}
		r := &ReadOnly{Name: field.Name, Reason: words.Reason, field: field}
		if value := fields.Value().LookupPath(cue.ParsePath("value")); value.Exists() {
			r.HasValue = true
			if err := value.Decode(&r.Value); err != nil {
				return nil, cueError("reading the value of "+r.Name, err)
			}
		}
		readOnly = append(readOnly, r)
	}
	return readOnly, nil
}

func (s *Schema) compileShape(v cue.Value) (*Shape, error) {
	fields, err := v.Fields()
	if err != nil {
		return nil, cueError("reading the fields", err)
	}
	shape := &Shape{}
	for fields.Next() {
		field, err := s.compileField(fields.Selector().Unquoted(), fields.Value())
		if err != nil {
			return nil, err
		}
		shape.Fields = append(shape.Fields, field)
	}
	return shape, nil
}

func (s *Schema) compileField(name string, v cue.Value) (*Field, error) {
	var words struct {
		Want     string `json:"want"`
		Required bool   `json:"required"`
		Trim     bool   `json:"trim"`
		Refers   string `json:"refers"`
	}
	if err := v.Decode(&words); err != nil {
		return nil, cueError("reading "+name, err)
	}
	f := &Field{
		Name: name, Want: words.Want, Required: words.Required, Trim: words.Trim, Refers: words.Refers,
		is: v.LookupPath(cue.ParsePath("is")), schema: s,
	}
	if err := f.compileDefault(v); err != nil {
		return nil, err
	}
	if err := f.compileValues(v); err != nil {
		return nil, err
	}
	f.compileType()
	return f, nil
}

func (f *Field) compileDefault(v cue.Value) error {
	value := v.LookupPath(cue.ParsePath("default"))
	if !value.Exists() {
		return nil
	}
	f.HasDefault = true
	if err := value.Decode(&f.Default); err != nil {
		return cueError("reading the default of "+f.Name, err)
	}
	if whole, ok := f.Default.(int); ok {
		f.Default = int64(whole)
	}
	return nil
}

func (f *Field) compileValues(v cue.Value) error {
	values := v.LookupPath(cue.ParsePath("values"))
	if !values.Exists() {
		return nil
	}
	fields, err := values.Fields()
	if err != nil {
		return cueError("reading the values of "+f.Name, err)
	}
	for fields.Next() {
		since, err := fields.Value().LookupPath(cue.ParsePath("since")).String()
		if err != nil {
			return cueError("reading the values of "+f.Name, err)
		}
		f.Values = append(f.Values, Choice{Value: fields.Selector().Unquoted(), Since: since})
	}
	return nil
}

// compileType reads a field's type off its constraint.
func (f *Field) compileType() {
	kinds := f.is.IncompleteKind()
	f.Nullable = kinds&cue.NullKind != 0
	switch kinds &^ cue.NullKind {
	case cue.StringKind:
		f.Type = Text
		if f.Refers != "" {
			f.Type = Pointer
		}
	case cue.IntKind:
		f.Type = Integer
		f.Min, f.Max = bounds(f.is)
	case cue.BoolKind:
		f.Type = Boolean
	case cue.ListKind:
		f.Type = List
		f.compileElement()
	default:
		f.Type = Other
	}
}

// compileElement makes a list's elements a field of their own, so that an
// error can name the element.
func (f *Field) compileElement() {
	element := f.is.LookupPath(cue.MakePath(cue.AnyIndex))
	if !element.Exists() {
		return
	}
	f.element = &Field{Name: f.Name, Want: f.Want, Values: f.Values, is: element, schema: f.schema}
	f.element.compileType()
	f.element.Refers = f.Refers
}

// bounds finds the least and the greatest number that a constraint lets pass,
// as far as it says them by >= and <=.
func bounds(v cue.Value) (least, greatest *big.Int) {
	op, args := v.Expr()
	switch op {
	case cue.AndOp:
		for _, arg := range args {
			low, high := bounds(arg)
			if low != nil {
				least = low
			}
			if high != nil {
				greatest = high
			}
		}
	case cue.GreaterThanEqualOp:
		least, _ = args[0].Int(nil)
	case cue.LessThanEqualOp:
		greatest, _ = args[0].Int(nil)
	}
	return least, greatest
}
