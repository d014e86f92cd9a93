package export

import (
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
// nothing is written, unless force is set. All are written beside their places before the
// first is put into its own, so that a disk that is full leaves everything as it was.
func (f *Folder) Save(dir string, force bool) error {
	s, err := begin(dir)
	if err != nil {
		return err
	}
	defer s.end()
	if !force {
		if err := f.refuseExisting(s.root, dir); err != nil {
			return err
		}
	}
	for _, file := range f.Files {
		if err := s.stage(file); err != nil {
			return fmt.Errorf("writing %s: %w: nothing was written", path.Join(dir, file.Path), err)
		}
	}
	return s.place()
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
