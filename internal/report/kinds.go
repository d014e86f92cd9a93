package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/sync"
)

// Tally counts the changes of one kind.
type Tally struct {
	Create int `json:"create"`
	Update int `json:"update"`
	Delete int `json:"delete"`
	NoOp   int `json:"no_op"`
}

func (t *Tally) count(action sync.Action) {
	switch action {
	case sync.Create:
		t.Create++
	case sync.Update:
		t.Update++
	case sync.Delete:
		t.Delete++
	case sync.NoOp:
		t.NoOp++
	}
}

// signs writes the changes as their signs and how many there are of each.
func (t *Tally) signs() string {
	var parts []string
	for _, part := range []struct {
		sign string
		many int
	}{{"+", t.Create}, {"~", t.Update}, {"-", t.Delete}} {
		if part.many > 0 {
			parts = append(parts, part.sign+grouped(part.many))
		}
	}
	return strings.Join(parts, " ")
}

// manyKinds is from how many kinds on their changes are counted for each.
const manyKinds = 3

// byKind counts the changes of each kind that has any, by what people call it;
// nothing where there are few kinds.
func byKind(plan *sync.Plan) []string {
	tallies := map[string]*Tally{}
	for _, change := range plan.Changes {
		if change.Action == sync.NoOp {
			continue
		}
		if tallies[change.Title] == nil {
			tallies[change.Title] = &Tally{}
		}
		tallies[change.Title].count(change.Action)
	}
	if len(tallies) < manyKinds {
		return nil
	}
	var kinds []string
	for _, title := range slices.Sorted(maps.Keys(tallies)) {
		kinds = append(kinds, fmt.Sprintf("%s %s", clean(title), tallies[title].signs()))
	}
	return kinds
}
