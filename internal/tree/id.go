package tree

import (
	"maps"
	"slices"
	"strings"
)

// ID is the primary key of an object that a reference means. authentik's tags
// give the key itself, a UUID or a number of Python's, and not its text.
type ID struct {
	// Known is the key, a string or an int64; nil where the object is yet to be
	// created.
	Known any
	// Model is that of a base by which a known key was looked up, where it is not
	// sure of which kind the object is; or empty.
	Model string
	// Change is the number of the change that creates the object, where Known
	// is nil.
	Change int
}

// Text is text that is known only after apply: its parts are each a string or an
// ID that is not known, and one at least is an ID.
type Text []any

// IDs returns the changes that plain data needs the keys of, in the order they
// are met, each once.
func IDs(plain any) []int {
	var changes []int
	walkIDs(plain, func(id ID) {
		if id.Known == nil && !slices.Contains(changes, id.Change) {
			changes = append(changes, id.Change)
		}
	})
	return changes
}

// Known reports whether plain data is known before apply.
func Known(plain any) bool {
	known := true
	walkIDs(plain, func(id ID) { known = known && id.Known != nil })
	return known
}

// HasLater reports whether the value, or anything in it, is known only after apply.
func (v Value) HasLater() bool {
	switch data := v.Data.(type) {
	case Text:
		return true
	case ID:
		return data.Known == nil
	case List:
		return slices.ContainsFunc(data, Value.HasLater)
	case Map:
		return slices.ContainsFunc(data, func(p Pair) bool { return p.Value.HasLater() })
	default:
		return false
	}
}

// walkIDs calls found for each ID in plain data, in the same order every time.
func walkIDs(plain any, found func(ID)) {
	switch plain := plain.(type) {
	case ID:
		found(plain)
	case Text:
		for _, part := range plain {
			walkIDs(part, found)
		}
	case []any:
		for _, element := range plain {
			walkIDs(element, found)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(plain)) {
			walkIDs(plain[name], found)
		}
	}
}

// Replace returns plain data with each ID that is not known replaced by what by
// returns for it; a Text of which all parts are known then is a string.
func Replace(plain any, by func(ID) any) any {
	switch plain := plain.(type) {
	case ID:
		return by(plain)
	case Text:
		return replaceText(plain, by)
	case []any:
		replaced := make([]any, len(plain))
		for i, element := range plain {
			replaced[i] = Replace(element, by)
		}
		return replaced
	case map[string]any:
		replaced := make(map[string]any, len(plain))
		for key, value := range plain {
			replaced[key] = Replace(value, by)
		}
		return replaced
	default:
		return plain
	}
}

func replaceText(parts Text, by func(ID) any) any {
	var text strings.Builder
	replaced := make(Text, len(parts))
	known := true
	for i, part := range parts {
		if id, isID := part.(ID); isID {
			part = by(id)
		}
		replaced[i] = part
		literal, isScalar := Scalar(part)
		text.WriteString(literal)
		known = known && isScalar
	}
	if known {
		return text.String()
	}
	return replaced
}
