package export

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/textfile"
)

// Save writes the files into the folder dir, which it makes where it is not there, and
// never outside it. Where any of them is there with another content, it is an error and
// nothing is written, unless force is set. Each file is replaced as a whole.
func (f *Folder) Save(dir string, force bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if !force {
		if err := f.refuseExisting(root, dir); err != nil {
			return err
		}
	}
	for _, file := range f.Files {
		if err := replace(root, file); err != nil {
			return fmt.Errorf("writing %s: %w", path.Join(dir, file.Path), err)
		}
	}
	return nil
}

// refuseExisting is an error where a file is there and not as it would be written.
func (f *Folder) refuseExisting(root *os.Root, dir string) error {
	var there []string
	for _, file := range f.Files {
		switch text, err := root.ReadFile(file.Path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !slices.Equal(text, file.Text):
			there = append(there, file.Path)
		}
	}
	if len(there) == 0 {
		return nil
	}
	const most = 5
	more := ""
	if len(there) > most {
		more = fmt.Sprintf(" and %d more", len(there)-most)
		there = there[:most]
	}
	return fmt.Errorf("%s has %s%s already, with something else in it: nothing was written; --force overwrites", dir, strings.Join(there, ", "), more)
}

// replace puts a file in the place of the one that may be there.
func replace(root *os.Root, file File) (err error) {
	folder := path.Dir(file.Path)
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	temporary := path.Join(folder, ".aksync-"+rand.Text())
	if err := root.WriteFile(temporary, file.Text, 0o644); err != nil {
		return errors.Join(err, root.RemoveAll(temporary))
	}
	if err := root.Rename(temporary, file.Path); err != nil {
		return errors.Join(err, root.RemoveAll(temporary))
	}
	return nil
}

// Leftovers returns the blueprints in dir that are not among the files: what an earlier
// export may have written.
func (f *Folder) Leftovers(dir string) ([]string, error) {
	var left []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		isOurs := slices.ContainsFunc(f.Files, func(file File) bool { return file.Path == name })
		if err == nil && !entry.IsDir() && textfile.IsBlueprint(name) && !isOurs {
			left = append(left, name)
		}
		return err
	})
	return left, err
}
