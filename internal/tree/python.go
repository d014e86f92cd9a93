package tree

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// Scalar writes null, a truth value, a number or text as Python's str does, and
// reports whether data is one of these.
func Scalar(data any) (string, bool) {
	switch data := data.(type) {
	case nil:
		return "None", true
	case bool:
		if data {
			return "True", true
		}
		return "False", true
	case int64:
		return strconv.FormatInt(data, 10), true
	case *big.Int:
		return data.String(), true
	case float64:
		return PythonFloat(data), true
	case string:
		return data, true
	default:
		return "", false
	}
}

// PythonText writes evaluated data as Python's str does. It is an error where
// authentik would write something that says nothing to anybody, and where the
// text is known only after apply.
func PythonText(data any) (string, error) {
	if id, isID := data.(ID); isID && id.Known != nil {
		data = id.Known
	}
	if text, isScalar := Scalar(data); isScalar {
		return text, nil
	}
	return PythonRepr(data)
}

// PythonRepr writes evaluated data as Python's repr does, with the errors of
// PythonText.
func PythonRepr(data any) (string, error) {
	switch data := data.(type) {
	case string:
		return PythonQuote(data), nil
	case List:
		elements := make([]string, len(data))
		for i, element := range data {
			var err error
			if elements[i], err = PythonRepr(element.Data); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(elements, ", ") + "]", nil
	case Map:
		pairs := make([]string, len(data))
		for i, p := range data {
			key, err := PythonRepr(p.Key.Data)
			if err != nil {
				return "", err
			}
			value, err := PythonRepr(p.Value.Data)
			if err != nil {
				return "", err
			}
			pairs[i] = key + ": " + value
		}
		return "{" + strings.Join(pairs, ", ") + "}", nil
	case ID:
		return data.repr()
	case Object:
		return "", errors.New("a whole object is written by authentik in a form of its own: take a field of it by !AtIndex")
	default:
		if text, isScalar := Scalar(data); isScalar {
			return text, nil
		}
		return "", fmt.Errorf("%s can't be written within text", TypeName(data))
	}
}

// IsUUID reports whether the key is known and a UUID of Python's: any other key is
// text or a number there.
func (id ID) IsUUID() bool {
	known, isText := id.Known.(string)
	return isText && uuid.Validate(known) == nil
}

// repr writes a UUID as Python does within a list; a key that is no UUID is
// text or a number there too.
func (id ID) repr() (string, error) {
	switch known := id.Known.(type) {
	case nil:
		return "", errors.New("the key of an object that this pass creates is known after apply, and is taken only by a %s of its own")
	case string:
		if id.IsUUID() {
			return "UUID(" + PythonQuote(known) + ")", nil
		}
		return PythonQuote(known), nil
	default:
		return PythonRepr(known)
	}
}

// PythonQuote writes text as Python's repr does; like it, it prefers single quotes, as Python does.
func PythonQuote(text string) string {
	quote := '\''
	if strings.ContainsRune(text, '\'') && !strings.ContainsRune(text, '"') {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range text {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(pythonEscape(r))
		}
	}
	b.WriteRune(quote)
	return b.String()
}

func pythonEscape(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// PythonASCII writes evaluated data as Python's ascii does, with the errors of
// PythonText.
func PythonASCII(data any) (string, error) {
	text, err := PythonRepr(data)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(pythonEscape(r))
		}
	}
	return b.String(), nil
}
