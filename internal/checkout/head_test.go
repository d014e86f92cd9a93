package checkout_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/checkout"
)

// The commit is that which git names: on a branch, with packed branches, detached, in a
// worktree, by a link, and for a file.
func TestHeadOf(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not here")
	}
	top := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", top, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what, path string, want checkout.Head) {
		t.Helper()
		if got := checkout.HeadOf(t.Context(), filepath.Join(top, path)); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("no checkout", ".", checkout.Head{})
	git("init", "-q", "-b", "main")
	check("no commit", ".", checkout.Head{})
	write("a/one.yaml", "1")
	write("b/two.yaml", "2")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	commit := git("rev-parse", "HEAD")
	check("branch", "a", checkout.Head{Commit: commit})
	check("file", "a/one.yaml", checkout.Head{Commit: commit})
	git("pack-refs", "--all")
	check("packed", "a", checkout.Head{Commit: commit})
	write("a/one.yaml", "changed")
	check("changed", "a", checkout.Head{Commit: commit, Uncommitted: true})
	check("changed beside it", "b", checkout.Head{Commit: commit})
	git("worktree", "add", "-q", "--detach", filepath.Join(top, "tree"))
	git("worktree", "add", "-q", "-b", "other", filepath.Join(top, "branch"))
	if err := os.Symlink("tree", filepath.Join(top, "current")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"tree/a", "branch/a", "current/a"} {
		check(path, path, checkout.Head{Commit: commit})
	}
	write(".git/HEAD", "ref: ../../../etc/passwd\n")
	check("a ref that leads out", "a", checkout.Head{})
}
