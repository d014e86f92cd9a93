package schema

import (
	"math/big"
	"reflect"
	"slices"
	"strings"
)

// Same reports whether a declared value is what the object has, both as
// Value.Plain has them: sets without an order, JSON by value, URLs by what they
// were made of.
func (f *Field) Same(declared, live any) bool {
	switch {
	case f.Via != nil && f.Via.URL:
		return sameURL(declared, live, f.Via.Unset)
	case f.Set:
		return sameSet(declared, live, f.Superset)
	case f.Type == JSON, f.Type == Number:
		return sameJSON(declared, live)
	default:
		return reflect.DeepEqual(declared, live)
	}
}

// sameSet compares two lists as sets; live may have more where more is set.
func sameSet(declared, live any, more bool) bool {
	a, isList := declared.([]any)
	b, isListToo := live.([]any)
	if !isList || !isListToo {
		return reflect.DeepEqual(declared, live)
	}
	return contains(b, a) && (more || contains(a, b))
}

// contains reports whether each element of the one list is in the other.
func contains(in, elements []any) bool {
	if len(elements) < 8 {
		return !slices.ContainsFunc(elements, func(element any) bool {
			return !slices.ContainsFunc(in, func(other any) bool { return reflect.DeepEqual(element, other) })
		})
	}
	known := make(map[any]bool, len(in))
	for _, element := range in {
		if isComparable(element) {
			known[element] = true
		}
	}
	return !slices.ContainsFunc(elements, func(element any) bool { return !isComparable(element) || !known[element] })
}

func isComparable(data any) bool { return data == nil || reflect.TypeOf(data).Comparable() }

// sameJSON compares by value: 5 and 5.0 are one number.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case []any:
		list, isList := b.([]any)
		return isList && slices.EqualFunc(a, list, sameJSON)
	case map[string]any:
		m, isMap := b.(map[string]any)
		if !isMap || len(a) != len(m) {
			return false
		}
		for name, value := range a {
			if other, has := m[name]; !has || !sameJSON(value, other) {
				return false
			}
		}
		return true
	}
	if x, isNumber := float(a); isNumber {
		y, isNumberToo := float(b)
		return isNumberToo && x == y && (reflect.TypeOf(a) != reflect.TypeOf(b) || reflect.DeepEqual(a, b))
	}
	return reflect.DeepEqual(a, b)
}

func float(data any) (number float64, is bool) {
	switch data := data.(type) {
	case int64:
		return float64(data), true
	case float64:
		return data, true
	case *big.Int:
		number, _ := new(big.Float).SetInt(data).Float64()
		return number, true
	}
	return 0, false
}

// sameURL compares what was declared with the URL that the server makes of it:
// images/a.png is /media/public/images/a.png, and /x may have a prefix and a host
// (KINDS.md 4.3). Nothing declared is nothing, or the server's own image, in whose URL
// unset is.
func sameURL(declared, live any, unset string) bool {
	want, isText := declared.(string)
	has, _ := live.(string)
	if !isText || reflect.DeepEqual(declared, live) {
		return reflect.DeepEqual(declared, live)
	}
	if want == "" {
		return has == "" || unset != "" && strings.Contains(has, unset)
	}
	has, _, _ = strings.Cut(has, "?")
	return strings.HasSuffix(has, "/"+strings.TrimPrefix(want, "/"))
}
