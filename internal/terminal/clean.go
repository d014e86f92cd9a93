package terminal

import (
	"strconv"
	"unicode/utf8"
)

// Clean makes text fit for one line: what does not print, such as a line break, an
// escape sequence or a mark that turns the writing round, is escaped.
func Clean(text string) string {
	shown := make([]byte, 0, len(text))
	for _, r := range text {
		shown = AppendShown(shown, r, strconv.IsPrint)
	}
	return string(shown)
}

// AppendShown appends a character, escaped unless it shows.
func AppendShown(shown []byte, r rune, shows func(rune) bool) []byte {
	if shows(r) {
		return utf8.AppendRune(shown, r)
	}
	quoted := strconv.Quote(string(r))
	return append(shown, quoted[1:len(quoted)-1]...)
}
