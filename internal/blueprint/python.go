package blueprint

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/aksync/aksync/schema"
)

// pythonText writes evaluated data as Python's str does.
func pythonText(data any) string {
	if text, isText := data.(string); isText {
		return text
	}
	return pythonRepr(data)
}

// pythonRepr writes evaluated data as Python's repr does.
func pythonRepr(data any) string {
	switch data := data.(type) {
	case nil:
		return "None"
	case bool:
		if data {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(data, 10)
	case *big.Int:
		return data.String()
	case float64:
		return schema.PythonFloat(data)
	case string:
		return pythonQuote(data)
	case list:
		elements := make([]string, len(data))
		for i, element := range data {
			elements[i] = pythonRepr(element.data)
		}
		return "[" + strings.Join(elements, ", ") + "]"
	case dict:
		pairs := make([]string, len(data))
		for i, p := range data {
			pairs[i] = pythonRepr(p.key.data) + ": " + pythonRepr(p.value.data)
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	default:
		return fmt.Sprint(data)
	}
}

// pythonQuote prefers single quotes, as Python does.
func pythonQuote(text string) string {
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

// pythonASCII writes evaluated data as Python's ascii does.
func pythonASCII(data any) string {
	var b strings.Builder
	for _, r := range pythonRepr(data) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(pythonEscape(r))
		}
	}
	return b.String()
}

// truthy tells whether Python takes evaluated data for true.
func truthy(data any) bool {
	switch data := data.(type) {
	case list:
		return len(data) > 0
	case dict:
		return len(data) > 0
	default:
		return schema.Value{Data: data}.Truthy()
	}
}

// typeName is what a value is called in a message.
func typeName(data any) string {
	switch data := data.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case int64, *big.Int:
		return "a whole number"
	case float64:
		return "a number"
	case string:
		return "text"
	case list:
		return "a list"
	case dict:
		return "a mapping"
	case *call:
		return "the tag " + data.tag
	default:
		return "a value of another type"
	}
}
