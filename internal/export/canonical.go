package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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

// digest is equal for objects of a kind that are declared alike.
func (e *entry) digest() string {
	sum := sha256.Sum256([]byte(e.text()))
	return hex.EncodeToString(sum[:16])
}
