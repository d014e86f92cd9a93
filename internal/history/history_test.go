package history_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/sync"
)

const server = "https://auth.example.com/api/v3/"

func open(t *testing.T, path, server string) *history.Folder {
	t.Helper()
	folder, err := history.Open(path, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() }) // once more does no harm
	return folder
}

// What is remembered is there when the folder is opened again, and what a process left
// that was killed while it wrote is not.
func TestDeclared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	folder := open(t, path, server)
	memory, err := folder.Declared()
	if err != nil || len(memory.Declared()) > 0 {
		t.Fatal("a new folder remembers something: ", memory.Declared(), err)
	}
	want := []sync.Declared{{Model: "a.b", PK: "1", By: map[string]string{"name": "<x>"}, File: "a.yaml", Line: 3, Column: 5}}
	for _, objects := range [][]sync.Declared{{{Model: "a.b", PK: "2"}}, want} {
		if err := memory.Remember(objects); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := history.Open(path, server); err == nil || !strings.Contains(err.Error(), "another aksync has this folder") {
		t.Error("a second process may open the folder: ", err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, ".new-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := open(t, path, server).Declared()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Declared()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	elements, err := os.ReadDir(path)
	if err != nil || len(elements) != 2 || elements[0].Name() != "declared.json" || elements[1].Name() != "lock" {
		t.Error("the folder holds ", elements, err)
	}
	if info, err := os.Stat(filepath.Join(path, "declared.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read it: ", info, err)
	}
}

func TestDeclaredRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "is damaged"},
		{"half", `{"aksync_declared": "1", "server": "` + server + `", "objects": [`, "is damaged"},
		{"unknown words", `{"aksync_declared": "1", "server": "` + server + `", "things": []}`, "is damaged"},
		{"another format", `{"aksync_declared": "2", "server": "` + server + `", "things": []}`, `has the format "2", and this aksync reads "1"`},
		{"another server", `{"aksync_declared": "1", "server": "https://other/api/v3/", "objects": []}`,
			"remembers what is declared for https://other/api/v3/, and --url is " + server + ": want a folder for each server"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir()
			if err := os.WriteFile(filepath.Join(path, "declared.json"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := open(t, path, server).Declared(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %s", err, tt.want)
			}
		})
	}
}

// Where it can't be written, what was remembered stays, and the caller is told.
func TestDeclaredUnwritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory")
	memory, err := open(t, path, server).Declared()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := memory.Remember([]sync.Declared{{Model: "a.b", PK: "1"}}); err == nil || len(memory.Declared()) > 0 {
		t.Error("it remembers in a folder that is gone: ", memory.Declared(), err)
	}
}
