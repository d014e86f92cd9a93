package report

import (
	"fmt"
	"unicode/utf8"

	"github.com/aksync/aksync/sync"
)

// row is one line of what becomes of an object: text and Markdown are written
// from the same rows.
type row struct {
	// sign is +, -, ~ or a space, for what stays.
	sign  byte
	depth int
	text  string
}

// The depths of rows.
const (
	fieldDepth   = 1
	elementDepth = 2
)

// room is how many columns a row of a depth has for its text.
func room(depth int) int { return columns - 2*depth - 2 }

// rowsOf gives the rows of all fields of a change. Each field has one, and a list
// no more below it than a reader takes in: fewer where the lists before it have
// had many.
func rowsOf(names *Names, change *sync.Change) []row {
	const mostOfList, mostOfChange = 40, 200
	var rows []row
	for _, field := range change.Fields {
		left := mostOfChange - len(rows) - 1
		rows = append(rows, fieldRows(change.Action, names.Shown(change.Action, field), min(max(left, 1), mostOfList))...)
	}
	return append(rows, alongOf(change)...)
}

// afterCreation says why a change of an object that the same plan creates is one of its
// own; nothing of any other change.
func afterCreation(change *sync.Change) string {
	switch {
	case change.Of == nil:
		return ""
	case change.Permits != nil:
		return "after its creation"
	default:
		return "after its creation, for what it can't have at once"
	}
}

// fieldRows gives the rows of a field as it is shown, of which a list has no more than
// most.
func fieldRows(action sync.Action, field sync.FieldChange, most int) []row {
	sign := byte('~')
	if action == sync.Create {
		sign = '+'
	}
	name, width := clean(field.Name), room(fieldDepth)
	one := func(format string, a ...any) []row {
		return []row{{sign, fieldDepth, name + ":" + fmt.Sprintf(format, a...)}}
	}
	width -= utf8.RuneCountInString(name) + len(": ")
	before, beforeIsList := field.Before.([]any)
	after, afterIsList := field.After.([]any)
	switch {
	case afterIsList && len(before)+len(after) == 0:
		return one(" []")
	case afterIsList && (beforeIsList || field.Before == nil):
		return append(one(""), listRows(before, after, most)...)
	case isMultiline(field.Before) || isMultiline(field.After):
		if rows := textRows(field, most); rows != nil {
			return append(one(""), rows...)
		}
	case action == sync.Create:
		if o, isObject := field.After.(object); isObject {
			o, further := o.split(sign, width)
			return append(one(" %s", o.literal(width)), further...)
		}
		if rows := objectRows(field, most); rows != nil && utf8.RuneCount(appendLiteral(nil, field.After)) > width {
			return append(one(""), rows...)
		}
		return one(" %s", Literal(field.After, width))
	}
	if rows := objectRows(field, most); rows != nil {
		return append(one(""), rows...)
	}
	// A value that is folded is as wide as it may be, and so is not beside
	// another one.
	old, now := Literal(field.Before, width), Literal(field.After, width)
	if field.Sensitive && old == now {
		return one(" %s", now)
	}
	if utf8.RuneCountInString(old)+len(" -> ")+utf8.RuneCountInString(now) <= width {
		return one(" %s -> %s", old, now)
	}
	return append(one(""), pairRows(elementDepth, field.Before, field.After)...)
}

// textRows compares texts of several lines; nil where one of them is none.
func textRows(field sync.FieldChange, most int) []row {
	before, wasText := textOf(field.Before)
	after, isText := textOf(field.After)
	if !wasText || !isText {
		return nil
	}
	return lineRows(before, after, most)
}

// objectRows compares objects by path; nil where one of them is none.
func objectRows(field sync.FieldChange, most int) []row {
	before, wasObject := field.Before.(map[string]any)
	after, isObject := field.After.(map[string]any)
	if !isObject || !wasObject && field.Before != nil || len(before)+len(after) == 0 {
		return nil
	}
	return memberRows(before, after, most)
}

// pairRows sets two long values below each other.
func pairRows(depth int, before, after any) []row {
	old, now := apart(before, after, room(depth))
	return []row{{'-', depth, old}, {'+', depth, now}}
}

// apart writes two values, each as wide as it may be: of two texts that part in which
// they differ.
func apart(before, after any, width int) (old, now string) {
	a, wasText := before.(string)
	b, isText := after.(string)
	if !wasText || !isText {
		return Literal(before, width), Literal(after, width)
	}
	from := differsFrom(a, b)
	return quoteFrom(a, width, from), quoteFrom(b, width, from)
}
