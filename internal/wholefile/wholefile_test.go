package wholefile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aksync/aksync/internal/wholefile"
)

// A file that is rewritten can be read by whom it could be, and a link to it stays one.
func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "link.yaml")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.yaml", link); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.Rewrite(link, ".new-*", []byte("new")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "new" {
		t.Errorf("the file has %q, %v", text, err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// What is not there is not rewritten.
func TestRewriteNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := wholefile.Rewrite(path, ".new-*", nil); !os.IsNotExist(err) {
		t.Errorf("the error is %v", err)
	}
}
