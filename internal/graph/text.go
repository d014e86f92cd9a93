package graph

import (
	"strings"

	"github.com/aksync/aksync/internal/terminal"
)

// shown is text as a picture shows it.
func shown(text string, most int) string { return terminal.Shorten(text, most) }

// width is how many columns text takes.
func width(text string) int { return terminal.Width(text) }

// split breaks text where a line is as wide as most, after a mark if there is one near.
func split(text string, most int) (first, second string) {
	columns, at, mark := 0, len(text), 0
	for i, r := range text {
		if columns += width(string(r)); columns > most {
			at = i
			break
		}
		if strings.ContainsRune("-_/. ,", r) && columns > most/2 {
			mark = i + 1
		}
	}
	if mark > 0 {
		at = mark
	}
	return text[:at], text[at:]
}
