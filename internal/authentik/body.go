package authentik

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// maxDepth bounds how deep a body is nested. One beyond it holds itself.
const maxDepth = 100

// encode writes a body as JSON. It refuses what is not one of JSON's own values:
// encoding/json would make something of nearly any value of Go, and the server
// would store that.
func encode(body Object) ([]byte, error) {
	for name, value := range body {
		if err := sendable(step("", name), value, maxDepth); err != nil {
			return nil, fmt.Errorf("the body cannot be written as JSON: %w", err)
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("the body cannot be written as JSON: %w", err)
	}
	return data, nil
}

// sendable returns an error where the value at path is not for JSON. The error
// has the value's type and never the value.
func sendable(path string, value any, depth int) error {
	if depth == 0 {
		return errors.New("it is nested too deeply")
	}
	switch value := value.(type) {
	case nil, bool, string, int, int64:
		return nil
	case json.Number:
		if !isNumber(string(value)) {
			return fmt.Errorf("%s is a json.Number that holds no number", path)
		}
	case *big.Int:
		if value == nil {
			return fmt.Errorf("%s is a nil *big.Int", path)
		}
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("%s is %g, and JSON has only finite numbers", path, value)
		}
	case []any:
		for i, member := range value {
			if err := sendable(step(path, strconv.Itoa(i)), member, depth-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, member := range value {
			if err := sendable(step(path, name), member, depth-1); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s is a %T: want null, a boolean, a text, a number, a list or an object as encoding/json decodes them", path, value)
	}
	return nil
}

// isNumber reports whether text is a number of JSON and nothing beside it.
func isNumber(text string) bool {
	digit := func(b byte) bool { return '0' <= b && b <= '9' }
	return json.Valid([]byte(text)) && (text[0] == '-' || digit(text[0])) && digit(text[len(text)-1])
}
