package devserver

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// floats makes numbers that are no integers be written as Python does.
func floats(value any) any {
	switch value := value.(type) {
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return nil
		}
		return json.RawMessage(tree.PythonFloat(value))
	case []any:
		if !slices.ContainsFunc(value, holdsFloat) {
			return value
		}
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = floats(element)
		}
		return list
	case map[string]any:
		for _, element := range value {
			if holdsFloat(element) {
				m := make(map[string]any, len(value))
				for name, element := range value {
					m[name] = floats(element)
				}
				return m
			}
		}
	}
	return value
}

func holdsFloat(value any) bool {
	switch value := value.(type) {
	case float64:
		return true
	case []any:
		return slices.ContainsFunc(value, holdsFloat)
	case map[string]any:
		for _, element := range value {
			if holdsFloat(element) {
				return true
			}
		}
	}
	return false
}
