package tags

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
)

// mostInput bounds what !File reads.
const mostInput = 1 << 20

// Inputs are what a file looked at outside of it: a change of any of them may
// change the file's meaning.
type Inputs struct {
	// Env holds the names of environment variables.
	Env []string
	// Files holds the paths of files, as !File names them and relative to
	// the working directory, and those of files that CUE imports.
	Files []string
}

// Policy says what tags may look at.
type Policy struct {
	EnvAllow  []string
	Roots     []string // folders, with symlinks resolved
	Secrets   []string // likewise: what is in them is read for sensitive fields alone
	Forbidden []string
	LookupEnv func(string) (string, bool)
}

// Looks gives the values that tags look at, and keeps them, so that one file
// sees one value throughout and a change can be noticed. It is safe for
// concurrent use.
type Looks struct {
	Policy *Policy

	mu        sync.Mutex
	variables map[string]variable
	files     map[string]fileInput
}

// variable is an environment variable as it was read.
type variable struct {
	value string
	isSet bool
}

type fileInput struct {
	text   string
	err    error
	secret bool // it is for sensitive fields alone
}

func NewLooks(p *Policy) *Looks { return &Looks{Policy: p} }

// env gives the value of a variable and whether it is set, or says why it may not
// be read for the target.
func (in *Looks) env(name string, to target) (value string, isSet bool, err error) {
	if err := in.Policy.mayReadEnv(name, to); err != nil {
		return "", false, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	read, known := in.variables[name]
	if !known {
		read.value, read.isSet = in.Policy.LookupEnv(name)
		if in.variables == nil { // most files look at nothing
			in.variables = map[string]variable{}
		}
		in.variables[name] = read
	}
	if !utf8.ValidString(read.value) {
		return "", true, fmt.Errorf("the environment variable %s is not text in UTF-8", name)
	}
	if len(in.Policy.EnvAllow) == 0 && !to.hidden && holdsPassword(read.value) {
		return "", true, secretVariable(name, "it looks like an address with a password in it", to)
	}
	return read.value, read.isSet, nil
}

// file gives the text of a file that may be read for the target. The error is an
// *unreadableError where a default may take its place.
func (in *Looks) file(name string, to target) (string, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	read, known := in.files[name]
	if !known {
		read = in.Policy.readFile(name)
		if in.files == nil {
			in.files = map[string]fileInput{}
		}
		in.files[name] = read
	}
	if read.secret && !to.hidden {
		return "", secretFile(name, to)
	}
	return read.text, read.err
}

// Unchanged tells whether everything that was looked at is still the same.
func (in *Looks) Unchanged() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for name, before := range in.variables {
		if value, isSet := in.Policy.LookupEnv(name); (variable{value, isSet}) != before {
			return false
		}
	}
	for name, before := range in.files {
		if now := in.Policy.readFile(name); now.text != before.text || now.secret != before.secret || (now.err == nil) != (before.err == nil) ||
			now.err != nil && now.err.Error() != before.err.Error() {
			return false
		}
	}
	return true
}

func (in *Looks) Names() Inputs {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.variables) == 0 && len(in.files) == 0 {
		return Inputs{} // as nearly all do
	}
	return Inputs{Env: slices.Sorted(maps.Keys(in.variables)), Files: slices.Sorted(maps.Keys(in.files))}
}

// unreadableError is a file that is not there or can't be read: what a default
// is for.
type unreadableError struct{ err error }

func (u *unreadableError) Error() string { return u.err.Error() }
func (u *unreadableError) Unwrap() error { return u.err }

func unreadable(name string, err error) fileInput {
	var reason *fs.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	return fileInput{err: &unreadableError{fmt.Errorf("!File %s can't be read: %w", name, err)}}
}

// readFile reads a file below one of the roots, as Python reads text. A
// relative path starts at the working directory, as in authentik.
func (p *Policy) readFile(name string) fileInput {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return unreadable(name, err)
	}
	real, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		// Whether a file outside of the roots exists is not told.
		root, inside := p.mayExist(absolute)
		if !inside {
			return fileInput{err: outsideRoots(name)}
		}
		missing := unreadable(name, err)
		missing.secret = p.isSecret(root)
		return missing
	}
	root, inside := p.rootOf(real)
	if !inside {
		return fileInput{err: outsideRoots(name)}
	}
	read := p.readRoot(name, root, real)
	read.secret = p.isSecret(root) && !isPublic(read.text)
	if read.secret && isServiceAccount(read.text) {
		return fileInput{secret: true, err: fmt.Errorf("!File %s may not be read: it holds the token of a Kubernetes service account; allow its folder with --file-root %s", name, filepath.Dir(name))}
	}
	return read
}

// readRoot reads a file of a root.
func (p *Policy) readRoot(name, root, real string) fileInput {
	text, err := p.readBelow(root, real)
	var forbidden *forbiddenError
	switch {
	case errors.As(err, &forbidden):
		return fileInput{err: fmt.Errorf("!File %s may never be read: it holds the token, or a key of aksync's own", name)}
	case err != nil:
		return unreadable(name, err)
	case len(text) > mostInput:
		return fileInput{err: fmt.Errorf("!File %s is larger than %d bytes", name, mostInput)}
	case !utf8.Valid(text):
		return fileInput{err: fmt.Errorf("!File %s is not text in UTF-8", name)}
	}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text))
	return fileInput{text: strings.TrimFunc(lines, tree.IsPythonSpace)}
}

func outsideRoots(name string) error {
	return fmt.Errorf("!File %s may not be read: it lies outside of the blueprints' folders; allow its folder with --file-root %s", name, filepath.Dir(name))
}

// mayExist gives the root that a path which leads nowhere lies below, as far as it
// leads.
func (p *Policy) mayExist(absolute string) (root string, inside bool) {
	for folder := filepath.Dir(absolute); ; folder = filepath.Dir(folder) {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			return p.rootOf(real)
		}
		if folder == filepath.Dir(folder) {
			return "", false
		}
	}
}

// rootOf gives the innermost root that a path without symlinks lies in.
func (p *Policy) rootOf(real string) (innermost string, inside bool) {
	for _, root := range slices.Concat(p.Secrets, p.Roots) {
		if below(root, real) && (!inside || len(root) >= len(innermost)) {
			innermost, inside = root, true
		}
	}
	return innermost, inside && !p.isOwn(real)
}

func below(root, real string) bool {
	relative, err := filepath.Rel(root, real)
	return err == nil && filepath.IsLocal(relative)
}

// forbiddenError is a file that may not be read, whatever its name.
type forbiddenError struct{}

func (*forbiddenError) Error() string { return "forbidden" }

// readBelow opens the file within its root, so that a symlink that is put
// there meanwhile leads nowhere, and does not wait for a FIFO's writer.
func (p *Policy) readBelow(root, real string) ([]byte, error) {
	folder, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	relative, err := filepath.Rel(root, real)
	if err != nil {
		return nil, err
	}
	file, err := folder.OpenFile(relative, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	for _, name := range p.Forbidden {
		if secret, err := os.Stat(name); err == nil && os.SameFile(info, secret) {
			return nil, &forbiddenError{}
		}
	}
	return io.ReadAll(io.LimitReader(file, mostInput+1))
}
