package schema

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
)

// Normalize returns the entry with each value as the server would store it, so
// that what is declared can be compared with what is live. A value that the
// server would refuse stays as it is, for Check to complain of. Identifiers are
// looked for in authentik's database, which makes less of text than the API does:
// see asIdentifier.
func (k *Kind) Normalize(e tree.Entry) tree.Entry {
	e.Identifiers = k.normalizeMap(e.Identifiers, (*Field).asIdentifier)
	e.Attrs = k.normalizeMap(e.Attrs, (*Field).Normalize)
	return e
}

// Stored returns a normalized entry with its identifiers as the object has them
// that was meant: one whose problems are known, or that asks for nothing.
func (k *Kind) Stored(e tree.Entry) tree.Entry {
	e.Identifiers = k.normalizeMap(e.Identifiers, (*Field).Normalize)
	return e
}

func (k *Kind) normalizeMap(m tree.Map, normalize func(*Field, tree.Value) tree.Value) tree.Map {
	normalized := slices.Clone(m)
	for i := range normalized {
		value := &normalized[i].Value
		if normalized[i].Name() == PK {
			*value = tree.Value{Place: value.Place, Data: k.NormalizeID(value.Data)}
		} else if field := k.Fields.Field(normalized[i].Name()); field != nil {
			*value = normalize(field, *value)
		}
	}
	return normalized
}

// Normalize returns the value as the server would store it. The rules are those
// of the recorded exchanges post-name-*, post-failed-*, post-show-* and
// post-cf-*: the field's own type decides what becomes of a value of another.
func (f *Field) Normalize(v tree.Value) tree.Value {
	v = f.normalizeType(v)
	if text, isText := v.Data.(string); isText && f.Trim {
		v.Data = strings.TrimFunc(text, tree.IsPythonSpace)
	}
	if f.Upper {
		v.Data = upper(v.Data)
	}
	return v
}

// upper makes capital letters of text and of that in a list.
func upper(data any) any {
	switch data := data.(type) {
	case string:
		return strings.ToUpper(data)
	case tree.List:
		list := slices.Clone(data)
		for i := range list {
			list[i].Data = upper(list[i].Data)
		}
		return list
	default:
		return data
	}
}

// asIdentifier is Normalize for a value that authentik looks for. White space at
// the ends of text stays, since it is not trimmed there; and text stays text that
// its database does not take for a truth value, a number or a key (seen with
// 2025.10.4: "no" and "false", "5.0" and "").
func (f *Field) asIdentifier(v tree.Value) tree.Value {
	text, isText := v.Data.(string)
	switch {
	case !isText:
	case f.Type == Boolean && !slices.Contains([]string{"t", "True", "1", "f", "False", "0"}, text),
		f.Type == Integer && strings.Contains(text, "."),
		f.Type == Pointer && text == "":
		return v
	}
	return f.normalizeType(v)
}

// normalizeType is Normalize but for white space.
func (f *Field) normalizeType(v tree.Value) tree.Value {
	switch f.Type {
	case Text:
		v.Data = normalizeText(v.Data)
	case Integer:
		v.Data = toInteger(v.Data)
	case Boolean:
		v.Data = toBoolean(v.Data)
	case Pointer:
		if v.Data == "" && f.Nullable {
			v.Data = nil
		}
		v.Data = canonicalUUID(v.Data)
	case Number:
		v.Data = toNumber(v.Data)
	case Time:
		v.Data = toTime(v.Data)
	case List, Struct:
		v.Data = f.normalizeParts(v.Data)
	case JSON:
	}
	return v
}

// normalizeParts is Normalize for the elements of a list and the fields of an
// object.
func (f *Field) normalizeParts(data any) any {
	switch data := data.(type) {
	case tree.List:
		if f.Element == nil {
			return data
		}
		list := make(tree.List, len(data))
		for i, element := range data {
			list[i] = f.Element.Normalize(element)
		}
		return list
	case tree.Map:
		if f.Fields == nil {
			return data
		}
		m := slices.Clone(data)
		for i, member := range m {
			if field := f.Fields.Field(member.Name()); field != nil {
				m[i].Value = field.Normalize(member.Value)
			}
		}
		return m
	default:
		return data
	}
}

func normalizeText(data any) any {
	switch data := data.(type) {
	case int64:
		return strconv.FormatInt(data, 10)
	case *big.Int:
		return data.String()
	case float64:
		return tree.PythonFloat(data)
	default:
		return data
	}
}

// mostNumber is how long text may be to be taken for a number; the server has the
// same limit.
const mostNumber = 1000

var wholeNumber = regexp.MustCompile(`^([+-]?[0-9]+)(\.0*)?$`)

func toInteger(data any) any {
	switch data := data.(type) {
	case string:
		if len(data) > mostNumber {
			return data
		}
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

// toNumber is for numbers that need not be whole (normalise/number-*).
func toNumber(data any) any {
	switch data := data.(type) {
	case int64:
		return float64(data)
	case string:
		if number, err := strconv.ParseFloat(strings.TrimFunc(data, tree.IsPythonSpace), 64); err == nil && len(data) <= mostNumber {
			return number
		}
	}
	return data
}

// toTime gives an instant as the server answers it: in UTC, to the microsecond
// (normalise/time-*). One without a zone is in UTC.
func toTime(data any) any {
	text, isText := data.(string)
	if !isText {
		return data
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if instant, err := time.Parse(layout, text); err == nil {
			instant = instant.UTC().Truncate(time.Microsecond)
			if instant.Nanosecond() == 0 {
				return instant.Format("2006-01-02T15:04:05Z")
			}
			return instant.Format("2006-01-02T15:04:05.000000Z")
		}
	}
	return text
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

// IsID reports whether an object of the kind can have a primary key, as text: others end
// the paths of other things, such as users/me.
func (k *Kind) IsID(text string) bool {
	return k.field(k.ID).CheckPlain(k.NormalizeID(text)) == ""
}
