// Package terminal is what all text for people has in common: its width, its
// colours and its counts.
package terminal

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// Columns is how wide a terminal has to be.
const Columns = 80

// Paint formats text in a colour.
type Paint func(format string, a ...any) string

// Paints returns what makes paints, which colour if coloured is set.
func Paints(coloured bool) func(...color.Attribute) Paint {
	return func(attributes ...color.Attribute) Paint {
		c := color.New(attributes...)
		if coloured {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprintf
	}
}

// Wrap sets items, which are not broken, in lines of a width. The first line begins with
// head and the others with indent.
func Wrap(head, indent string, items []string, separator string, width int) []string {
	var lines []string
	line, begins := head, true
	for i, item := range items {
		if i < len(items)-1 {
			item += strings.TrimRight(separator, " ")
		}
		if !begins && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(item) > width {
			lines, line, begins = append(lines, line), indent, true
		}
		if !begins {
			line += " "
		}
		line, begins = line+item, false
	}
	return append(lines, line)
}

// Count writes a number of things with its word.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
