package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// listRows gives a list an element a row, as it will be: with those that go at
// their old place, and a sign at those that are new or have another place. There
// are no more rows than most; the last one counts what has none.
func listRows(before, after []any, most int) []row {
	return foldedRows(paired(outcome(before, after)), 1, most, element.rows)
}

// foldedRows gives elements their rows, no more than most. Of many in a row that stay
// those around others have one.
func foldedRows(elements []element, around, most int, show func(element) []row) []row {
	parts := fold(elements, around)
	if len(parts) > most {
		first := parts[most-1].from
		parts = append(parts[:most-1:most-1], part{first, len(elements)})
	}
	rows := make([]row, 0, len(parts))
	for _, p := range parts {
		if p.to-p.from == 1 {
			rows = append(rows, show(elements[p.from])...)
		} else {
			rows = append(rows, countRow(elements[p.from:p.to]))
		}
	}
	return rows
}

// element is one of a list and what becomes of it.
type element struct {
	sign  byte
	value any
	// from and to are its places, from 1, where it moves.
	from, to int
	// was is the object that it was, of which a member changes; else nil.
	was map[string]any
}

func (e element) rows() []row {
	if e.was != nil {
		return e.memberRows()
	}
	if object, isObject := e.value.(map[string]any); isObject && e.sign != ' ' && utf8.RuneCount(appendLiteral(nil, object)) > room(elementDepth) {
		return e.longRows(object)
	}
	note := ""
	if e.sign == '~' {
		note = fmt.Sprintf(" (moved from %d to %d)", e.from, e.to)
	}
	return []row{{e.sign, elementDepth, Literal(e.value, room(elementDepth)-len(note)) + note}}
}

// outcome sets the elements of two lists in the order that they are shown in.
func outcome(before, after []any) []element { return arrange(compare(before, after), before, after) }

// arrange is outcome where it is known what becomes of the elements.
func arrange(f fates, before, after []any) []element {
	kept, origin := make([]bool, len(after)), none(len(after))
	for i := range before {
		if j := f.stays[i]; j >= 0 {
			kept[j] = true
		}
		if j := f.moves[i]; j >= 0 {
			origin[j] = i
		}
	}
	elements := make([]element, 0, max(len(before), len(after)))
	i := 0
	removeUntilKept := func() {
		for ; i < len(before) && f.stays[i] < 0; i++ {
			if f.moves[i] < 0 {
				elements = append(elements, element{sign: '-', value: before[i]})
			}
		}
	}
	for j, value := range after {
		removeUntilKept()
		switch {
		case kept[j]:
			elements = append(elements, element{sign: ' ', value: value})
			i++
		case origin[j] >= 0:
			elements = append(elements, element{sign: '~', value: value, from: origin[j] + 1, to: j + 1})
		default:
			elements = append(elements, element{sign: '+', value: value})
		}
	}
	removeUntilKept()
	return elements
}

// part is a stretch of elements that has one row.
type part struct{ from, to int }

// fold gives each element a row, save for the middle of many in a row that stay: so
// many of them as there are around others have one.
func fold(elements []element, around int) []part {
	const most = 4
	var parts []part
	one := func(from, to int) {
		for ; from < to; from++ {
			parts = append(parts, part{from, from + 1})
		}
	}
	for from := 0; from < len(elements); {
		to := from
		for to < len(elements) && elements[to].sign == ' ' {
			to++
		}
		if to-from > max(most, 2*around+1) {
			one(from, from+around)
			parts = append(parts, part{from + around, to - around})
			one(to-around, to)
			from = to
			continue
		}
		to = max(to, from+1)
		one(from, to)
		from = to
	}
	return parts
}

// countRow says how many elements have no row of their own. Where all have one
// sign it is the row's.
func countRow(elements []element) row {
	counts := map[byte]int{}
	for _, e := range elements {
		counts[e.sign]++
	}
	first := elements[0].sign
	text := ellipsis + " " + grouped(len(elements)) + " more"
	switch {
	case counts[' '] == len(elements):
		return row{' ', elementDepth, text + " that stay"}
	case counts[first] == len(elements):
		return row{first, elementDepth, text}
	}
	var signed []string
	for _, sign := range []byte("-+~") {
		if counts[sign] > 0 {
			signed = append(signed, string(sign)+grouped(counts[sign]))
		}
	}
	return row{' ', elementDepth, text + " (" + strings.Join(signed, " ") + ")"}
}
