package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// Variant is what a field is in some versions, as far as it is not what it is said to
// be for all; #Variant in kind.cue says what each word means.
type Variant struct {
	Span
	Type     Type            `json:"type,omitempty"`
	Nullable *bool           `json:"nullable,omitempty"`
	Required *bool           `json:"required,omitempty"`
	Min      *big.Int        `json:"min,omitempty"`
	Max      *big.Int        `json:"max,omitempty"`
	Pattern  string          `json:"pattern,omitempty"`
	Want     string          `json:"want,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
	Now      string          `json:"now,omitempty"`
}

// variant returns what the field is in a version, or nil where nothing is special. An
// unknown version has no variant.
func (f *Field) variant(version string) *Variant {
	for i := range f.Variants {
		if v := &f.Variants[i]; Known(version) && v.Has(version) {
			return v
		}
	}
	return nil
}

// other returns the field with the type of the variant, or the field itself where the
// variant has no type of its own.
func (v *Variant) other(f *Field) *Field {
	if v == nil || v.Type == "" {
		return f
	}
	own := *f
	own.Variants = nil
	own.Data = Data{Name: f.Name, Type: v.Type, Nullable: f.Nullable, Min: v.Min, Max: v.Max, Trim: v.Type == Text}
	return &own
}

// strict returns the field as exactly as it is known for a version.
func (f *Field) strict(version string) *Field { return f.variant(version).tighten(f) }

// tighten returns a field with what the variant says of it.
func (v *Variant) tighten(f *Field) *Field {
	if v == nil {
		return f
	}
	own := *v.other(f)
	own.Variants = nil
	if v.Nullable != nil {
		own.Nullable = *v.Nullable
	}
	if v.Min != nil {
		own.Min = v.Min
	}
	if v.Max != nil {
		own.Max = v.Max
	}
	if v.Pattern != "" {
		own.Pattern = v.Pattern
	}
	if own.Type == f.Type && (v.Min != nil || v.Max != nil || v.Pattern != "") {
		own.Want = v.Want // the field's own is about what all versions take
	}
	return &own
}

// Exact returns a kind of the schema as exactly as it is known for the schema's version:
// its fields refuse what a server of the version refuses, though others take it. What
// such a server answers may be more than that.
func (s *Schema) Exact(k *Kind) *Kind {
	whole, version := s.Whole()
	all := whole.Kind(k.Model)
	own := *k
	own.Fields = &Shape{Fields: make([]*Field, len(k.Fields.Fields))}
	for i, field := range k.Fields.Fields {
		own.Fields.Fields[i] = all.Fields.Field(field.Name).variant(version).tighten(field)
	}
	return &own
}

// checkOnce reports whether a value is right in a version in which the field has
// another type.
func (f *Field) checkOnce(v tree.Value) bool {
	for i := range f.Variants {
		if other := f.Variants[i].other(f); other != f && len(other.Check(f.Name, other.Normalize(v))) == 0 {
			return true
		}
	}
	return false
}

// IsOther reports whether the field has another type in a version than the schema of all
// versions says.
func (f *Field) IsOther(version string) bool {
	v := f.variant(version)
	return v != nil && v.Type != ""
}

// CheckVariant says why a server of the version does not take a value that the field
// takes in another one.
func (f *Field) CheckVariant(path string, v tree.Value, version string) tree.Problems {
	if len(f.Variants) == 0 || v.HasPending() || v.HasLater() {
		return nil
	}
	strict := f.strict(version)
	v = strict.Normalize(v)
	if len(strict.check(path, v)) == 0 { // what another version takes does not count
		return nil
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s is not taken by authentik %s: want %s", f.Describe(v.Data), version, strict.want())}}
}

// rewritten returns how a value of an earlier type is written in a version, or nothing
// where it is no such value.
func (f *Field) rewritten(v tree.Value, version string) string {
	for i := range f.Variants {
		variant := &f.Variants[i]
		other := variant.other(f)
		plain := other.Normalize(v)
		if variant.Now == "" || !variant.Gone(version) || plain.Data == nil || plain.HasPending() || len(other.Check(f.Name, plain)) > 0 {
			continue
		}
		text, isScalar := tree.Scalar(plain.Plain())
		fresh := tree.Value{Place: v.Place, Data: strings.ReplaceAll(variant.Now, "{}", text)}
		if isScalar && len(f.CheckVariant(f.Name, fresh, version)) == 0 {
			return fresh.Data.(string)
		}
	}
	return ""
}
