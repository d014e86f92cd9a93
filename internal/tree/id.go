package tree

import "slices"

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

// IDs returns the changes that plain data needs the keys of, in the order they
// are met, each once.
func IDs(plain any) []int {
	var changes []int
	walkIDs(plain, func(id ID) {
		if !slices.Contains(changes, id.Change) {
			changes = append(changes, id.Change)
		}
	})
	return changes
}

// Known reports whether plain data is known before apply.
func Known(plain any) bool {
	known := true
	walkIDs(plain, func(ID) { known = false })
	return known
}

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
		for _, value := range plain {
			walkIDs(value, found)
		}
	}
}
