package tree

import (
	"maps"
	"slices"

	"github.com/google/uuid"
)

// ID is the primary key of an object that a reference means. authentik's tags
// give the key itself, a UUID or a number of Python's, and not its text.
type ID struct {
	// Known is the key, a string or an int64; nil where the object is yet to be
	// created.
	Known any
	// Change is the number of the change that creates the object, where Known
	// is nil.
	Change int
}

// Text is text that is known only after apply: its parts are each a string or an
// ID that is not known, and one at least is an ID.
type Text []any

// Late reports whether evaluated data is itself known only after apply. What is
// in a list or a mapping does not count.
func Late(data any) bool {
	switch data := data.(type) {
	case ID:
		return data.Known == nil
	case Text:
		return true
	default:
		return false
	}
}

// Python gives evaluated data as Python has it: the known key of an object is a
// number or text there if it is no UUID. A UUID stays an ID, and so does a key
// that is not known.
func Python(data any) any {
	id, isID := data.(ID)
	if !isID {
		return data
	}
	switch known := id.Known.(type) {
	case int64:
		return known
	case string:
		const dashed = 36 // as a server answers it
		if len(known) != dashed || uuid.Validate(known) != nil {
			return known
		}
	}
	return id
}

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
