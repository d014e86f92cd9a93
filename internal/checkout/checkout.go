// Package checkout gives folders as they were at a git revision. It asks the program
// git, of which nothing else needs to be here.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/textfile"
)

// Checkout holds paths as they were.
type Checkout struct {
	// Paths are those that were there then.
	Paths []Path
	// Left are files that could not be taken along, and why, as the user names them.
	Left []Left

	root string
}

// Path is a path as it is called now, and where it is as it was then.
type Path struct{ Now, Then string }

// Left is a file that could not be taken along.
type Left struct{ File, Why string }

// Close takes the checkout away.
func (c *Checkout) Close() error { return os.RemoveAll(c.root) }

// Name returns what the user calls a file of the checkout: as it would be found below
// the path, if it were there still.
func (c *Checkout) Name(file string) string {
	for _, p := range c.Paths {
		if rest, below := cutFolder(filepath.ToSlash(file), filepath.ToSlash(p.Then)); below {
			return path.Join(filepath.ToSlash(p.Now), rest)
		}
	}
	return file
}

// cutFolder returns a file's path from a folder that it lies below, or nothing for the
// folder itself.
func cutFolder(file, folder string) (rest string, below bool) {
	switch folder {
	case ".":
		return file, true
	case file:
		return "", true
	}
	return strings.CutPrefix(file, folder+"/")
}

// Open makes a checkout of the paths as they were at a revision: of the files that
// blueprints can be made of, and no others. It has to be closed.
func Open(ctx context.Context, revision string, paths []string) (*Checkout, error) {
	root, err := os.MkdirTemp("", "aksync-revision-*")
	if err != nil {
		return nil, err
	}
	c := &Checkout{root: root}
	for _, path := range paths {
		if err := c.add(ctx, revision, path); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// add adds a path, in a folder of its own.
func (c *Checkout) add(ctx context.Context, revision, name string) error {
	real, dir, err := locate(name)
	if err != nil {
		return err
	}
	repo := repository{dir}
	top, err := repo.root(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	inside, err := filepath.Rel(top, real)
	if err != nil || !filepath.IsLocal(inside) {
		return fmt.Errorf("%s is not below %s, the top of its repository", name, top)
	}
	commit, err := repo.commit(ctx, revision)
	if err != nil {
		return err
	}
	into := filepath.Join(c.root, fmt.Sprint(len(c.Paths)))
	p := Path{Now: name, Then: filepath.Join(into, inside)}
	was, err := c.extract(ctx, repo, commit, p, into, filepath.ToSlash(inside))
	if was {
		c.Paths = append(c.Paths, p)
	}
	return err
}

// locate returns the path without links, and the folder that it is or lies in.
func locate(path string) (real, dir string, err error) {
	if real, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	if real, err = filepath.EvalSymlinks(real); err != nil {
		return "", "", err
	}
	if info, err := os.Stat(real); err == nil && !info.IsDir() {
		return real, filepath.Dir(real), nil
	}
	return real, real, nil
}

// extract writes the files of a commit that the blueprints below a path were made of,
// and reports whether there were any.
func (c *Checkout) extract(ctx context.Context, repo repository, commit string, p Path, into, inside string) (was bool, err error) {
	all, err := repo.files(ctx, commit)
	if err != nil {
		return false, err
	}
	wanted := slices.DeleteFunc(all, func(f file) bool {
		_, below := cutFolder(f.path, inside)
		was = was || below && textfile.IsBlueprint(f.path)
		return !below && !isModule(f.path) || !textfile.IsBlueprint(f.path) && f.mode != linkMode
	})
	if !was {
		return false, nil
	}
	wanted = slices.DeleteFunc(wanted, func(f file) bool { return f.mode == moduleMode })
	texts, err := repo.contents(ctx, wanted)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(into, 0o700); err != nil {
		return false, err
	}
	folder, err := os.OpenRoot(into)
	if err != nil {
		return false, err
	}
	defer folder.Close()
	for i, f := range wanted {
		if why := write(folder, f, texts[i]); why != "" {
			rest, _ := cutFolder(f.path, inside)
			c.Left = append(c.Left, Left{path.Join(filepath.ToSlash(p.Now), rest), why})
		}
	}
	return true, nil
}

// isModule reports whether the file may be part of a CUE module, which lies above the
// blueprints that import it.
func isModule(name string) bool { return path.Ext(name) == ".cue" }

// write writes a file, or says why not.
func write(folder *os.Root, f file, text []byte) (why string) {
	name := filepath.FromSlash(f.path)
	if err := folder.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err.Error()
	}
	if f.mode == linkMode {
		target := string(text)
		if path.IsAbs(target) || !filepath.IsLocal(filepath.Join(filepath.Dir(name), filepath.FromSlash(target))) {
			return "is a link to " + target + ", which is not in the repository"
		}
		if err := folder.Symlink(target, name); err != nil {
			return err.Error()
		}
		return ""
	}
	if err := folder.WriteFile(name, text, 0o600); err != nil {
		return err.Error()
	}
	return ""
}
