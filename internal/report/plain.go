package report

import (
	"encoding/json"
	"math"
	"math/big"

	"github.com/aksync/aksync/internal/tree"
)

// plain gives a value of a field as JSON can hold it, and whether all of it is
// known before apply. What has no form in JSON is the text that Literal writes
// for it.
func plain(value any) (data any, known bool) {
	switch value := value.(type) {
	case nil, bool, int, int64, *big.Int, json.Number, string:
		return value, true
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return string(appendFloat(nil, value)), true
		}
		return value, true
	case []any:
		return plainList(value)
	case map[string]any:
		return plainObject(value)
	case tree.ID:
		if value.Known == nil {
			return nil, false
		}
		return plain(value.Known)
	case tree.Text:
		return nil, false
	case mark:
		return string(value), true
	default:
		return string(appendLiteral(nil, value)), true
	}
}

func plainList(list []any) (data any, known bool) {
	elements := make([]any, len(list))
	for i, element := range list {
		if elements[i], known = plain(element); !known {
			return nil, false
		}
	}
	return elements, true
}

func plainObject(object map[string]any) (data any, known bool) {
	members := make(map[string]any, len(object))
	for key, value := range object {
		if members[key], known = plain(value); !known {
			return nil, false
		}
	}
	return members, true
}
