package watch

import (
	"maps"
	"slices"
)

// maxChanged is how many files are remembered by name. Where more changed a look
// at everything costs no more than one at each of them.
const maxChanged = 1000

// changed remembers what events were about.
type changed struct {
	files map[string]bool
	all   bool
}

// note remembers an event about a file, or about anything where the name is
// empty.
func (c *changed) note(file string) {
	switch {
	case c.all:
	case file == "" || len(c.files) >= maxChanged && !c.files[file]:
		c.all, c.files = true, nil
	default:
		if c.files == nil {
			c.files = map[string]bool{}
		}
		c.files[file] = true
	}
}

// Changed tells what the events since it was last called were about: files, as
// absolute paths without symbolic links, in any order; they may have changed,
// come or gone. Where all is set anything may have changed, as it is at the start,
// after a change to a folder or a link, and where events were lost or a limit
// keeps folders from being watched.
//
// It is to be called before files are read: what changes later has its own event.
// It is safe for concurrent use.
func (w *Watcher) Changed() (files []string, all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all = w.changed.all || len(w.warned) > 0
	if !all {
		files = slices.Collect(maps.Keys(w.changed.files))
	}
	w.changed = changed{}
	return files, all
}

// noteAll remembers that anything may have changed.
func (w *Watcher) noteAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed.note("")
}
