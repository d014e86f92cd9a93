package terminal

import (
	"strings"
	"unicode/utf8"
)

// Shorten makes text fit for one line (Clean) of as many columns. What is
// left out of a long text is its middle, since names often begin alike.
func Shorten(text string, most int) string {
	text = Clean(text)
	if Width(text) <= most {
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

// Width is how many columns text takes, wide characters taking two.
func Width(text string) int {
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
