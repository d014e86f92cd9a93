package checkout

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// statusAtMost bounds how long git is asked whether files differ from the commit.
const statusAtMost = 5 * time.Second

// Head is the commit that is checked out where a folder or file lies.
type Head struct {
	// Commit is empty where none is known, such as outside of a checkout.
	Commit string
	// Uncommitted is set where git is here and says that what lies there differs from
	// the commit.
	Uncommitted bool
}

// HeadOf looks for the commit. It reads git's own files, so that it is found where the
// program git is not here, such as in the image beside git-sync.
func HeadOf(ctx context.Context, path string) Head {
	real, dir, err := locate(path)
	if err != nil {
		return Head{}
	}
	git := gitFolder(dir)
	if git == "" {
		return Head{}
	}
	head := Head{Commit: commitOf(git)}
	if head.Commit != "" {
		ctx, cancel := context.WithTimeout(ctx, statusAtMost)
		defer cancel()
		out, err := repository{dir}.git(ctx, "", "status", "--porcelain", "--", real)
		head.Uncommitted = err == nil && len(out) > 0
	}
	return head
}

// gitFolder gives the folder that git keeps a checkout's state in; empty outside of one.
func gitFolder(dir string) string {
	for {
		name := filepath.Join(dir, ".git")
		info, err := os.Stat(name)
		switch {
		case err == nil && info.IsDir():
			return name
		case err == nil: // a worktree or a submodule has a file that says where it is
			return pointer(dir, name, "gitdir: ")
		case !errors.Is(err, fs.ErrNotExist):
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// pointer gives the path that a file of git's holds after a word, from a folder.
func pointer(dir, name, word string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	path, has := strings.CutPrefix(strings.TrimSpace(string(text)), word)
	if !has || path == "" {
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return path
}

// commitOf gives the commit that HEAD means; empty where that is not to be found.
func commitOf(git string) string {
	text, err := os.ReadFile(filepath.Join(git, "HEAD"))
	if err != nil {
		return ""
	}
	head := strings.TrimSpace(string(text))
	ref, isRef := strings.CutPrefix(head, "ref: ")
	if !isRef {
		return hash(head)
	}
	common := git // branches are those of all worktrees
	if path := pointer(git, filepath.Join(git, "commondir"), ""); path != "" {
		common = path
	}
	if !filepath.IsLocal(filepath.FromSlash(ref)) {
		return ""
	}
	if text, err := os.ReadFile(filepath.Join(common, filepath.FromSlash(ref))); err == nil {
		return hash(strings.TrimSpace(string(text)))
	}
	packed, err := os.ReadFile(filepath.Join(common, "packed-refs"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(packed)) {
		if commit, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == ref {
			return hash(commit)
		}
	}
	return ""
}

// hash gives text back that is the name of a commit, and nothing of any other.
func hash(text string) string {
	if regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(text) {
		return text
	}
	return ""
}
