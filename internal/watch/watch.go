// Package watch tells when something below a set of paths may have changed.
//
// It signals and does not judge: whether a file is a blueprint, and whether its
// contents are other than before, is the reader's to decide. What the watcher
// promises is that a signal comes after the last change, so that whoever reads
// on each signal ends up with what is on disk.
//
// Folders are watched and never files: an atomic save replaces the file, and
// with it a watch on it. Every folder and every symbolic link that leads to a
// watched path is watched by name too, so that a path that is missing, removed,
// recreated or pointed elsewhere (as Kubernetes does with the ..data link of a
// mounted ConfigMap) is picked up again.
package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

const (
	defaultQuiet = 200 * time.Millisecond
	defaultMax   = 2 * time.Second

	// settle is how long the folders' structure may go on changing before the
	// watches are brought up to date: one look at the tree for a whole checkout
	// and not one for each new folder.
	settle = 20 * time.Millisecond
)

// Config says what to watch and how long to gather events.
type Config struct {
	// Paths are files and folders. A folder is watched with all folders below
	// it, except hidden ones (names that begin with a dot). None needs to exist.
	Paths []string
	// Quiet is how long nothing must have happened before a signal is sent;
	// 200 ms if it is zero.
	Quiet time.Duration
	// Max is the longest time from the first event to its signal, however long
	// the events go on; 2 s if it is zero, and never less than Quiet.
	Max time.Duration
	// OnEvent is called for each single event on a watched path, before events
	// are gathered, from Run's goroutine. It may be nil.
	OnEvent func()
	// Logger gets a warning where the system's limits stop the watcher from
	// seeing everything.
	Logger zerolog.Logger
}

// Watcher gathers file events into signals.
type Watcher struct {
	log     zerolog.Logger
	onEvent func()
	source  source
	gather  *gather
	roots   []string

	changes chan struct{}
	lost    chan struct{} // events were dropped by the system
	grown   chan struct{} // SetExtra added paths
	closed  chan struct{}
	close   func() error

	mu      sync.Mutex // guards what follows, and the placing of watches
	extra   []string
	tree    *tree
	changed changed
	// warned keeps the log to one warning for each kind of limit.
	warned map[string]bool
}

// New starts watching. Changes from here on are seen, so whoever reads the files
// after New and then calls Run misses nothing. It fails only where a path can't
// be made absolute or the system refuses file events for a reason other than a
// limit; a limit that is reached is a warning, since a sync at an interval finds
// the changes too.
func New(cfg Config) (*Watcher, error) { return open(cfg, openSource) }

func open(cfg Config, from func() (source, error)) (*Watcher, error) {
	src, err := from()
	if err != nil && !isLimit(err) {
		return nil, fmt.Errorf("opening file events: %w", err)
	}
	w, absErr := newWatcher(cfg, src)
	if absErr != nil {
		return nil, errors.Join(absErr, src.close())
	}
	if err != nil {
		w.warnLimit(instanceLimit, err)
	}
	w.rescan()
	return w, nil
}

func newWatcher(cfg Config, src source) (*Watcher, error) {
	roots, err := absolute(cfg.Paths)
	if err != nil {
		return nil, err
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func() {}
	}
	w := &Watcher{
		log:     cfg.Logger,
		onEvent: cfg.OnEvent,
		source:  src,
		gather:  newGather(cfg.Quiet, cfg.Max),
		roots:   roots,
		changes: make(chan struct{}, 1),
		lost:    make(chan struct{}, 1),
		grown:   make(chan struct{}, 1),
		closed:  make(chan struct{}),
		tree:    newTree(),
		changed: changed{all: true},
		warned:  map[string]bool{},
	}
	w.close = sync.OnceValue(func() error {
		close(w.closed)
		return src.close()
	})
	return w, nil
}

// Changes delivers one value when something may have changed and things have
// been quiet since. Signals that nobody has taken yet become one. The channel is
// never closed.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

// SetExtra replaces the set of files and folders that are watched beside the
// configured paths, such as those that blueprints read through !File. When it
// returns they are watched. Paths that were not in the set before cause a
// signal, since they may have changed between being read and being watched.
// Paths that can't be made absolute are left out. It is safe for concurrent use.
func (w *Watcher) SetExtra(paths []string) {
	extra := make([]string, 0, len(paths))
	for _, path := range paths {
		if abs, err := filepath.Abs(path); err == nil {
			extra = append(extra, abs)
		}
	}
	slices.Sort(extra)
	extra = slices.Compact(extra)

	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Equal(extra, w.extra) {
		return
	}
	added := slices.ContainsFunc(extra, func(path string) bool {
		_, known := slices.BinarySearch(w.extra, path)
		return !known
	})
	w.extra = extra
	w.rescanLocked()
	if added {
		w.changed.note("")
		raise(w.grown)
	}
}

// Run gathers events and sends signals until the context ends or Close is
// called; then it gives up all watches and returns nil. Any other end is an
// error. It is to be called once.
func (w *Watcher) Run(ctx context.Context) error {
	errorsDone := make(chan struct{})
	go func() {
		defer close(errorsDone)
		w.drainErrors()
	}()
	err := w.loop(ctx)
	closeErr := w.Close()
	<-errorsDone
	if err == nil && closeErr != nil {
		return fmt.Errorf("closing file events: %w", closeErr)
	}
	return err
}

// Close gives up all watches and ends Run. It may be called more than once, and
// without Run.
func (w *Watcher) Close() error { return w.close() }

func (w *Watcher) loop(ctx context.Context) error {
	defer w.gather.stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.closed:
			return nil
		case event, open := <-w.source.events:
			if !open {
				return w.ended()
			}
			w.handle(event)
		case <-w.lost:
			w.noteAll()
			w.gather.touch()
			w.gather.restructure()
		case <-w.grown:
			w.gather.touch()
		case <-w.gather.structure.C:
			w.bringUpToDate()
		case <-w.gather.quietTimer.C:
			w.signal()
		}
	}
}

// ended tells a closed Watcher from a source that ended by itself.
func (w *Watcher) ended() error {
	select {
	case <-w.closed:
		return nil
	default:
		return errors.New("file events ended unexpectedly")
	}
}

func (w *Watcher) handle(event fsnotify.Event) {
	w.mu.Lock()
	seen := w.tree.judge(event)
	if seen.concerns {
		w.changed.note(seen.file)
	}
	w.mu.Unlock()
	if !seen.concerns {
		return
	}
	w.onEvent()
	w.gather.touch()
	if seen.structural {
		w.gather.restructure()
	}
}

// bringUpToDate looks at the tree again. Folders that were not there before may
// hold files that are still being written, which is as good as an event.
func (w *Watcher) bringUpToDate() {
	w.gather.structured()
	if w.rescan() {
		w.gather.touch()
	}
}

// signal watches new folders before it tells of them: what changes there while
// the reader reads is then an event of its own.
func (w *Watcher) signal() {
	if w.gather.structured() {
		w.rescan()
	}
	w.gather.reset()
	raise(w.changes)
}

// drainErrors has a goroutine of its own because fsnotify can report an error
// while it holds the lock that adding a watch needs: one goroutine doing both
// could wait for itself.
func (w *Watcher) drainErrors() {
	for {
		select {
		case <-w.closed:
			return
		case err, open := <-w.source.errors:
			if !open {
				return
			}
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				w.log.Warn().Msg("file events came faster than they could be read and some were lost; looking at all watched paths again")
				raise(w.lost)
				continue
			}
			w.log.Debug().Err(err).Msg("file events")
		}
	}
}

// raise sets a flag that a channel of capacity one stands for, without blocking.
func raise(flag chan<- struct{}) {
	select {
	case flag <- struct{}{}:
	default:
	}
}

func absolute(paths []string) ([]string, error) {
	out := make([]string, 0, len(paths))
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("watching %s: %w", path, err)
		}
		out = append(out, abs)
	}
	return out, nil
}
