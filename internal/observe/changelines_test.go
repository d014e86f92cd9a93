package observe

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// The page shows what is known of a value, and of a long one its ends.
func TestChangeLines(t *testing.T) {
	unknown := tree.ID{Change: 1}
	change := &sync.Change{Action: sync.Update, Fields: []sync.FieldChange{
		{Name: "title", Before: "<a>", After: nil},
		{Name: "backends", Before: []any{"a"}, After: []any{unknown, "x"}},
		{Name: "flow", Before: "a", After: unknown},
		{Name: "odd", Before: struct{ Token string }{"secret"}, After: int64(1)},
		{Name: "long", Before: strings.Repeat("x", 4<<20), After: []any{strings.Repeat("y", 4<<20)}},
	}}
	lines := changeLines(report.NewNames(&sync.Plan{}), change)
	want := []string{
		`title: "<a>" → null`,
		`backends: ["a"] → [(known after apply),"x"]`,
		`flow: "a" → (known after apply)`,
		`odd: (a value of another type) → 1`,
	}
	if diff := cmp.Diff(want, lines[:4]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := utf8.RuneCountInString(lines[4]); n > 2*pageColumns+20 {
		t.Errorf("a long value has %d characters on the page", n)
	}
	change.Action = sync.Create
	if got := changeLines(report.NewNames(&sync.Plan{}), change)[2]; got != "flow: (known after apply)" {
		t.Errorf("a creation is %s", got)
	}
}
