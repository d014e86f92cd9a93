// Package wholefile replaces files as a whole.
package wholefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts a new file, which only its owner can read, in the place of the one that
// may be there. Where anything fails, that is as it was. The text is on the disk before
// its name is. Until then the file has another name in the same folder, of a pattern as
// os.CreateTemp takes it, which a process that is killed leaves behind.
func Replace(path, pattern string, text []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), pattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
