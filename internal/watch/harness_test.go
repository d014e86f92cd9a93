package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is how long a test waits for what must happen; a test that passes
// never waits that long.
const deadline = 20 * time.Second

// quiet keeps tests fast; it is long enough for several events to become one.
const quiet = 30 * time.Millisecond

// start watches until the test ends.
func start(t *testing.T, cfg Config) *Watcher {
	t.Helper()
	return startFrom(t, cfg, openSource)
}

func startFrom(t *testing.T, cfg Config, from func() (source, error)) *Watcher {
	t.Helper()
	if cfg.Quiet == 0 {
		cfg.Quiet = quiet
	}
	w, err := open(cfg, from)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return w
}

// nextSignal waits for one signal.
func nextSignal(t *testing.T, w *Watcher) {
	t.Helper()
	select {
	case <-w.Changes():
	case <-time.After(deadline):
		t.Fatal("no signal")
	}
}

// readUntil reads on signals alone, as the daemon does, until what it reads is
// what was written last. It thus holds only if a signal comes after the last
// write. It returns how many signals there were.
func readUntil(t *testing.T, w *Watcher, path, want string) int {
	t.Helper()
	return signalsUntil(t, w, func() bool { return content(path) == want })
}

func signalsUntil(t *testing.T, w *Watcher, reached func() bool) int {
	t.Helper()
	late := time.After(deadline)
	for n := 1; ; n++ {
		select {
		case <-w.Changes():
			if reached() {
				return n
			}
		case <-late:
			t.Fatalf("after %d signals what was written last has not been read", n-1)
		}
	}
}

// content is what a reader finds; a missing file has a content of its own.
func content(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "missing"
	}
	return string(b)
}

// events records the names of the events that a Watcher was given, in order.
type events chan string

// recorded is the system's source with each event noted once it was handed over.
func recorded() (events, func() (source, error)) {
	seen := make(events, 1<<16)
	return seen, func() (source, error) {
		src, err := openSource()
		if err != nil {
			return src, err
		}
		in, out, done := src.events, make(chan fsnotify.Event), make(chan struct{})
		go func() {
			defer close(out)
			for event := range in {
				select {
				case out <- event:
					seen <- event.Name
				case <-done:
				}
			}
		}()
		closeSource := src.close
		src.events = out
		src.close = func() error {
			close(done)
			return closeSource()
		}
		return src, nil
	}
}

// waitFor reads on to the event of a name that ends like this.
func (e events) waitFor(t *testing.T, suffix string) {
	t.Helper()
	late := time.After(deadline)
	for {
		select {
		case name := <-e:
			if strings.HasSuffix(name, suffix) {
				return
			}
		case <-late:
			t.Fatalf("no event for %s", suffix)
		}
	}
}

// fake is a source that a test drives by hand.
type fake struct {
	source
	out    chan fsnotify.Event
	errs   chan error
	added  chan string
	addErr error
}

func newFake(addErr error) *fake {
	f := &fake{out: make(chan fsnotify.Event), errs: make(chan error), added: make(chan string, 1<<10), addErr: addErr}
	f.source = source{
		add:    func(folder string) error { f.added <- folder; return f.addErr },
		remove: func(string) error { return errors.New("not watched") },
		close:  func() error { return nil },
		events: f.out,
		errors: f.errs,
	}
	return f
}

func (f *fake) open() (source, error) { return f.source, nil }

// adds takes the folders that were added since it was called last.
func (f *fake) adds() map[string]bool {
	out := map[string]bool{}
	for {
		select {
		case folder := <-f.added:
			out[folder] = true
		default:
			return out
		}
	}
}

// tempDir is a temporary folder by a path without links (on macOS it has one).
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func mkdir(t *testing.T, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	must(t, os.MkdirAll(path, 0o700))
	return path
}

func link(t *testing.T, target, path string) {
	t.Helper()
	must(t, os.Symlink(target, path))
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	must(t, os.Rename(from, to))
}

func quietLog() zerolog.Logger { return zerolog.Nop() }
