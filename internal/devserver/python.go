package devserver

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// pythonType is the name of a value's type in Python.
func pythonType(v tree.Value) string {
	switch v.Data.(type) {
	case string:
		return "str"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case tree.List:
		return "list"
	case tree.Map:
		return "dict"
	default:
		return "NoneType"
	}
}

// pythonString is a value as Python's str writes it (post-cf-dict). A body holds
// nothing that it can't write.
func pythonString(v tree.Value) string {
	text, err := tree.PythonText(v.Data)
	if err != nil {
		return fmt.Sprint(v.Plain())
	}
	return text
}

// openBracket returns the last bracket of a Python text that is never closed, and
// its line; or 0.
func openBracket(text string) (bracket rune, line int) {
	type place struct {
		bracket rune
		line    int
	}
	var open []place
	line = 1
	quote := rune(0)
	comment, escaped := false, false
	for _, r := range text {
		switch {
		case r == '\n':
			line++
			comment = false
		case comment:
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '#':
			comment = true
		case strings.ContainsRune("([{", r):
			open = append(open, place{r, line})
		case strings.ContainsRune(")]}", r) && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0, 0
	}
	last := open[len(open)-1]
	return last.bracket, last.line
}
