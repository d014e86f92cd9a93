package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/aksync/aksync/internal/tree"
)

// afterApply stands for what depends on an object that the same apply creates.
// It stands outside the quotes, as the ellipsis does.
const afterApply = "(known after apply)"

// Literal writes a value of a field as JSON that prints on one line, with a note
// in place of what is known only after apply. A value that is wider than width
// is folded in the middle.
func Literal(value any, width int) string {
	if text, isText := value.(string); isText {
		return quote(text, width)
	}
	if o, isObject := value.(object); isObject {
		return o.literal(width)
	}
	return foldMiddle(string(appendLiteral(nil, value)), isPrint, "", width)
}

func isPrint(r rune) bool { return strconv.IsPrint(r) }

// appendLiteral appends a value as Literal writes it, but whole. Two values are
// equal where their literals are. A value that no field can have is named by its
// kind, and nothing of it is shown.
func appendLiteral(b []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, value)
	case int:
		return strconv.AppendInt(b, int64(value), 10)
	case int64:
		return strconv.AppendInt(b, value, 10)
	case *big.Int:
		return value.Append(b, 10)
	case float64:
		return appendFloat(b, value)
	case json.Number:
		return append(b, value...)
	case string:
		return appendText(b, value)
	case mark:
		return append(b, value...)
	case object:
		return append(b, value.literal(math.MaxInt)...)
	case []any:
		return appendList(b, value)
	case map[string]any:
		return appendObject(b, value)
	case tree.ID:
		if value.Known == nil {
			return append(b, afterApply...)
		}
		return appendLiteral(b, value.Known)
	case tree.Text:
		for _, part := range value {
			b = appendLiteral(b, part)
		}
		return b
	default:
		return append(append(append(b, '('), tree.TypeName(value)...), ')')
	}
}

func appendList(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLiteral(b, element)
	}
	return append(b, ']')
}

func appendObject(b []byte, object map[string]any) []byte {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key), ':')
		b = appendLiteral(b, object[key])
	}
	return append(b, '}')
}

// appendFloat appends a number; YAML's .inf and .nan are none in JSON.
func appendFloat(b []byte, number float64) []byte {
	if text, err := json.Marshal(number); err == nil {
		return append(b, text...)
	}
	return strconv.AppendFloat(b, number, 'g', -1, 64)
}

// appendText appends text as JSON has it; nearly all of it is in quotes as it
// is.
func appendText(b []byte, text string) []byte {
	plain := func(r byte) bool { return ' ' <= r && r < 0x7f && r != '"' && r != '\\' }
	for i := range len(text) {
		if !plain(text[i]) {
			return appendEncoded(b, text)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

func appendEncoded(b []byte, text string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	// Text can be encoded, and a buffer be written to.
	_ = encoder.Encode(text)
	return append(b, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...)
}
