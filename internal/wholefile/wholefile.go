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
func Replace(path, pattern string, text []byte) error {
	return replace(path, pattern, text, func(*os.File) error { return nil })
}

// Rewrite is Replace for a file that is there: whoever could read it can do so still. A
// link stays, and what it names is replaced.
func Rewrite(path, pattern string, text []byte) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	return replace(real, pattern, text, func(file *os.File) error { return file.Chmod(info.Mode().Perm()) })
}

func replace(path, pattern string, text []byte, prepare func(*os.File) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), pattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if _, err = file.Write(text); err == nil {
		err = prepare(file)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
