package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// canonical is text that is equal for equal values, wherever an object is and whatever
// its primary key.
func canonical(value any) string {
	text, err := json.Marshal(plainOf(value))
	if err != nil { // a number that is not finite
		return fmt.Sprint(value)
	}
	return string(text)
}

// plainOf gives a value with lists in place of references.
func plainOf(value any) any {
	switch value := value.(type) {
	case reference:
		return []any{"!Find", value.model, plainFields(value.where)}
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = plainOf(element)
		}
		return list
	default:
		return value
	}
}

func plainFields(fields []field) map[string]any {
	plain := make(map[string]any, len(fields))
	for _, f := range fields {
		plain[f.name] = plainOf(f.value)
	}
	return plain
}

// digest is equal for objects of a kind that are declared alike, but for what servers
// draw by lot. What nobody can make is told from others by its name alone.
func (e *entry) digest() string {
	fields := slices.Clone(e.fields)
	for i, f := range fields {
		fields[i].value = f.of.WithoutDrawn(f.value)
	}
	identifiers := e.identifiers
	if !e.kind.Create {
		identifiers = nil
	}
	sum := sha256.Sum256([]byte(canonical([]any{plainFields(identifiers), plainFields(fields)})))
	return hex.EncodeToString(sum[:16])
}
