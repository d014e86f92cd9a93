package report

import (
	"strings"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

// Line is one line of what becomes of an object, for those who show it otherwise than as
// text. It holds no control characters and nothing that nobody is to see.
type Line struct {
	// Sign is +, -, ~ or a space, for what stays.
	Sign string
	Text string
}

// Lines gives the lines of a change's fields, as a plan in text has them.
func Lines(names *Names, change *sync.Change) []Line {
	rows := rowsOf(names, change)
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = Line{string(r.sign), strings.Repeat("  ", max(r.depth-fieldDepth, 0)) + r.text}
	}
	return lines
}

// Long writes a value of a field over as many lines as it has, each as wide as it may be;
// of more than most lines it says how many are left out.
func Long(value any, width, most int) []string {
	text, isText := value.(string)
	if !isText || !isMultiline(value) {
		return []string{Literal(value, width)}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	left := 0
	if len(lines) > most {
		lines, left = lines[:most], len(lines)-most
	}
	shown := make([]string, 0, len(lines)+1)
	for _, line := range lines {
		shown = append(shown, foldMiddle(line, isPrint, "", width))
	}
	if left > 0 {
		shown = append(shown, "("+terminal.Count(left, "more line", "more lines")+")")
	}
	return shown
}

// Note is a value that says in words what stands there; it is shown without quotes.
func Note(words string) any { return mark(words) }
