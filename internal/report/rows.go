package report

import (
	"fmt"
	"reflect"
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

// rowsOf gives the rows of all fields of a change.
func rowsOf(change *sync.Change) []row {
	var rows []row
	for _, field := range change.Fields {
		rows = append(rows, fieldRows(change.Action, field)...)
	}
	return rows
}

func fieldRows(action sync.Action, field sync.FieldChange) []row {
	const unknown = "(known after apply)"
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
	case field.KnownAfterApply() && action == sync.Create:
		return one(" %s", unknown)
	case field.KnownAfterApply():
		return one(" %s -> %s", literal(field.Before, width-len(unknown)-len(" -> ")), unknown)
	case afterIsList && (beforeIsList || field.Before == nil):
		return append(one(""), listRows(before, after)...)
	case action == sync.Create:
		return one(" %s", literal(field.After, width))
	}
	// A value that is folded is as wide as it may be, and so is not beside
	// another one.
	old, now := literal(field.Before, width), literal(field.After, width)
	if utf8.RuneCountInString(old)+len(" -> ")+utf8.RuneCountInString(now) <= width {
		return one(" %s -> %s", old, now)
	}
	return append(one(""), pairRows(field.Before, field.After)...)
}

// pairRows sets two long values below each other. Of two long texts that part
// is shown in which they differ.
func pairRows(before, after any) []row {
	width := room(elementDepth)
	old, now := literal(before, width), literal(after, width)
	if a, isText := before.(string); isText {
		if b, isText := after.(string); isText {
			from := differsFrom(a, b)
			old, now = quoteFrom(a, width, from), quoteFrom(b, width, from)
		}
	}
	return []row{{'-', elementDepth, old}, {'+', elementDepth, now}}
}

// listRows gives a list an element a row, as it will be: with those that go at
// their old place, and a sign at those that are new or have another place.
func listRows(before, after []any) []row {
	stays := common(before, after)
	movedTo := moves(before, after, stays)
	movedFrom := map[int]int{}
	for i, j := range movedTo {
		movedFrom[j] = i
	}
	kept := map[int]bool{}
	for _, j := range stays {
		kept[j] = true
	}
	var rows []row
	add := func(sign byte, format string, a ...any) {
		rows = append(rows, row{sign, elementDepth, fmt.Sprintf(format, a...)})
	}
	width := room(elementDepth)
	i := 0
	removeUntilKept := func() {
		for ; i < len(before); i++ {
			if _, stay := stays[i]; stay {
				return
			}
			if _, moved := movedTo[i]; !moved {
				add('-', "%s", literal(before[i], width))
			}
		}
	}
	for j, element := range after {
		removeUntilKept()
		from, moved := movedFrom[j]
		switch {
		case kept[j]:
			add(' ', "%s", literal(element, width))
			i++
		case moved:
			note := fmt.Sprintf(" (moved from %d to %d)", from+1, j+1)
			add('~', "%s%s", literal(element, width-len(note)), note)
		default:
			add('+', "%s", literal(element, width))
		}
	}
	removeUntilKept()
	return foldUnchanged(rows)
}

// foldUnchanged leaves out the middle of many elements in a row that stay.
func foldUnchanged(rows []row) []row {
	const most = 4
	var folded []row
	for first := 0; first < len(rows); {
		end := first
		for end < len(rows) && rows[end].sign == ' ' {
			end++
		}
		switch run := end - first; {
		case run == 0:
			folded = append(folded, rows[first])
			end++
		case run <= most:
			folded = append(folded, rows[first:end]...)
		default:
			folded = append(folded, rows[first],
				row{' ', elementDepth, fmt.Sprintf("%s %d more that stay", ellipsis, run-2)}, rows[end-1])
		}
		first = end
	}
	return folded
}

// common gives a longest common subsequence of two lists: which element of the
// first one stays as which of the second one. Lists too long for the time that
// this takes have only their common beginning and end in common.
func common(before, after []any) map[int]int {
	const mostCells = 1 << 20
	stays := map[int]int{}
	start := 0
	for start < min(len(before), len(after)) && reflect.DeepEqual(before[start], after[start]) {
		stays[start] = start
		start++
	}
	endBefore, endAfter := len(before), len(after)
	for endBefore > start && endAfter > start && reflect.DeepEqual(before[endBefore-1], after[endAfter-1]) {
		endBefore, endAfter = endBefore-1, endAfter-1
		stays[endBefore] = endAfter
	}
	if (endBefore-start)*(endAfter-start) <= mostCells {
		for i, j := range longest(before[start:endBefore], after[start:endAfter]) {
			stays[start+i] = start + j
		}
	}
	return stays
}

// longest is the textbook's table for a longest common subsequence.
func longest(before, after []any) map[int]int {
	lengths := make([][]int, len(before)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if reflect.DeepEqual(before[i], after[j]) {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	pairs := map[int]int{}
	for i, j := 0, 0; i < len(before) && j < len(after); {
		switch {
		case reflect.DeepEqual(before[i], after[j]):
			pairs[i] = j
			i, j = i+1, j+1
		case lengths[i+1][j] >= lengths[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// moves pairs equal elements of two lists that do not stay.
func moves(before, after []any, stays map[int]int) map[int]int {
	taken := map[int]bool{}
	for _, j := range stays {
		taken[j] = true
	}
	moved := map[int]int{}
	for i, element := range before {
		if _, stay := stays[i]; stay {
			continue
		}
		for j, other := range after {
			if !taken[j] && reflect.DeepEqual(element, other) {
				moved[i], taken[j] = j, true
				break
			}
		}
	}
	return moved
}
