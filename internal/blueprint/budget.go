package blueprint

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// mostSteps bounds what one file may come to, and one value again when lookups
// can be answered: a step is a value that is looked at, or 16 bytes of text,
// each counted as often as aliases, << and tags bring it. What multiplies stops
// there, before it is copied.
const mostSteps = 1_000_000

// mostFound is how many problems of one file are looked for: what is wrong further
// on is seldom anything new.
const mostFound = 1000

// growsWithoutEnd says of a value that it is the one too many.
func growsWithoutEnd() string {
	return fmt.Sprintf("grows without end: a blueprint may hold at most %d values, or %d MB of text, after its tags and aliases were followed",
		mostSteps, 16*mostSteps/1_000_000)
}

// weight returns the steps that the text of a value takes, the keys of a
// mapping among it; not what is in a list or a mapping.
func weight(data any) int {
	switch data := data.(type) {
	case string:
		return len(data) / 16
	case tree.Map:
		return keysWeight(data)
	default:
		return 0
	}
}

func keysWeight(pairs tree.Map) int {
	bytes := 0
	for _, p := range pairs {
		if text, isText := p.Key.Data.(string); isText {
			bytes += len(text)
		}
	}
	return bytes / 16
}

// mostNesting is how deep lists, mappings and tags may be nested. Python's own
// recursion limit stops authentik at about the same depth.
const mostNesting = 200

// mostDigits is how long a whole number may be written; Python has the same
// limit.
const mostDigits = 4300
