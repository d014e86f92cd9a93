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
	alias bool            // it has several paths, and events come under one of them
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

// verdict is what an event means.
type verdict struct {
	concerns   bool   // it is about something that is watched
	structural bool   // the set of folders to watch may be another one after it
	file       string // the one file that it is about; empty where it may be about more
}

func (t *tree) judge(event fsnotify.Event) verdict {
	const structure = fsnotify.Create | fsnotify.Remove | fsnotify.Rename
	if event.Op&(structure|fsnotify.Write) == 0 {
		return verdict{} // chmod alone changes no contents
	}
	// The name of an event in "/" begins with two slashes.
	path := filepath.Clean(event.Name)
	dir, name := filepath.Split(path)
	parent := t.byPath[filepath.Clean(dir)]
	named := parent != nil && parent.names[name]
	inside := parent != nil && parent.all && !hidden(name)
	itself := t.byPath[path] != nil

	switch {
	case itself, named:
		return verdict{concerns: true, structural: event.Op&structure != 0}
	case !inside:
		return verdict{}
	case event.Has(fsnotify.Create) && opensMore(path):
		return verdict{concerns: true, structural: true}
	case parent.alias:
		return verdict{concerns: true}
	default:
		return verdict{concerns: true, file: path}
	}
}

// opensMore says whether a new name may lead to folders that are not watched yet.
func opensMore(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && (info.IsDir() || info.Mode()&fs.ModeSymlink != 0)
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }
