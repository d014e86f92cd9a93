package report

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/sync"
)

// Applied writes what applying came to: why something is not done, and a last
// line.
func (t *Text) Applied(report *sync.Report) error {
	for _, result := range report.Results {
		if result.Err != nil {
			change := result.Change
			t.line("%s", t.fail("%s", clean(fmt.Sprintf("%s: %s %s %s: %s", change.Source,
				change.Action, change.Title, quote(change.Name, columns/2), result.Err))))
		}
	}
	t.line("Applied: %s.", tally(report))
	return t.err
}

// tally counts the results by action and outcome.
func tally(report *sync.Report) string {
	const anything = sync.Action("")
	counts := map[sync.Outcome]map[sync.Action]int{}
	for _, result := range report.Results {
		of := counts[result.Outcome]
		if of == nil {
			of = map[sync.Action]int{}
			counts[result.Outcome] = of
		}
		of[result.Change.Action]++
		of[anything]++
	}
	var parts []string
	for _, word := range []struct {
		outcome sync.Outcome
		action  sync.Action
		format  string
		zero    bool // whether none is worth a word
	}{
		{sync.Done, sync.Create, "%d created", true},
		{sync.Done, sync.Update, "%d updated", true},
		{sync.Done, sync.Delete, "%d deleted", true},
		{sync.Already, sync.Create, "%d were there already", false},
		{sync.Already, sync.Update, "%d were as declared already", false},
		{sync.Already, sync.Delete, "%d were gone already", false},
		{sync.Failed, anything, "%d failed", false},
		{sync.Skipped, anything, "%d skipped", false},
	} {
		if n := counts[word.outcome][word.action]; n > 0 || word.zero {
			parts = append(parts, fmt.Sprintf(word.format, n))
		}
	}
	return strings.Join(parts, ", ")
}
