package observe

import (
	"slices"
	"testing"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// What pictures are taken from is made once for the same entries, and goes when nobody
// looks at it for a pass.
func TestDrawing(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	last := lastPass{version: "2025.10.4", entries: []*tree.Entry{{}, {}}}
	var d drawing
	first := d.setOf(s, last, nil)
	d.rest()
	last.entries = slices.Clone(last.entries) // another pass that read the same
	if d.setOf(s, last, nil) != first {
		t.Error("the same is made again")
	}
	last.entries[1] = &tree.Entry{}
	second := d.setOf(s, last, nil)
	if second == first {
		t.Error("an entry is another one, and is not drawn")
	}
	last.version = "2026.2.2"
	if d.setOf(s, last, nil) == second {
		t.Error("the version is another one")
	}
	d.rest()
	if d.set == nil {
		t.Error("it goes though somebody looked at it")
	}
	d.rest()
	if d.set != nil {
		t.Error("it stays though nobody looks at it")
	}
}
