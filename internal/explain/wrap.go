package explain

import (
	"strings"

	"github.com/aksync/aksync/internal/terminal"
)

// columns is how wide a terminal has to be.
const columns = terminal.Columns

// wrap sets words in lines of a width. The first line begins with head and the others
// with indent. What tied spaces hold together stays together.
func wrap(head, indent, text string, width int) []string {
	lines := terminal.Wrap(head, indent, strings.Split(text, " "), "", width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], tied, " ")
	}
	return lines
}
