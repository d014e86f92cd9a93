package explain

import (
	"strings"
	"unicode/utf8"
)

// columns is how wide a terminal has to be.
const columns = 80

// wrap sets words in lines of a width. The first line begins with head and the others
// with indent. What tied spaces hold together stays together.
func wrap(head, indent, text string, width int) []string {
	var lines []string
	words := strings.Split(text, " ")
	line, begins := head, true
	for _, word := range words {
		if !begins && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line, begins = append(lines, line), indent, true
		}
		if !begins {
			line += " "
		}
		line, begins = line+strings.ReplaceAll(word, tied, " "), false
	}
	return append(lines, line)
}
