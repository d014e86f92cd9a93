package watch

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// source is where file events come from. Tests have one of their own for what a
// test can't bring about without root, such as a limit of the system.
type source struct {
	add    func(folder string) error
	remove func(folder string) error
	close  func() error
	events <-chan fsnotify.Event
	errors <-chan error
}

// openSource returns a source that never reports anything beside its error, so
// that a Watcher can go on without events.
func openSource() (source, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		nothing := func(string) error { return nil }
		return source{add: nothing, remove: nothing, close: func() error { return nil }}, err
	}
	return source{add: fs.Add, remove: removeFrom(fs), close: fs.Close, events: fs.Events, errors: fs.Errors}, nil
}

// removeFrom turns a panic of fsnotify's Remove (seen in 1.10.1) into an error. It
// comes where a watched folder was renamed onto another watched path and that
// path was added again before fsnotify had read the events of the rename: then
// the path refers to an entry that is gone. Looking before adding can't rule that
// out, since the rename may come in between. The next add of the path puts it
// right, and the rename's own events bring that about.
func removeFrom(fs *fsnotify.Watcher) func(string) error {
	return func(folder string) (err error) {
		defer func() {
			if reason := recover(); reason != nil {
				err = fmt.Errorf("fsnotify lost track of a watch: %v", reason)
			}
		}()
		return fs.Remove(folder)
	}
}

// isLimit says whether a limit on watches (ENOSPC), on inotify instances or on
// open files (EMFILE, ENFILE) was reached: inotify_init(2), inotify_add_watch(2).
func isLimit(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

const (
	watchLimit    = "fs.inotify.max_user_watches"
	instanceLimit = "fs.inotify.max_user_instances"
)

// warnLimit says once what to do about a limit of the system.
func (w *Watcher) warnLimit(setting string, err error) {
	if w.warned[setting] {
		return
	}
	w.warned[setting] = true
	w.log.Warn().Err(err).Str("setting", setting).
		Msg("the system's limit on file watches is reached, so some changes are only found at the next interval; raise it with: sysctl -w " + setting + "=<a larger number>")
}
