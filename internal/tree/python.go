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
	var b strings.Builder
	if err := writeRepr(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

func writeRepr(b *strings.Builder, data any) error {
	switch data := data.(type) {
	case string:
		writeQuoted(b, data)
	case List:
		return writeListRepr(b, data)
	case Map:
		return writeMapRepr(b, data)
	case ID:
		return writeIDRepr(b, data)
	case Text:
		return errors.New("text with the key of an object that this pass creates is known after apply, and is taken only by a %s of its own")
	case Object:
		return errors.New("a whole object is written by authentik in a form of its own: take a field of it by !AtIndex")
	default:
		text, isScalar := Scalar(data)
		if !isScalar {
			return fmt.Errorf("%s can't be written within text", TypeName(data))
		}
		b.WriteString(text)
	}
	return nil
}

func writeListRepr(b *strings.Builder, elements List) error {
	b.WriteByte('[')
	for i, element := range elements {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := writeRepr(b, element.Data); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func writeMapRepr(b *strings.Builder, pairs Map) error {
	b.WriteByte('{')
	for i, p := range pairs {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := writeRepr(b, p.Key.Data); err != nil {
			return err
		}
		b.WriteString(": ")
		if err := writeRepr(b, p.Value.Data); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// IsUUID reports whether the key is known and a UUID of Python's: any other key is
// text or a number there.
func (id ID) IsUUID() bool {
	known, isText := id.Known.(string)
	return isText && uuid.Validate(known) == nil
}

// writeIDRepr writes a UUID as Python does within a list; a key that is no UUID is
// text or a number there too.
func writeIDRepr(b *strings.Builder, id ID) error {
	switch {
	case id.Known == nil:
		return errors.New("the key of an object that this pass creates is known after apply, and is taken only by a %s of its own")
	case !id.IsUUID():
		return writeRepr(b, id.Known)
	}
	b.WriteString("UUID(")
	writeQuoted(b, id.Known.(string))
	b.WriteByte(')')
	return nil
}

// writeQuoted writes text as Python's repr does: in single quotes, but where
// the text holds one and no double quote.
func writeQuoted(b *strings.Builder, text string) {
	quote := '\''
	if strings.ContainsRune(text, '\'') && !strings.ContainsRune(text, '"') {
		quote = '"'
	}
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
