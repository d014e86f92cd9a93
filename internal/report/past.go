package report

import (
	"strings"

	"github.com/aksync/aksync/sync"
)

// Past writes a change that was made, or that failed: when and why in lines of their
// own, and then what, as plans do.
func (t *Text) Past(when []string, change *sync.Change, failure string) error {
	for _, line := range when {
		t.line("%s", t.faint("%s", clean(line)))
	}
	t.change(change)
	if failure != "" {
		t.lines(t.fail, wrap("    failed: ", "      ", strings.Fields(clean(failure)), ""))
		t.line("")
	}
	return t.err
}
