package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// CompileKinds reads kinds from CUE: a struct of #Kind by model.
func CompileKinds(v cue.Value) ([]*Kind, error) {
	var kinds []*Kind
	err := eachField(v, func(model string, v cue.Value) error {
		kind, err := compileKind(model, v)
		kinds = append(kinds, kind)
		return err
	})
	if err == nil {
		setMembers(kinds)
	}
	return kinds, err
}

// CompileParts reads the shapes of a blueprint's parts from the root package.
func (s *Schema) CompileParts(root cue.Value) error {
	for path, shape := range map[string]**Shape{"blueprint": &s.Blueprint, "metadata": &s.Metadata, "entry": &s.Entry, "permission": &s.Permission} {
		var err error
		if *shape, err = compileShape(root.LookupPath(cue.ParsePath(path))); err != nil {
			return fmt.Errorf("the shape of %s: %w", path, err)
		}
	}
	return nil
}

// eachField goes through the regular fields of a struct, in their order.
func eachField(v cue.Value, do func(name string, v cue.Value) error) error {
	if !v.Exists() {
		return nil
	}
	fields, err := v.Fields()
	if err != nil {
		return cueError("reading the schema", err)
	}
	for fields.Next() {
		name := fields.Selector().Unquoted()
		if err := do(name, fields.Value()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// compileKind reads one kind; the CUE of #Kind has checked its words.
func compileKind(model string, v cue.Value) (*Kind, error) {
	k := &Kind{}
	if err := decode(v, k, "fields", "readOnly"); err != nil {
		return nil, err
	}
	k.Model = model
	var err error
	if k.Fields, err = compileShape(v.LookupPath(cue.ParsePath("fields"))); err != nil {
		return nil, err
	}
	err = eachField(v.LookupPath(cue.ParsePath("readOnly")), func(name string, v cue.Value) error {
		r := &ReadOnly{}
		if err := decode(v, r, ordered...); err != nil {
			return err
		}
		k.ReadOnly = append(k.ReadOnly, r)
		return r.compile(name, v, r.Refers)
	})
	if err != nil {
		return nil, err
	}
	return k, k.verify()
}

// verify makes sure that what the kind says of its fields is about fields that it
// has.
func (k *Kind) verify() error {
	if k.Key != "" && k.field(k.Key) == nil {
		return fmt.Errorf("its key %q is none of its fields %s", k.Key, strings.Join(k.Fields.Names(), ", "))
	}
	if k.Path != "" && (k.field(k.ID) == nil || k.field(k.Lookup) == nil) {
		return fmt.Errorf("its id %q or its lookup %q is none of its fields", k.ID, k.Lookup)
	}
	if k.Users.Field != "" && k.readOnly(k.Users.Field) == nil {
		return fmt.Errorf("its users are in %s, which is none of its read-only fields", k.Users.Field)
	}
	for _, field := range k.Fields.Fields {
		if field.Details != "" && k.readOnly(field.Details) == nil {
			return fmt.Errorf("the details of %s are in %s, which is none of its read-only fields", field.Name, field.Details)
		}
	}
	if err := k.verifyInstance(); err != nil {
		return err
	}
	if err := k.verifyMakers(); err != nil {
		return err
	}
	if err := k.verifyFile(); err != nil {
		return err
	}
	return k.verifyRights()
}

// decode reads the words of a value, but for some that are read by themselves.
func decode(v cue.Value, into any, but ...string) error {
	words := map[string]json.RawMessage{}
	err := eachField(v, func(name string, v cue.Value) error {
		if slices.Contains(but, name) {
			return nil
		}
		text, err := v.MarshalJSON()
		words[name] = text
		return err
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(words)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func compileShape(v cue.Value) (*Shape, error) {
	shape := &Shape{}
	err := eachField(v, func(name string, v cue.Value) error {
		f, err := compileField(name, v, "")
		shape.Fields = append(shape.Fields, f)
		return err
	})
	return shape, err
}

// compileField reads one field. An element of a list refers to what its list does.
func compileField(name string, v cue.Value, refers string) (*Field, error) {
	f := &Field{}
	if err := decode(v, f, ordered...); err != nil {
		return nil, err
	}
	return f, f.compile(name, v, cmp.Or(f.Refers, refers))
}

// ordered are the words of #Data that keep an order, or hold data of their own.
var ordered = []string{"values", "fields", "element"}

// compile reads what keeps an order of its own.
func (d *Data) compile(name string, v cue.Value, refers string) error {
	d.Name = name
	err := eachField(v.LookupPath(cue.ParsePath("values")), func(value string, v cue.Value) error {
		choice := Choice{Value: value}
		err := decode(v, &choice)
		d.Values = append(d.Values, choice)
		return err
	})
	if err != nil {
		return err
	}
	if fields := v.LookupPath(cue.ParsePath("fields")); fields.Exists() {
		if d.Fields, err = compileShape(fields); err != nil {
			return err
		}
	}
	if element := v.LookupPath(cue.ParsePath("element")); element.Exists() {
		if d.Element, err = compileField(name, element, refers); err != nil {
			return err
		}
	}
	d.complete(refers)
	return nil
}
