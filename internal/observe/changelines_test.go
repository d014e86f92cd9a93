package observe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// A list on the page shows what differs as the plan does, and of much the beginning.
func TestFewLines(t *testing.T) {
	names := report.NewNames(&sync.Plan{})
	old := "import this\nif a:\n    return 1\n" + strings.Repeat("# so\n", 30)
	update := &sync.Change{Action: sync.Update, Fields: []sync.FieldChange{
		{Name: "expression", Before: old, After: strings.Replace(old, "1", "2", 1)},
		{Name: "key", Before: "old secret", After: "new secret", Sensitive: true},
	}}
	create := &sync.Change{Action: sync.Create}
	for i := range 20 {
		create.Fields = append(create.Fields, sync.FieldChange{Name: fmt.Sprint("field", i), After: strings.Repeat("x", 4<<20)})
	}
	text := func(change *sync.Change) []string {
		var lines []string
		for _, line := range fewLines(names, change) {
			lines = append(lines, strings.TrimRight(line.Sign+" "+line.Text, " "))
		}
		return lines
	}
	want := []string{"~ expression:", "    import this", "    if a:", "-       return 1", "+       return 2", "    # so", "    # so", "    … 26 more that stay", "    # so", "    # so", "  … 1 more"}
	if diff := cmp.Diff(want, text(update)); diff != "" {
		t.Errorf("an update (-want +got):\n%s", diff)
	}
	got := text(create)
	if len(got) != 12 || got[0] != "+ create" || got[11] != "  … 10 more" || len(strings.Join(got, "")) > 1200 {
		t.Errorf("a creation is %d lines: %.1000q", len(got), got)
	}
	if diff := cmp.Diff([]string{"- delete"}, text(&sync.Change{Action: sync.Delete})); diff != "" {
		t.Error(diff)
	}
}
