package checkout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// repository is a git repository, asked by the program git.
type repository struct {
	// dir is a folder of its working tree.
	dir string
}

// git runs a command that only reads, and returns what it prints.
func (r repository) git(ctx context.Context, input string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.dir}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	cmd.Stdin = strings.NewReader(input)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the program git is not here: install it, or do without --removed-since")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &gitError{err, strings.TrimSpace(complaint.String())}
	}
	return out.Bytes(), nil
}

// gitError is the error of a command that git ended with a status other than 0.
type gitError struct {
	err       error
	complaint string
}

func (e *gitError) Error() string {
	if e.complaint == "" {
		return "git: " + e.err.Error()
	}
	return "git: " + e.complaint
}

func (e *gitError) Unwrap() error { return e.err }

// root returns the top of the working tree.
func (r repository) root(ctx context.Context) (string, error) {
	out, err := r.git(ctx, "", "rev-parse", "--show-toplevel")
	return strings.TrimSuffix(string(out), "\n"), err
}

// commit returns the commit that a revision means. It has to be one that the working
// tree descends from: otherwise what was added there since would look as if it had
// been removed here.
func (r repository) commit(ctx context.Context, revision string) (string, error) {
	if revision == "" || strings.HasPrefix(revision, "-") {
		return "", fmt.Errorf("%q is no revision: want a commit, a branch or a tag", revision)
	}
	out, err := r.git(ctx, "", "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	if failed := (*gitError)(nil); errors.As(err, &failed) {
		return "", fmt.Errorf("git knows no commit %q here: want one that it has; a checkout that is not deep enough (fetch-depth, GIT_DEPTH) lacks it", revision)
	}
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(out))
	_, err = r.git(ctx, "", "merge-base", "--is-ancestor", commit, "HEAD")
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		return "", fmt.Errorf("%[1]s is no ancestor of HEAD, so what was added there would look removed here: "+
			"want a commit that HEAD descends from, such as $(git merge-base %[1]s HEAD), and a checkout that is deep enough to see it", revision)
	}
	return commit, err
}

// file is a file of a commit.
type file struct {
	mode, hash string
	// path is that from the top of the repository, with slashes.
	path string
}

const (
	linkMode   = "120000"
	moduleMode = "160000"
)

// files returns those of a commit.
func (r repository) files(ctx context.Context, commit string) ([]file, error) {
	out, err := r.git(ctx, "", "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	var files []file
	for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, path, found := strings.Cut(line, "\t")
		if words := strings.Fields(head); found && len(words) == 3 {
			files = append(files, file{words[0], words[2], path})
		}
	}
	return files, nil
}

// contents returns those of files, in their order.
func (r repository) contents(ctx context.Context, files []file) ([][]byte, error) {
	var hashes strings.Builder
	for _, f := range files {
		fmt.Fprintln(&hashes, f.hash)
	}
	out, err := r.git(ctx, hashes.String(), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	texts := make([][]byte, len(files))
	for i, f := range files {
		head, rest, _ := bytes.Cut(out, []byte("\n"))
		var hash, kind string
		var size int
		if _, err := fmt.Sscan(string(head), &hash, &kind, &size); err != nil || len(rest) <= size {
			return nil, fmt.Errorf("git has no contents of %s: %s", f.path, head)
		}
		texts[i], out = rest[:size], rest[size+1:]
	}
	return texts, nil
}
