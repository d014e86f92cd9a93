package report

import (
	"strings"
	"unicode/utf8"
)

// context is how many lines, or members, around a change are shown that stay.
const context = 2

// isMultiline reports whether text has more than one line, so that it is compared line
// by line: an expression, a template, a certificate.
func isMultiline(value any) bool {
	text, isText := value.(string)
	return isText && strings.Contains(strings.TrimSuffix(text, "\n"), "\n")
}

// textOf returns a value that is text, or null.
func textOf(value any) (text string, is bool) {
	text, is = value.(string)
	return text, is || value == nil
}

// lineRows compares two texts line by line. There are no more rows than most.
func lineRows(before, after string, most int) []row {
	old, now := linesOf(before), linesOf(after)
	f := compare(old, now)
	f.moves = none(len(old)) // a line that moves goes and comes
	elements := arrange(f, old, now)
	rows := foldedRows(elements, context, most, lineRow)
	showDifference(rows, elements)
	if before != "" && after != "" && strings.HasSuffix(before, "\n") != strings.HasSuffix(after, "\n") {
		note := "(with a line break at the end)"
		if strings.HasSuffix(before, "\n") {
			note = "(without a line break at the end)"
		}
		rows = append(rows, row{'~', elementDepth, note})
	}
	return rows
}

// linesOf are the lines of a text.
func linesOf(text string) []any {
	if text == "" {
		return nil
	}
	var lines []any
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		lines = append(lines, line)
	}
	return lines
}

// lineRow shows a line as it is: in quotes only where its end could not be seen.
func lineRow(e element) []row {
	line, _ := e.value.(string)
	width := room(elementDepth)
	if strings.TrimRight(line, " ") != line {
		return []row{{e.sign, elementDepth, quote(line, width)}}
	}
	return []row{{e.sign, elementDepth, foldMiddle(line, isPrint, "", width)}}
}

// showDifference shows of two lines that are too long and differ in their middle that
// part.
func showDifference(rows []row, elements []element) {
	if len(rows) != len(elements) {
		return // some have no row of their own
	}
	for i := range rows[:max(len(rows)-1, 0)] {
		if rows[i].sign != '-' || rows[i+1].sign != '+' {
			continue
		}
		a, _ := elements[i].value.(string)
		b, _ := elements[i+1].value.(string)
		if width := room(elementDepth); utf8.RuneCountInString(a) > width || utf8.RuneCountInString(b) > width {
			rows[i].text, rows[i+1].text = apart(a, b, width)
		}
	}
}
