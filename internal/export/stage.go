package export

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// saving is files on their way into a folder. What was not put into its place when it
// ends is taken away again, and the folders that were made for it.
type saving struct {
	dir  string
	root *os.Root
	// outer are the folders that were made for the folder itself, and inner those in it,
	// each behind those that it is in.
	outer, inner []string
	staged       []staged
}

// staged is a file beside its place.
type staged struct{ temporary, place string }

// begin opens the folder dir, which it makes where it is not there.
func begin(dir string) (*saving, error) {
	s := &saving{dir: dir, outer: missing(dir, os.Lstat)}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		s.root, err = os.OpenRoot(dir)
	}
	if err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// missing are the folders of a path that are not there, the outermost first.
func missing(name string, stat func(string) (fs.FileInfo, error)) []string {
	name = filepath.Clean(name)
	if _, err := stat(name); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(name) == name {
		return nil
	}
	return append(missing(filepath.Dir(name), stat), name)
}

// stage writes a file beside its place.
func (s *saving) stage(file File) error {
	folder := path.Dir(file.Path)
	s.inner = append(s.inner, missing(folder, s.root.Lstat)...)
	if err := s.root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if there, err := s.root.Stat(file.Path); err == nil && there.IsDir() {
		return errors.New("a folder has that name")
	}
	temporary := path.Join(folder, ".aksync-"+rand.Text())
	s.staged = append(s.staged, staged{temporary, file.Path})
	return s.root.WriteFile(temporary, file.Text, 0o644)
}

// place puts the files into their places.
func (s *saving) place() error {
	all := len(s.staged)
	for ; len(s.staged) > 0; s.staged = s.staged[1:] {
		file := s.staged[0]
		if err := s.root.Rename(file.temporary, file.place); err != nil {
			return fmt.Errorf("writing %s: %w: %d of %d files were written", path.Join(s.dir, file.place), err, all-len(s.staged), all)
		}
	}
	s.inner, s.outer = nil, nil
	return nil
}

// end takes away what was not put into its place. What holds something stays.
func (s *saving) end() {
	if s.root != nil {
		for _, file := range s.staged {
			_ = s.root.Remove(file.temporary)
		}
		for i := len(s.inner) - 1; i >= 0; i-- {
			_ = s.root.Remove(s.inner[i])
		}
		_ = s.root.Close()
	}
	for i := len(s.outer) - 1; i >= 0; i-- {
		_ = os.Remove(s.outer[i])
	}
}

// CanSave is an error where nothing can be written into the folder dir. It leaves no
// trace.
func CanSave(dir string) error {
	s, err := begin(dir)
	if err != nil {
		return err
	}
	defer s.end()
	if err := s.stage(File{Path: "trial"}); err != nil {
		return fmt.Errorf("writing into %s: %w", dir, err)
	}
	return nil
}
