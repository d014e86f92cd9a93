package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"
)

// told takes what changed until a signal finds the file's new content.
func told(t *testing.T, w *Watcher, file string) (files []string, all bool) {
	t.Helper()
	readUntil(t, w, file, "new")
	files, all = w.Changed()
	slices.Sort(files)
	return files, all
}

func TestChangedNamesFiles(t *testing.T) {
	t.Parallel()
	root := tempDir(t)
	elsewhere := tempDir(t)
	link(t, elsewhere, filepath.Join(root, "linked"))
	one, two := filepath.Join(mkdir(t, root, "a"), "one.yaml"), filepath.Join(elsewhere, "two.yaml")
	write(t, one, "old")
	write(t, two, "old")
	w := start(t, Config{Paths: []string{root}})
	if files, all := w.Changed(); !all || len(files) > 0 {
		t.Errorf("at the start anything may have changed: got %v, %v", files, all)
	}
	if files, all := w.Changed(); all || len(files) > 0 {
		t.Errorf("nothing changed: got %v, %v", files, all)
	}
	write(t, one+"~", "new")
	rename(t, one+"~", one)
	files, all := told(t, w, one)
	if diff := cmp.Diff([]string{one, one + "~"}, files); diff != "" || all {
		t.Errorf("all %v, files (-want +got):\n%s", all, diff)
	}
	write(t, two, "new")
	files, all = told(t, w, two)
	if diff := cmp.Diff([]string{two}, files); diff != "" || all {
		t.Errorf("in a linked folder: all %v, files (-want +got):\n%s", all, diff)
	}
}

// Where an event may be about more than one file, anything may have changed.
func TestChangedIsAll(t *testing.T) {
	tests := map[string]func(t *testing.T, w *Watcher, root, file string){
		"a new folder":     func(t *testing.T, _ *Watcher, root, _ string) { mkdir(t, root, "new") },
		"a new link":       func(t *testing.T, _ *Watcher, root, file string) { link(t, file, filepath.Join(root, "new")) },
		"a removed folder": func(t *testing.T, _ *Watcher, root, _ string) { must(t, os.Remove(filepath.Join(root, "empty"))) },
		"a link that leads elsewhere": func(t *testing.T, _ *Watcher, root, file string) {
			link(t, file, filepath.Join(root, ".tmp"))
			rename(t, filepath.Join(root, ".tmp"), filepath.Join(root, "link.yaml"))
		},
		"the file that a link leads to": func(t *testing.T, _ *Watcher, root, _ string) {
			write(t, filepath.Join(root, "a", "target.yaml"), "x")
		},
		"a further path to watch": func(_ *testing.T, w *Watcher, _, file string) { w.SetExtra([]string{file}) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := tempDir(t)
			file := filepath.Join(mkdir(t, root, "a"), "x.yaml")
			mkdir(t, root, "empty")
			write(t, filepath.Join(root, "a", "target.yaml"), "")
			link(t, filepath.Join("a", "target.yaml"), filepath.Join(root, "link.yaml"))
			w := start(t, Config{Paths: []string{root}})
			w.Changed()
			change(t, w, root, file)
			write(t, file, "new")
			if files, all := told(t, w, file); !all || len(files) > 0 {
				t.Errorf("got %v, %v", files, all)
			}
		})
	}
}

func TestChangedIsAllWhereEventsWereLost(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	w := startFrom(t, Config{Paths: []string{tempDir(t)}}, f.open)
	w.Changed()
	f.errs <- fsnotify.ErrEventOverflow
	nextSignal(t, w)
	if files, all := w.Changed(); !all || len(files) > 0 {
		t.Errorf("got %v, %v", files, all)
	}
}

// A folder that can't be watched has no events.
func TestChangedIsAllWhereALimitIsReached(t *testing.T) {
	t.Parallel()
	f := newFake(syscall.ENOSPC)
	w := startFrom(t, Config{Paths: []string{tempDir(t)}, Logger: quietLog()}, f.open)
	for range 2 {
		if files, all := w.Changed(); !all || len(files) > 0 {
			t.Errorf("got %v, %v", files, all)
		}
	}
}

func TestChangedIsAllFromManyOn(t *testing.T) {
	t.Parallel()
	c := changed{}
	for i := range maxChanged {
		c.note(fmt.Sprint(i))
		c.note("0")
	}
	if c.all || len(c.files) != maxChanged {
		t.Fatalf("all %v, %d files", c.all, len(c.files))
	}
	c.note("one more")
	if !c.all || len(c.files) > 0 {
		t.Errorf("all %v, %d files", c.all, len(c.files))
	}
}
