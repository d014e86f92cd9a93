package yaml

import (
	"bytes"
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// mostNodes bounds how many values the text of a file may be made of. The
// parser needs some 200 bytes for each, so it is asked only after that.
const mostNodes = 555_000

// tooMuch says why a text is not given to the parser: it would take far more
// memory than the text itself.
func tooMuch(path string, text []byte) *tree.Problem {
	if nodes := nodesAtMost(text); nodes > mostNodes {
		return &tree.Problem{
			Place:   tree.Place{File: path},
			Message: fmt.Sprintf("holds up to %d values, and at most %d are taken: split it into several files", nodes, mostNodes),
		}
	}
	return nil
}

// nodesAtMost returns how many values the text can't have more of, by what has
// to stand between them: a line or a comma brings a key and its value, a bracket
// or a brace itself and what comes first in it.
func nodesAtMost(text []byte) int {
	nodes, blank := 0, true
	for i, c := range text {
		switch c {
		case ',':
			nodes += 2
		case '[':
			nodes += 2
		case '{':
			nodes += 3
		case '\n':
			blank = true
			continue
		case '-', '?':
			if i+1 == len(text) || bytes.IndexByte([]byte(" \t\r\n"), text[i+1]) >= 0 {
				nodes++
			}
		case ' ', '\t', '\r':
			continue
		case '#':
			if blank { // a comment
				blank = false
				continue
			}
		}
		if blank {
			nodes += 2
		}
		blank = false
	}
	return nodes
}
