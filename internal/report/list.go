package report

import (
	"fmt"
	"strings"
)

// listRows gives a list an element a row, as it will be: with those that go at
// their old place, and a sign at those that are new or have another place. There
// are no more rows than most; the last one counts what has none.
func listRows(before, after []any, most int) []row {
	elements := outcome(before, after)
	parts := fold(elements)
	if len(parts) > most {
		first := parts[most-1].from
		parts = append(parts[:most-1:most-1], part{first, len(elements)})
	}
	rows := make([]row, len(parts))
	for i, p := range parts {
		if p.to-p.from == 1 {
			rows[i] = elements[p.from].row()
		} else {
			rows[i] = countRow(elements[p.from:p.to])
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
}

func (e element) row() row {
	note := ""
	if e.sign == '~' {
		note = fmt.Sprintf(" (moved from %d to %d)", e.from, e.to)
	}
	return row{e.sign, elementDepth, Literal(e.value, room(elementDepth)-len(note)) + note}
}

// outcome sets the elements of two lists in the order that they are shown in.
func outcome(before, after []any) []element {
	f := compare(before, after)
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
			elements = append(elements, element{'~', value, origin[j] + 1, j + 1})
		default:
			elements = append(elements, element{sign: '+', value: value})
		}
	}
	removeUntilKept()
	return elements
}

// part is a stretch of elements that has one row.
type part struct{ from, to int }

// fold gives each element a row, save for the middle of many in a row that stay.
func fold(elements []element) []part {
	const most = 4
	var parts []part
	for from := 0; from < len(elements); {
		to := from
		for to < len(elements) && elements[to].sign == ' ' {
			to++
		}
		if to-from > most {
			parts = append(parts, part{from, from + 1}, part{from + 1, to - 1}, part{to - 1, to})
			from = to
			continue
		}
		for to = max(to, from+1); from < to; from++ {
			parts = append(parts, part{from, from + 1})
		}
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
