// Package bounds says how much a blueprint may come to, and how much is told of what
// is wrong with it.
package bounds

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// MostSteps bounds what one file may come to, and one value again when lookups
// can be answered: a step is a value that is looked at, or 16 bytes of text,
// each counted as often as aliases, << and tags bring it. What multiplies stops
// there, before it is copied.
const MostSteps = 1_000_000

// StepBytes is how many bytes of text are a step.
const StepBytes = 16

// MostFound is how many problems of one file are looked for: what is wrong further
// on is seldom anything new.
const MostFound = 1000

// GrowsWithoutEnd says of a value that it is the one too many.
func GrowsWithoutEnd() string {
	return fmt.Sprintf("grows without end: a blueprint may hold at most %d values, or %d MB of text, after its tags and aliases were followed",
		MostSteps, StepBytes*MostSteps/1_000_000)
}

// Weight returns the steps that the text of a value takes, the keys of a
// mapping among it; not what is in a list or a mapping.
func Weight(data any) int {
	switch data := data.(type) {
	case string:
		return len(data) / StepBytes
	case tree.Text:
		weight := 0
		for _, part := range data {
			weight += 2 + Weight(part) // a key that is not known is not short
		}
		return weight
	case tree.Map:
		return KeysWeight(data)
	case tree.Object:
		return KeysWeight(tree.Map(data))
	default:
		return 0
	}
}

func KeysWeight(pairs tree.Map) int {
	bytes := 0
	for _, p := range pairs {
		if text, isText := p.Key.Data.(string); isText {
			bytes += len(text)
		}
	}
	return bytes / StepBytes
}

// MostNesting is how deep lists, mappings and tags may be nested. Python's own
// recursion limit stops authentik at about the same depth.
const MostNesting = 200

// MostDigits is how long a whole number may be written; Python has the same
// limit.
const MostDigits = 4300
