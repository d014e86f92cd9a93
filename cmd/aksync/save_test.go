package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func saying(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// holds checks what a folder has in it, with what is said in the files.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			text = []byte("unreadable")
		}
		got[entry.Name()] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func checkPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("%s has the mode %s", path, info.Mode())
	}
}

func TestSaveFile(t *testing.T) {
	for _, mode := range []os.FileMode{0, 0o600, 0o644, 0o666} {
		dir := t.TempDir()
		path := filepath.Join(dir, "plan.json")
		if mode != 0 {
			write(t, path, "old", mode)
		}
		if err := saveFile(path, saying("new")); err != nil {
			t.Fatal(err)
		}
		checkPrivate(t, path)
		holds(t, dir, map[string]string{"plan.json": "new"})
	}
}

// What can't be made leaves the old file as it was, and nothing beside it.
func TestSaveFileThatFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "plan.json")
	broken := errors.New("it is known only after apply")
	failing := func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	}
	if err := saveFile(path, failing); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	holds(t, dir, map[string]string{})
	write(t, path, "old", 0o644)
	if err := saveFile(path, failing); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	holds(t, dir, map[string]string{"plan.json": "old"})
	for _, wrong := range []string{dir, filepath.Join(dir, "nowhere", "plan.json"), filepath.Join(path, "x")} {
		if saveFile(wrong, saying("new")) == nil {
			t.Errorf("%s is written", wrong)
		}
	}
	if replaceFile(dir, []byte("new")) == nil {
		t.Error("a folder is replaced")
	}
	holds(t, dir, map[string]string{"plan.json": "old"})
	holds(t, filepath.Dir(dir), map[string]string{filepath.Base(dir): "unreadable"})
}

// A link stays one: what it names is replaced.
func TestSaveFileBehindALink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "plan.json"), filepath.Join(other, "today.json")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := saveFile(link, saying("new")); err == nil {
		t.Error("a link to nothing is followed")
	}
	holds(t, other, map[string]string{})
	write(t, target, "old", 0o644)
	if err := saveFile(link, saying("new")); err != nil {
		t.Fatal(err)
	}
	checkPrivate(t, target)
	holds(t, other, map[string]string{"today.json": "new"})
	if name, err := os.Readlink(link); err != nil || name != target {
		t.Errorf("the link is %s (%v)", name, err)
	}
	holds(t, dir, map[string]string{"plan.json": "new"})
}

// What names a stream of this program, as /dev/stdout does, is written after what
// the stream has had, and not emptied where it is a file.
func TestSaveFileInAStream(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "stdout")
	stream, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := stream.WriteString("plan, "); err != nil {
		t.Fatal(err)
	}
	if err := saveFile(path, saying("saved, "), stream); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"stdout": "plan, saved, end"})
}
