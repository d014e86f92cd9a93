package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/internal/watch"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// tangle makes, edits, saves, moves, links and removes blueprints and folders at
// random. Whatever fails (a name that is taken, a folder moved into itself) is
// left out.
func tangle(random *rand.Rand, root string) {
	folder := func() string {
		path := root
		for range random.IntN(3) {
			path = filepath.Join(path, string('a'+rune(random.IntN(3))))
		}
		return path
	}
	name := func() string {
		return filepath.Join(folder(), []string{"x.yaml", "y.yml", "1.cue", "2.cue", "note.txt", "value"}[random.IntN(6)])
	}
	text := func() string {
		value := random.IntN(9)
		return []string{
			fmt.Sprintf("version: 1\nentries: [{model: a.b%d}]\n", value),
			fmt.Sprintf("version: 1\nentries:\n- model: authentik_stages_password.passwordstage\n  identifiers: {name: n%d}\n  attrs: {failed_attempts_before_cancel: !File [%s, %d]}\n",
				value, filepath.Join(folder(), "value"), value),
			fmt.Sprintf("package p\nentries: [{model: \"a.b%d\"}]\n", value),
			"package p\nversion: 1\n",
			"entries: [",
			fmt.Sprint(value),
		}[random.IntN(6)]
	}
	for range 1 + random.IntN(6) {
		switch random.IntN(12) {
		case 0:
			_ = os.MkdirAll(folder(), 0o700)
		case 1:
			_ = os.Rename(folder(), folder())
		case 2:
			if path := folder(); path != root {
				_ = os.RemoveAll(path)
			}
		case 3:
			_ = os.Symlink(folder(), folder())
		case 4:
			_ = os.Symlink(name(), name())
		case 5:
			_ = os.Remove(name())
		case 6, 7:
			temporary := filepath.Join(folder(), ".temporary")
			_ = os.WriteFile(temporary, []byte(text()), 0o600)
			_ = os.Rename(temporary, name())
		default:
			_ = os.WriteFile(name(), []byte(text()), 0o600)
		}
	}
}

// said is all that blueprints say.
func said(t *testing.T, read *sync.Blueprints, err error) string {
	t.Helper()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, file := range read.Files {
		fmt.Fprintln(&b, file.Path, file.State, file.Problems)
	}
	for _, entry := range read.Entries {
		attrs := tree.Value{Data: entry.Attrs}
		fmt.Fprintln(&b, entry.Place, tree.Value{Data: entry.Identifiers}.Plain(), attrs.Plain())
	}
	fmt.Fprintln(&b, read.Unmanaged)
	return b.String()
}

// However files and folders are changed, a daemon that looks only at what events
// tell of ends with what somebody finds who looks at everything for the first
// time.
func TestHurryFindsWhatThereIs(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			follow := follower(t, s, root)
			random := rand.New(rand.NewPCG(seed, 7))
			for step := range 60 {
				tangle(random, root)
				follow(fmt.Sprintf("step %d", step))
			}
		})
	}
}

// A package of the user's module is followed where it lies beside the folder
// that is watched.
func TestImportsAreWatched(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	module := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("cue.mod/module.cue", "module: \"example.com/logins\"\nlanguage: version: \"v0.9.0\"\n")
	write("words/w.cue", "package words\nModel: \"a.b\"\n")
	write("blueprints/x.cue", "import \"example.com/logins/words\"\nentries: [{model: words.Model}]\n")
	follow := follower(t, s, filepath.Join(module, "blueprints"))
	for _, model := range []string{"c.d", "e.f"} {
		write("words/w.cue", "package words\nModel: \""+model+"\"\n")
		follow(model)
	}
}

// follower watches a folder as the daemon does. What it gives waits until what was
// read on signals is what somebody finds who reads everything anew.
func follower(t *testing.T, s *schema.Schema, root string) (follow func(what string)) {
	t.Helper()
	watcher, err := watch.New(watch.Config{Paths: []string{root}, Quiet: 5 * time.Millisecond, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- watcher.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	daemon := testSource(t, s, root)
	daemon.onInputs, daemon.changed = watcher.SetExtra, watcher.Changed
	read := func(hurry bool) string {
		read, err := daemon.Read(ctx, hurry)
		return said(t, read, err)
	}
	last := read(false)
	return func(what string) {
		t.Helper()
		fresh, err := testSource(t, s, root).Read(ctx, false)
		want := said(t, fresh, err)
		late := time.After(20 * time.Second)
		for last != want {
			select {
			case <-watcher.Changes():
				last = read(true)
			case <-late:
				t.Fatalf("%s (-want +got):\n%s", what, cmp.Diff(want, last))
			}
		}
	}
}

func testSource(t *testing.T, s *schema.Schema, root string) *source {
	t.Helper()
	made, err := newSource(s, readFlags{}, "", []string{root})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
