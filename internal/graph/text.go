package graph

import (
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/terminal"
)

// shown is text as a picture shows it: on one line, and no longer than most. What is
// left out of a long text is its middle, since names often begin alike.
func shown(text string, most int) string {
	text = terminal.Clean(text)
	if width(text) <= most {
		return text
	}
	runes := []rune(text)
	head, tail := 0, len(runes)
	for room := most - 1; head < tail; {
		if room -= runeWidth(runes[head]); room < 0 {
			break
		}
		head++
		if (head-1)%3 == 0 { // a third of what is shown is the end
			if room -= runeWidth(runes[tail-1]); room < 0 {
				break
			}
			tail--
		}
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}

// width is how many columns text takes, wide characters taking two.
func width(text string) int {
	if len(text) == utf8.RuneCountInString(text) {
		return len(text)
	}
	columns := 0
	for _, r := range text {
		columns += runeWidth(r)
	}
	return columns
}

// runeWidth takes all from Hangul on for wide: those that are not take less room than
// is kept for them.
func runeWidth(r rune) int {
	const wide = 0x1100
	if r >= wide && !strings.ContainsRune("–—‘’“”…←→", r) {
		return 2
	}
	return 1
}

// split breaks text where a line is as wide as most, after a mark if there is one near.
func split(text string, most int) (first, second string) {
	columns, at, mark := 0, len(text), 0
	for i, r := range text {
		if columns += runeWidth(r); columns > most {
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
