package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A folder renamed onto another watched path, and that path added again before
// the events were read, must not bring the program down, and the path must be
// watched in the end.
func TestRenameOntoAWatchedPathThatIsAddedAgain(t *testing.T) {
	dir := tempDir(t)
	one, two := mkdir(t, dir, "one"), mkdir(t, dir, "two")
	src, err := openSource()
	must(t, err)
	defer func() { must(t, src.close()) }()
	must(t, src.add(one))
	must(t, src.add(two))

	mkdir(t, one, "first") // nobody reads its event, so no later one is looked at
	must(t, os.Remove(two))
	rename(t, one, two)
	must(t, src.add(two))
	if err := src.remove(two); err == nil {
		t.Error("fsnotify no longer loses track here: removeFrom can go")
	}
	must(t, src.remove(one)) // as a look at the tree does for a path that is gone
	must(t, src.add(two))

	mkdir(t, two, "last")
	late := time.After(deadline)
	for {
		select {
		case event := <-src.events:
			if event.Name == filepath.Join(two, "last") {
				return
			}
		case <-src.errors: // the rename's, which nobody needs
		case <-late:
			t.Fatal("the path is not watched")
		}
	}
}
