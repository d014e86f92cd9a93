// Package history keeps what the daemon has to remember from one run to the next, in a
// folder of its own. Each subject is a file of its own in it.
package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aksync/aksync/internal/wholefile"
)

// lockName is the file that one daemon at a time has a lock on. What it holds means
// nothing.
const lockName = "lock"

// Folder is the folder. One process has it open at a time.
type Folder struct {
	path   string
	server string
	lock   *os.File
}

// Open opens the folder for the server at an address, and makes it if it is not there.
func Open(path, server string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f := &Folder{path: path, server: server, lock: lock}
	if err = tryLock(lock); err == nil {
		err = f.clean()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), lock.Close())
	}
	return f, nil
}

// Close lets another process have the folder.
func (f *Folder) Close() error { return f.lock.Close() }

// errLocked is the error of a folder that another process has open.
var errLocked = errors.New("another aksync has this folder: give each daemon one of its own")

// newPrefix begins the names of files that are being written.
const newPrefix = ".new-"

// clean removes what a process left that was killed while it wrote.
func (f *Folder) clean() error {
	elements, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	for _, element := range elements {
		if strings.HasPrefix(element.Name(), newPrefix) {
			if err := os.Remove(filepath.Join(f.path, element.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// replace puts a new file in the place of the one of a name. Whatever happens there is
// the old one as it was, or the new one as a whole.
func (f *Folder) replace(name string, text []byte) error {
	if err := wholefile.Replace(filepath.Join(f.path, name), newPrefix+"*", text); err != nil {
		return err
	}
	return syncFolder(f.path)
}

// syncFolder makes sure that the names in a folder are on the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
