package terminal

import (
	"strconv"
	"strings"
)

// Clean makes text fit for one line: what does not print, such as a line break, an
// escape sequence or a mark that turns the writing round, is escaped.
func Clean(text string) string {
	var shown strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			shown.WriteRune(r)
			continue
		}
		quoted := strconv.Quote(string(r))
		shown.WriteString(quoted[1 : len(quoted)-1])
	}
	return shown.String()
}
