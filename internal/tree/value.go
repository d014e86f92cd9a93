// Package tree holds what a blueprint is made of, in whatever form it is written:
// values with their places, tags before they are evaluated, references that only
// a server can answer, entries, and what is wrong with any of it.
package tree

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Value is something written in a blueprint, with the place it was written at.
// Values are never changed once they are made: aliases share them.
//
// Data is nil, a bool, an int64 (a *big.Int where that is too small), a float64,
// a string, a List or a Map; a *Call before its tag is evaluated, and a Pending
// until a server is asked; an ID or a Text where it is made of the keys of
// objects; an Unusable or a Broken where it is wrong.
type Value struct {
	Place Place
	Data  any
}

// List is a list of values.
type List []Value

// Map is a mapping in the order it was written. It keeps what its keys are,
// since Python tells 1 from "1".
type Map []Pair

// Pair is one key of a Map with its value.
type Pair struct{ Key, Value Value }

// Name is the key as text.
func (p Pair) Name() string { return KeyText(p.Key.Data) }

// Member gives a pair whose key is text.
func Member(place Place, name string, value Value) Pair {
	return Pair{Value{place, name}, value}
}

// Call is a tag with what follows it: text, or a list of arguments.
type Call struct {
	Tag string
	Arg Value
}

// Unusable is a value that YAML knows and a blueprint can't hold. It is an error
// only where it would be used.
type Unusable struct{ Why string }

// Broken is a value whose problem is known already.
type Broken struct{}

// Get returns the value under a key that is text, and reports whether there is
// one.
func (m Map) Get(name string) (Value, bool) {
	for _, p := range m {
		if p.Key.Data == name {
			return p.Value, true
		}
	}
	return Value{}, false
}

// Find returns the position of a key, as Python compares keys, or -1.
func (m Map) Find(key any) int {
	wanted := KeyID(key)
	return slices.IndexFunc(m, func(p Pair) bool { return KeyID(p.Key.Data) == wanted })
}

// Overlay returns base with over's pairs in place of those of the same key.
func Overlay(base, over Map) Map {
	if len(base) == 0 {
		return over
	}
	at := make(map[string]int, len(base))
	result := make(Map, 0, len(base)+len(over))
	for _, pairs := range []Map{base, over} {
		for _, p := range pairs {
			id := KeyID(p.Key.Data)
			if i, known := at[id]; known {
				result[i] = p
				continue
			}
			at[id] = len(result)
			result = append(result, p)
		}
	}
	return result
}

// KeyID is equal for keys that Python takes for the same one.
func KeyID(key any) string {
	switch key := key.(type) {
	case string:
		return "s" + key
	case bool:
		if key {
			return "n1"
		}
		return "n0"
	case int64:
		return "n" + strconv.FormatInt(key, 10)
	case *big.Int:
		return "n" + key.String()
	case float64:
		return "n" + strconv.FormatFloat(key, 'f', -1, 64)
	default: // null, and what IsKey refuses
		return ""
	}
}

// IsKey reports whether a mapping can have the data for a key.
func IsKey(data any) bool {
	switch data.(type) {
	case nil, bool, int64, *big.Int, float64, string:
		return true
	default:
		return false
	}
}

// KeyText is a key as JSON writes it, which is how authentik stores it.
func KeyText(key any) string {
	switch key := key.(type) {
	case string:
		return key
	case bool:
		return strconv.FormatBool(key)
	case nil:
		return "null"
	case int64:
		return strconv.FormatInt(key, 10)
	case *big.Int:
		return key.String()
	case float64:
		return PythonFloat(key)
	default: // IsKey has refused it
		return TypeName(key)
	}
}

// PathKey is a key as a path shows it: keys may be as long as the file.
func PathKey(key any) string {
	const most = 60
	text := KeyText(key)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Whole gives a number as an int64 if it fits.
func Whole(number *big.Int) any {
	if number.IsInt64() {
		return number.Int64()
	}
	return number
}

// Plain returns a value's data without places: nil, bool, int64, *big.Int,
// float64, string, []any or map[string]any. An ID that is known is its key; one
// that is not, a Text and a Pending stay as they are.
func (v Value) Plain() any {
	switch data := v.Data.(type) {
	case List:
		plain := make([]any, len(data))
		for i, element := range data {
			plain[i] = element.Plain()
		}
		return plain
	case Map:
		plain := make(map[string]any, len(data))
		for _, p := range data {
			plain[p.Name()] = p.Value.Plain()
		}
		return plain
	case Object:
		return Value{Data: Map(data)}.Plain()
	case ID:
		if data.Known != nil {
			return data.Known
		}
		return data
	default:
		return data
	}
}

// PlainJSON returns data decoded with json.Decoder.UseNumber as Plain has it:
// numbers as int64, *big.Int or float64.
func PlainJSON(data any) any {
	switch data := data.(type) {
	case json.Number:
		if number, ok := new(big.Int).SetString(data.String(), 10); ok {
			return Whole(number)
		}
		number, _ := data.Float64()
		return number
	case []any:
		plain := make([]any, len(data))
		for i, element := range data {
			plain[i] = PlainJSON(element)
		}
		return plain
	case map[string]any:
		plain := make(map[string]any, len(data))
		for key, value := range data {
			plain[key] = PlainJSON(value)
		}
		return plain
	default:
		return data
	}
}

// FromJSON returns data decoded with json.Decoder.UseNumber as a Value without
// places.
func FromJSON(data any) Value {
	switch data := data.(type) {
	case []any:
		list := make(List, len(data))
		for i, element := range data {
			list[i] = FromJSON(element)
		}
		return Value{Data: list}
	case map[string]any:
		m := make(Map, 0, len(data))
		for key, value := range data {
			m = append(m, Member(Place{}, key, FromJSON(value)))
		}
		slices.SortFunc(m, func(a, b Pair) int { return strings.Compare(a.Name(), b.Name()) })
		return Value{Data: m}
	default:
		return Value{Data: PlainJSON(data)}
	}
}

// Truthy reports whether Python, and so authentik, takes the value for true.
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
	case List:
		return len(data) > 0
	case Map:
		return len(data) > 0
	default: // a key, or text with a key in it
		return true
	}
}

// Describe says what data is, short enough for an error message.
func Describe(data any) string {
	switch data := data.(type) {
	case string:
		const most = 60
		if runes := []rune(data[:min(len(data), most*utf8.UTFMax)]); len(runes) > most {
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
	case ID:
		if data.Known != nil {
			return Describe(data.Known)
		}
	case List:
		if len(data) == 0 {
			return "an empty list"
		}
	case []any:
		if len(data) == 0 {
			return "an empty list"
		}
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	return TypeName(data)
}

// TypeName is what a value is called in a message.
func TypeName(data any) string {
	switch data := data.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case int64, *big.Int:
		return "a whole number"
	case float64:
		return "a number"
	case string:
		return "text"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	case Object:
		return "an object"
	case ID:
		if data.Known == nil {
			return "a key that is known after apply"
		}
		return "the key of an object"
	case Text:
		return "text with a key that is known after apply"
	case *Call:
		return "the tag " + data.Tag
	default:
		return "a value of another type"
	}
}

// Within returns the value with the place of what it stands in for each part that
// has none of its own, such as what a server answered.
func (v Value) Within(place Place) Value {
	if v.Place != (Place{}) {
		place = v.Place
	}
	switch data := v.Data.(type) {
	case List:
		elements := make(List, len(data))
		for i, element := range data {
			elements[i] = element.Within(place)
		}
		return Value{place, elements}
	case Map:
		pairs := make(Map, len(data))
		for i, p := range data {
			pairs[i] = Pair{p.Key.Within(place), p.Value.Within(place)}
		}
		return Value{place, pairs}
	case Object:
		fields, _ := Value{place, Map(data)}.Within(place).Data.(Map)
		return Value{place, Object(fields)}
	default:
		return Value{place, data}
	}
}

// Unique keeps the last value of each key, at the place of the first.
func (m Map) Unique() Map { return Overlay(Map{{}}, m)[1:] }
