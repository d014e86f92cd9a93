package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links one path may lead through; Linux has the
// same limit (path_resolution(7)).
const maxLinks = 40

// rescan brings the watches in line with what is on disk and says whether there
// are folders whose contents were not watched before.
func (w *Watcher) rescan() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rescanLocked()
}

func (w *Watcher) rescanLocked() bool {
	before := w.tree
	w.dropReplaced(before)
	s := &scan{before: before, found: newTree(), watch: w.watch}
	for _, path := range slices.Concat(w.roots, w.extra) {
		if real, info := s.resolve(path); info != nil && info.IsDir() {
			s.walk(real)
		}
	}
	for _, f := range before.byID {
		if s.found.byPath[f.path] == nil {
			w.unwatch(f)
		}
	}
	w.tree = s.found
	if s.grown {
		w.changed.note("")
	}
	return s.grown
}

// dropReplaced gives up watches whose path leads to another folder by now, or to
// none. inotify follows the folder and not the path: a folder that was renamed
// would go on being reported under its old name, and its new path could not be
// added, since it is watched already.
func (w *Watcher) dropReplaced(t *tree) {
	for id, f := range t.byID {
		if info, err := os.Lstat(f.path); err != nil || !info.IsDir() || identOf(f.path, info) != f.id {
			w.unwatch(f)
			delete(t.byID, id)
		}
	}
}

// watch adds a watch. To add one that exists is harmless, and it is how a watch
// comes back that the system dropped.
func (w *Watcher) watch(folder string) {
	err := w.source.add(folder)
	switch {
	case err == nil:
	case isLimit(err):
		w.warnLimit(watchLimit, err)
	default:
		// A folder that is gone again has an event of its own, and one that
		// can't be read is the reader's to report.
		w.log.Debug().Err(err).Str("folder", folder).Msg("watching a folder")
	}
}

func (w *Watcher) unwatch(f *folder) {
	if err := w.source.remove(f.path); err != nil {
		// The system drops the watch of a folder that is removed.
		w.log.Debug().Err(err).Str("folder", f.path).Msg("giving up a watch")
	}
}

// scan is one look at everything that is to be watched. Each folder is watched
// before it is looked into: what appears in between is found by one or both.
type scan struct {
	before, found *tree
	watch         func(folder string)
	grown         bool
}

// folder returns the entry of a folder, watching it if it is new to this scan,
// or nil if there is no such folder.
func (s *scan) folder(path string) *folder {
	if f := s.found.byPath[path]; f != nil {
		return f
	}
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return nil
	}
	id := identOf(path, info)
	f := s.found.byID[id]
	if f == nil {
		f = &folder{path: path, id: id, names: map[string]bool{}}
		if known := s.before.byID[id]; known != nil {
			f.path = known.path // events come under the path that was added first
		}
		s.watch(f.path)
		s.found.byID[id] = f
		s.found.byPath[f.path] = f
	}
	f.alias = f.alias || f.path != path
	s.found.byPath[path] = f
	return f
}

// resolve follows a path to its end and watches every name on the way, links
// included. Where the path breaks off, the last folder that exists is watched
// for the name that is missing, and the info is nil.
func (s *scan) resolve(path string) (string, fs.FileInfo) {
	dir, todo := split(path)
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		f := s.folder(dir)
		if f == nil {
			return "", nil
		}
		f.names[name] = true
		next := filepath.Join(dir, name)
		info, err := os.Lstat(next)
		if err != nil {
			return "", nil
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			dir = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return "", nil
		}
		if filepath.IsAbs(target) {
			var more []string
			dir, more = split(target)
			todo = slices.Concat(more, todo)
		} else {
			todo = slices.Concat(names(target), todo)
		}
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", nil
	}
	return dir, info
}

// walk watches a folder and all folders in it, through symbolic links too.
func (s *scan) walk(path string) {
	f := s.folder(path)
	if f == nil || f.all {
		return // a folder that was met before ends a loop of links
	}
	f.all = true
	if known := s.before.byID[f.id]; known == nil || !known.all {
		s.grown = true
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return // gone again, or unreadable: the reader says so
	}
	for _, entry := range entries {
		if hidden(entry.Name()) {
			continue
		}
		child := filepath.Join(path, entry.Name())
		switch {
		case entry.IsDir():
			s.walk(child)
		case entry.Type()&fs.ModeSymlink != 0:
			if real, info := s.resolve(child); info != nil && info.IsDir() {
				s.walk(real)
			}
		}
	}
}

// split cuts an absolute path into the root of its volume and the names after it.
func split(path string) (root string, rest []string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), names(path[len(volume):])
}

// names returns the parts of a path that mean something; ".." does.
func names(path string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(path, func(r rune) bool {
		return r < 0x80 && os.IsPathSeparator(uint8(r))
	}), func(name string) bool { return name == "." })
}
