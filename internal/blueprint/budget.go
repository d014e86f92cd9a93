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

// spend counts the work that a mapping of the blueprint's own is, and some more,
// and reports whether there may be more of it.
func (d *document) spend(path string, place tree.Place, m tree.Map, more int) bool {
	if d.steps > mostSteps {
		return false
	}
	d.steps += more + len(m) + keysWeight(m)
	for _, p := range m {
		d.steps += weight(p.Value.Data)
	}
	if d.steps > mostSteps {
		d.problem(place, path, "%s", growsWithoutEnd())
		return false
	}
	return true
}
