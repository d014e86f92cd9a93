package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// folder is one watched folder and what in it matters.
type folder struct {
	path  string // with no symbolic link in it; events carry it
	id    any
	all   bool            // everything but hidden names
	names map[string]bool // these names, hidden or not
}

// tree is the set of watched folders. Two paths of one folder (bind mounts) are
// one entry in byID and share it in byPath.
type tree struct {
	byPath map[string]*folder
	byID   map[any]*folder
}

func newTree() *tree {
	return &tree{byPath: map[string]*folder{}, byID: map[any]*folder{}}
}

// judge says whether an event is about something that is watched, and whether
// the set of folders to watch may be another one after it.
func (t *tree) judge(event fsnotify.Event) (concerns, structural bool) {
	const structure = fsnotify.Create | fsnotify.Remove | fsnotify.Rename
	if event.Op&(structure|fsnotify.Write) == 0 {
		return false, false // chmod alone changes no contents
	}
	// The name of an event in "/" begins with two slashes.
	path := filepath.Clean(event.Name)
	dir, name := filepath.Split(path)
	parent := t.byPath[filepath.Clean(dir)]
	named := parent != nil && parent.names[name]
	inside := parent != nil && parent.all && !hidden(name)
	itself := t.byPath[path] != nil

	switch {
	case itself:
		return true, event.Op&structure != 0
	case named:
		return true, event.Op&structure != 0
	case inside:
		return true, event.Has(fsnotify.Create) && opensMore(path)
	default:
		return false, false
	}
}

// opensMore says whether a new name may lead to folders that are not watched yet.
func opensMore(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && (info.IsDir() || info.Mode()&fs.ModeSymlink != 0)
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }
