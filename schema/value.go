package schema

import (
	"math/big"
	"strconv"
)

// Value is something written in a blueprint, with the place it was written at.
//
// Data is nil, a bool, an int64 (a *big.Int where that is too small), a
// float64, a string, a []Value, a Map, or a Pending.
type Value struct {
	Place Place
	Data  any
}

// Map is a mapping in the order it was written.
type Map []Member

// Member is one key of a Map with its value. Place is the key's.
type Member struct {
	Place Place
	Key   string
	Value Value
}

// Get returns the value under key, and whether there is one.
func (m Map) Get(key string) (Value, bool) {
	for _, member := range m {
		if member.Key == key {
			return member.Value, true
		}
	}
	return Value{}, false
}

// Pending is data that only the live objects of a server can complete: a
// reference, or an expression that holds one.
type Pending interface {
	// References are those that were met so far, in the order they are
	// written; resolving them may bring further ones to light.
	References() []Reference
	// Resolve gives the value once lookup can answer. Where lookup can't,
	// errors.As finds lookup's error in the one returned.
	Resolve(lookup Lookup) (Value, error)
}

// Reference asks for another object.
type Reference struct {
	// Place is where the reference stands.
	Place Place
	// Tag is the form it is written in: !Find, !FindObject or !KeyOf.
	Tag string
	// Model is the model of the object that is asked for.
	Model string
	// Where holds the fields it has to have, for !Find and !FindObject.
	Where []Condition
	// Target is the entry that is referred to, for !KeyOf.
	Target *Entry
}

// Condition is a field and the value that it has to have.
type Condition struct {
	Place Place
	Field string
	Value Value
}

// Lookup answers a reference: with the primary key of the object for !Find
// and !KeyOf, with all its fields as a Map for !FindObject.
type Lookup func(Reference) (Value, error)

// Plain gives a value's data without places: nil, bool, int64, *big.Int,
// float64, string, []any or map[string]any. Pending data stays as it is.
func (v Value) Plain() any {
	switch data := v.Data.(type) {
	case []Value:
		plain := make([]any, len(data))
		for i, element := range data {
			plain[i] = element.Plain()
		}
		return plain
	case Map:
		plain := make(map[string]any, len(data))
		for _, member := range data {
			plain[member.Key] = member.Value.Plain()
		}
		return plain
	default:
		return data
	}
}

// HasPending tells whether the value, or anything in it, is Pending.
func (v Value) HasPending() bool {
	switch data := v.Data.(type) {
	case Pending:
		return true
	case []Value:
		for _, element := range data {
			if element.HasPending() {
				return true
			}
		}
	case Map:
		for _, member := range data {
			if member.Value.HasPending() {
				return true
			}
		}
	}
	return false
}

// Resolve gives the value with all that is Pending in it resolved.
func (v Value) Resolve(lookup Lookup) (Value, error) {
	switch data := v.Data.(type) {
	case Pending:
		return data.Resolve(lookup)
	case []Value:
		resolved := make([]Value, len(data))
		for i, element := range data {
			var err error
			if resolved[i], err = element.Resolve(lookup); err != nil {
				return Value{}, err
			}
		}
		return Value{Place: v.Place, Data: resolved}, nil
	case Map:
		resolved := make(Map, len(data))
		for i, member := range data {
			value, err := member.Value.Resolve(lookup)
			if err != nil {
				return Value{}, err
			}
			resolved[i] = Member{Place: member.Place, Key: member.Key, Value: value}
		}
		return Value{Place: v.Place, Data: resolved}, nil
	default:
		return v, nil
	}
}

// Truthy tells whether Python, and so authentik, takes the value for true.
func (v Value) Truthy() bool {
	switch data := v.Data.(type) {
	case nil:
		return false
	case bool:
		return data
	case int64:
		return data != 0
	case *big.Int:
		return data.Sign() != 0
	case float64:
		return data != 0
	case string:
		return data != ""
	case []Value:
		return len(data) > 0
	case Map:
		return len(data) > 0
	default:
		return true
	}
}

// describe says what a value is, short enough for an error message.
func describe(data any) string {
	switch data := data.(type) {
	case nil:
		return "null"
	case string:
		const most = 60
		if runes := []rune(data); len(runes) > most {
			return strconv.Quote(string(runes[:most])) + "…"
		}
		return strconv.Quote(data)
	case bool:
		return strconv.FormatBool(data)
	case int64:
		return strconv.FormatInt(data, 10)
	case *big.Int:
		return data.String()
	case float64:
		return strconv.FormatFloat(data, 'g', -1, 64)
	case []Value:
		if len(data) == 0 {
			return "an empty list"
		}
		return "a list"
	case Map:
		return "a mapping"
	default:
		return "a value of another type"
	}
}

// The tags that make references.
const (
	Find       = "!Find"
	FindObject = "!FindObject"
	KeyOf      = "!KeyOf"
)

// WholeReference is Pending data that is one reference and nothing around it,
// so that the model it asks for can be checked offline.
type WholeReference interface {
	Pending
	Whole() Reference
}
