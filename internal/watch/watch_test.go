package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

func TestSaves(t *testing.T) {
	tests := map[string]func(t *testing.T, file string){
		"written in place": func(t *testing.T, file string) { write(t, file, "new") },
		"vim: the old one becomes a backup, then a new one is written": func(t *testing.T, file string) {
			probe := filepath.Join(filepath.Dir(file), "4913")
			write(t, probe, "")
			must(t, os.Remove(probe))
			rename(t, file, file+"~")
			write(t, file, "new")
			must(t, os.Chmod(file, 0o644))
			must(t, os.Remove(file+"~"))
		},
		"sed -i: a temporary file takes its place": func(t *testing.T, file string) {
			temp := filepath.Join(filepath.Dir(file), "sedXqPz1k")
			write(t, temp, "new")
			rename(t, temp, file)
		},
		"VS Code: truncated and written": func(t *testing.T, file string) {
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
			must(t, err)
			_, err = f.WriteString("new")
			must(t, errors.Join(err, f.Sync(), f.Close()))
		},
		"a hidden temporary file takes its place": func(t *testing.T, file string) {
			temp := filepath.Join(filepath.Dir(file), ".#new")
			write(t, temp, "new")
			rename(t, temp, file)
		},
		"removed and written again": func(t *testing.T, file string) {
			must(t, os.Remove(file))
			write(t, file, "new")
		},
	}
	for name, save := range tests {
		for _, target := range []string{"folder", "file"} {
			t.Run(target+"/"+name, func(t *testing.T) {
				t.Parallel()
				dir := tempDir(t)
				file := filepath.Join(dir, "login.yaml")
				write(t, file, "old")
				path := map[string]string{"folder": dir, "file": file}[target]
				w := start(t, Config{Paths: []string{path}})
				for range 2 { // the watch must outlive the first save
					save(t, file)
					readUntil(t, w, file, "new")
					write(t, file, "old")
					readUntil(t, w, file, "old")
				}
			})
		}
	}
}

func TestDeletedFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	file := filepath.Join(dir, "login.yaml")
	write(t, file, "old")
	w := start(t, Config{Paths: []string{dir}})
	must(t, os.Remove(file))
	readUntil(t, w, file, "missing")
}

func TestNewFoldersWithAFileAtOnce(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	w := start(t, Config{Paths: []string{dir}})
	for i := range 6 {
		file := filepath.Join(mkdir(t, dir, fmt.Sprint(i), "b", "c"), "x.yaml")
		write(t, file, "first")
		readUntil(t, w, file, "first")
		write(t, file, "second")
		readUntil(t, w, file, "second")
	}
}

func TestFolderRenamedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	a, z := filepath.Join(dir, "a"), filepath.Join(dir, "z")
	inA, inZ := filepath.Join(a, "deep", "x.yaml"), filepath.Join(z, "deep", "x.yaml")
	mkdir(t, a, "deep")
	write(t, inA, "one")
	w := start(t, Config{Paths: []string{dir}})

	rename(t, a, z)
	readUntil(t, w, inA, "missing")
	write(t, inZ, "two")
	readUntil(t, w, inZ, "two")

	mkdir(t, a, "deep") // the old path is another folder now, the old folder has another path
	write(t, inA, "three")
	readUntil(t, w, inA, "three")
	write(t, inZ, "four")
	readUntil(t, w, inZ, "four")

	must(t, os.RemoveAll(z))
	readUntil(t, w, inZ, "missing")
	mkdir(t, z, "deep")
	write(t, inZ, "five")
	readUntil(t, w, inZ, "five")
}

func TestRootMissingRemovedAndRecreated(t *testing.T) {
	for name, tail := range map[string]string{"folder": "", "file": "x.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			root := filepath.Join(dir, "not", "yet", "there")
			file := filepath.Join(root, "x.yaml")
			w := start(t, Config{Paths: []string{filepath.Join(root, tail)}})

			for _, text := range []string{"first", "second"} {
				mkdir(t, root)
				write(t, file, text)
				readUntil(t, w, file, text)
				write(t, file, text+" again")
				readUntil(t, w, file, text+" again")
				must(t, os.RemoveAll(filepath.Join(dir, "not")))
				readUntil(t, w, file, "missing")
			}

			mkdir(t, dir, "other", "yet", "there")
			write(t, filepath.Join(dir, "other", "yet", "there", "x.yaml"), "moved here")
			rename(t, filepath.Join(dir, "other"), filepath.Join(dir, "not"))
			readUntil(t, w, file, "moved here")
			write(t, file, "and written")
			readUntil(t, w, file, "and written")
		})
	}
}

// mountConfigMap lays a volume out as the kubelet does: a folder with a time in
// its name, ..data pointing to it, and a link through ..data for each file.
func mountConfigMap(t *testing.T, dir, version, text string) {
	t.Helper()
	write(t, filepath.Join(mkdir(t, dir, version), "login.yaml"), text)
	link(t, version, filepath.Join(dir, "..data_tmp"))
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
	if old == "" {
		link(t, filepath.Join("..data", "login.yaml"), filepath.Join(dir, "login.yaml"))
		return
	}
	must(t, os.RemoveAll(filepath.Join(dir, old)))
}

func TestConfigMapSwap(t *testing.T) {
	for name, tail := range map[string]string{"folder": "", "file": "login.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			file := filepath.Join(dir, "login.yaml")
			mountConfigMap(t, dir, "..2024_01", "one")
			w := start(t, Config{Paths: []string{filepath.Join(dir, tail)}})
			for i, text := range []string{"two", "three", "four"} {
				mountConfigMap(t, dir, fmt.Sprintf("..2024_0%d", i+2), text)
				readUntil(t, w, file, text)
			}
			// The folder that ..data points to is watched after the swaps too.
			write(t, filepath.Join(dir, "..data", "login.yaml"), "in place")
			readUntil(t, w, file, "in place")
		})
	}
}

func TestSymbolicLinks(t *testing.T) {
	t.Run("the root is a link that is pointed elsewhere", func(t *testing.T) {
		t.Parallel()
		dir := tempDir(t)
		write(t, filepath.Join(mkdir(t, dir, "v1"), "x.yaml"), "one")
		write(t, filepath.Join(mkdir(t, dir, "v2"), "x.yaml"), "two")
		root := filepath.Join(dir, "current")
		file := filepath.Join(root, "x.yaml")
		link(t, "v1", root)
		w := start(t, Config{Paths: []string{root}})
		write(t, filepath.Join(dir, "v1", "x.yaml"), "one and a half")
		readUntil(t, w, file, "one and a half")
		link(t, filepath.Join(dir, "v2"), root+".new")
		rename(t, root+".new", root)
		readUntil(t, w, file, "two")
		write(t, filepath.Join(dir, "v2", "x.yaml"), "three")
		readUntil(t, w, file, "three")
	})
	t.Run("an inner folder is a link to the outside", func(t *testing.T) {
		t.Parallel()
		root, outside := tempDir(t), tempDir(t)
		w := start(t, Config{Paths: []string{root}})
		file := filepath.Join(mkdir(t, outside, "deep"), "x.yaml")
		link(t, outside, filepath.Join(root, "shared"))
		nextSignal(t, w)
		write(t, file, "one")
		readUntil(t, w, file, "one")
		must(t, os.RemoveAll(outside))
		readUntil(t, w, file, "missing")
	})
	t.Run("a link to nothing yet", func(t *testing.T) {
		t.Parallel()
		root, outside := tempDir(t), tempDir(t)
		target := filepath.Join(outside, "later", "x.yaml")
		link(t, target, filepath.Join(root, "x.yaml"))
		w := start(t, Config{Paths: []string{root}})
		mkdir(t, outside, "later")
		write(t, target, "there")
		readUntil(t, w, filepath.Join(root, "x.yaml"), "there")
	})
	t.Run("loops", func(t *testing.T) {
		t.Parallel()
		root := tempDir(t)
		mkdir(t, root, "a", "b")
		link(t, root, filepath.Join(root, "a", "b", "up"))
		link(t, "..", filepath.Join(root, "a", "parent"))
		link(t, "self", filepath.Join(root, "self"))
		link(t, "pong", filepath.Join(root, "ping"))
		link(t, "ping", filepath.Join(root, "pong"))
		link(t, "/", filepath.Join(root, ".everything")) // hidden: not followed
		w := start(t, Config{Paths: []string{root}})
		file := filepath.Join(root, "a", "b", "x.yaml")
		write(t, file, "new")
		readUntil(t, w, file, "new")
	})
}

// What is no change must cause no event: a change is made last and counted
// alone.
func TestIgnored(t *testing.T) {
	tests := map[string]func(t *testing.T, dir, root string){
		"chmod": func(t *testing.T, _, root string) {
			must(t, os.Chmod(filepath.Join(root, "x.yaml"), 0o640))
			must(t, os.Chmod(filepath.Join(root, "sub"), 0o750))
		},
		"hidden folders": func(t *testing.T, _, root string) {
			write(t, filepath.Join(mkdir(t, root, ".git", "objects"), "pack"), "new")
			write(t, filepath.Join(root, ".git", "index"), "new")
		},
		"neighbours of the root": func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, "other.yaml"), "new")
			write(t, filepath.Join(mkdir(t, dir, "other"), "x.yaml"), "new")
		},
	}
	for name, act := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			root := mkdir(t, dir, "root")
			mkdir(t, root, "sub")
			mkdir(t, root, ".git", "refs")
			write(t, filepath.Join(root, "x.yaml"), "old")
			var events atomic.Int32
			w := start(t, Config{Paths: []string{root}, OnEvent: func() { events.Add(1) }})
			act(t, dir, root)
			mkdir(t, root, "sub", "last")
			nextSignal(t, w)
			if got := events.Load(); got != 1 {
				t.Errorf("%d events, want the last one alone", got)
			}
		})
	}
}

func TestNeighboursOfAWatchedFileAreIgnored(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	file := filepath.Join(dir, "x.yaml")
	var events atomic.Int32
	w := start(t, Config{Paths: []string{file}, OnEvent: func() { events.Add(1) }})
	write(t, filepath.Join(dir, "y.yaml"), "new")
	must(t, os.Mkdir(file, 0o700)) // one event, other than a write
	nextSignal(t, w)
	if got := events.Load(); got != 1 {
		t.Errorf("%d events, want that of the watched name alone", got)
	}
}

func TestBurstGivesFewSignals(t *testing.T) {
	t.Parallel()
	const files, folders = 300, 10
	dir := tempDir(t)
	w := start(t, Config{Paths: []string{dir}, Quiet: 100 * time.Millisecond})
	path := func(i int) string { return filepath.Join(dir, fmt.Sprint("f", i%folders), fmt.Sprint(i, ".yaml")) }
	for i := range files {
		mkdir(t, filepath.Dir(path(i)))
		write(t, path(i)+".tmp", "new")
		rename(t, path(i)+".tmp", path(i))
	}
	n := signalsUntil(t, w, func() bool {
		for i := range files {
			if content(path(i)) != "new" {
				return false
			}
		}
		return true
	})
	// One is the rule. The bound leaves room for a machine that stalls.
	if n > files/folders {
		t.Errorf("%d signals for a burst of %d files", n, files)
	}
}

func TestSetExtra(t *testing.T) {
	t.Parallel()
	root, other := tempDir(t), tempDir(t)
	one, two := filepath.Join(other, "one.pem"), filepath.Join(other, "two.pem")
	write(t, one, "old")
	w := start(t, Config{Paths: []string{root}})

	w.SetExtra([]string{one, one})
	nextSignal(t, w) // it may have changed before it was watched
	write(t, one, "new")
	readUntil(t, w, one, "new")

	w.SetExtra([]string{two, one})
	nextSignal(t, w)
	write(t, two, "new")
	readUntil(t, w, two, "new")

	w.SetExtra([]string{two})
	for path, want := range map[string]bool{one: false, two: true, filepath.Join(root, "x"): true} {
		w.mu.Lock()
		got := w.tree.judge(fsnotify.Event{Name: path, Op: fsnotify.Write}).concerns
		w.mu.Unlock()
		if got != want {
			t.Errorf("a write to %s concerns the watcher: %v, want %v", path, got, want)
		}
	}
}

func TestSetExtraBesideEvents(t *testing.T) {
	t.Parallel()
	root, other := tempDir(t), tempDir(t)
	w := start(t, Config{Paths: []string{root}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			w.SetExtra([]string{filepath.Join(other, fmt.Sprint(i))})
		}
	}()
	for i := range 100 {
		mkdir(t, root, fmt.Sprint(i))
	}
	<-done
	file := filepath.Join(root, "99", "x.yaml")
	write(t, file, "new")
	readUntil(t, w, file, "new")
}

func TestOverflowSignalsAndWatchesAgain(t *testing.T) {
	t.Parallel()
	root := tempDir(t)
	sub := mkdir(t, root, "sub")
	f := newFake(nil)
	w := startFrom(t, Config{Paths: []string{root}, Logger: quietLog()}, f.open)
	f.adds()
	f.errs <- fsnotify.ErrEventOverflow
	nextSignal(t, w)
	if added := f.adds(); !added[root] || !added[sub] {
		t.Errorf("added again: %v, want %s and %s", added, root, sub)
	}
}

func TestOtherErrorsOfTheSourceChangeNothing(t *testing.T) {
	t.Parallel()
	root := tempDir(t)
	f := newFake(nil)
	w := startFrom(t, Config{Paths: []string{root}, Logger: quietLog()}, f.open)
	f.errs <- errors.New("invalid argument")
	f.out <- fsnotify.Event{Name: filepath.Join(root, "x.yaml"), Op: fsnotify.Write}
	nextSignal(t, w)
}

func TestLimitsAreOneWarning(t *testing.T) {
	for _, limit := range []error{syscall.ENOSPC, syscall.EMFILE} {
		t.Run(limit.Error(), func(t *testing.T) {
			t.Parallel()
			root := tempDir(t)
			mkdir(t, root, "a", "b")
			f := newFake(limit)
			var log bytes.Buffer
			w := startFrom(t, Config{Paths: []string{root}, Logger: zerolog.New(&log).Level(zerolog.WarnLevel)}, f.open)
			f.out <- fsnotify.Event{Name: filepath.Join(root, "a"), Op: fsnotify.Create}
			nextSignal(t, w) // the rescan is behind us, and the log is not written any more
			if got := strings.Count(log.String(), "\n"); got != 1 {
				t.Errorf("%d lines of log, want one:\n%s", got, &log)
			}
			for _, part := range []string{`"level":"warn"`, "fs.inotify.max_user_watches", "next interval"} {
				if !strings.Contains(log.String(), part) {
					t.Errorf("the warning lacks %q: %s", part, &log)
				}
			}
		})
	}
}

func TestNoInotifyInstanceLeft(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	none := newFake(nil)
	w := startFrom(t, Config{Paths: []string{tempDir(t)}, Logger: zerolog.New(&log)},
		func() (source, error) { return none.source, fmt.Errorf("inotify: %w", syscall.EMFILE) })
	if !strings.Contains(log.String(), "fs.inotify.max_user_instances") {
		t.Errorf("no warning that names the limit: %s", &log)
	}
	w.SetExtra([]string{tempDir(t)}) // still works, and so does the end
	nextSignal(t, w)
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	_, err := open(Config{}, func() (source, error) { return source{}, refused })
	if !errors.Is(err, refused) {
		t.Errorf("open: %v, want %v", err, refused)
	}
}

func TestRunEnds(t *testing.T) {
	t.Run("with Close", func(t *testing.T) {
		t.Parallel()
		w, err := New(Config{Paths: []string{tempDir(t)}})
		must(t, err)
		done := make(chan error)
		go func() { done <- w.Run(context.Background()) }()
		must(t, w.Close())
		must(t, w.Close())
		must(t, <-done)
	})
	t.Run("with the context", func(t *testing.T) {
		t.Parallel()
		w, err := New(Config{Paths: []string{tempDir(t)}})
		must(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		must(t, w.Run(ctx))
	})
	t.Run("with an error if events end by themselves", func(t *testing.T) {
		t.Parallel()
		f := newFake(nil)
		w, err := open(Config{Paths: []string{tempDir(t)}}, f.open)
		must(t, err)
		close(f.out)
		if err := w.Run(context.Background()); err == nil {
			t.Error("Run returned nil")
		}
	})
	t.Run("without Run", func(t *testing.T) {
		t.Parallel()
		w, err := New(Config{Paths: []string{tempDir(t)}})
		must(t, err)
		must(t, w.Close())
	})
}

func TestSignalsNeverBlock(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	seen, from := recorded()
	w := startFrom(t, Config{Paths: []string{dir}, Quiet: time.Millisecond}, from)
	for i := range 50 { // nobody takes the signals
		name := fmt.Sprint("d", i)
		mkdir(t, dir, name)
		seen.waitFor(t, name)
	}
	nextSignal(t, w)
}
