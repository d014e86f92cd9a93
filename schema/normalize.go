package schema

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
)

// Normalize gives the entry with each value as the server would store it, so
// that what is declared can be compared with what is live. A value that the
// server would refuse stays as it is, for Check to complain of.
func (k *Kind) Normalize(e tree.Entry) tree.Entry {
	e.Identifiers = k.normalizeMap(e.Identifiers)
	e.Attrs = k.normalizeMap(e.Attrs)
	return e
}

func (k *Kind) normalizeMap(m tree.Map) tree.Map {
	normalized := slices.Clone(m)
	for i := range normalized {
		value := &normalized[i].Value
		if normalized[i].Name() == PK {
			*value = tree.Value{Place: value.Place, Data: k.NormalizeID(value.Data)}
		} else if field := k.Fields.Field(normalized[i].Name()); field != nil {
			*value = field.Normalize(*value)
		}
	}
	return normalized
}

// Normalize gives the value as the server would store it. The rules are those
// of the recorded exchanges post-name-*, post-failed-*, post-show-* and
// post-cf-*: the field's own type decides what becomes of a value of another.
func (f *Field) Normalize(v tree.Value) tree.Value {
	switch f.Type {
	case Text:
		v.Data = f.normalizeText(v.Data)
	case Integer:
		v.Data = toInteger(v.Data)
	case Boolean:
		v.Data = toBoolean(v.Data)
	case Pointer:
		if v.Data == "" && f.Nullable {
			v.Data = nil
		}
		v.Data = canonicalUUID(v.Data)
	}
	return v
}

func (f *Field) normalizeText(data any) any {
	var text string
	switch data := data.(type) {
	case string:
		text = data
	case int64:
		text = strconv.FormatInt(data, 10)
	case *big.Int:
		text = data.String()
	case float64:
		text = tree.PythonFloat(data)
	default:
		return data
	}
	if f.Trim {
		text = strings.TrimFunc(text, tree.IsPythonSpace)
	}
	return text
}

var wholeNumber = regexp.MustCompile(`^([+-]?[0-9]+)(\.0*)?$`)

func toInteger(data any) any {
	switch data := data.(type) {
	case string:
		match := wholeNumber.FindStringSubmatch(strings.TrimFunc(data, tree.IsPythonSpace))
		if match == nil {
			return data
		}
		number, _ := new(big.Int).SetString(match[1], 10)
		return tree.Whole(number)
	case float64:
		if data != math.Trunc(data) || math.Abs(data) >= 1<<53 {
			return data
		}
		return int64(data)
	default:
		return data
	}
}

// The words that Django REST Framework takes for true and false.
var (
	trueWords  = []string{"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "1"}
	falseWords = []string{"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", "0"}
)

func toBoolean(data any) any {
	switch data := data.(type) {
	case string:
		if slices.Contains(trueWords, data) {
			return true
		}
		if slices.Contains(falseWords, data) {
			return false
		}
	case int64:
		if data == 0 || data == 1 {
			return data == 1
		}
	case float64:
		if data == 0 || data == 1 {
			return data == 1
		}
	}
	return data
}

// canonicalUUID gives a uuid in the form that the server answers with.
func canonicalUUID(data any) any {
	if text, isText := data.(string); isText {
		if id, err := uuid.Parse(text); err == nil {
			return id.String()
		}
	}
	return data
}

// NormalizeID returns a primary key of the kind as the server writes it.
func (k *Kind) NormalizeID(data any) any {
	if k.field(k.ID).Type == Integer {
		return toInteger(data)
	}
	return canonicalUUID(data)
}
