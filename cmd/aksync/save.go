package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aksync/aksync/internal/wholefile"
)

// saveFile writes what save gives into the file that --out names. That is not
// touched before all of it is there.
func saveFile(path string, save func(io.Writer) error, streams ...*os.File) error {
	var text bytes.Buffer
	if err := save(&text); err != nil {
		return err
	}
	if err := writeOut(path, text.Bytes(), streams); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// writeOut writes text into a file that only its owner can read. The file is
// replaced as a whole: where anything fails, it is as it was.
//
// A link stays, and what it names is replaced. A device or a pipe with a name is
// written to, and so is what names one of the streams of this program: a file
// that stdout is redirected to has more in it than this.
func writeOut(path string, text []byte, streams []*os.File) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, err := os.Readlink(path); err == nil {
			return fmt.Errorf("%s is a link to %s, which is not there", path, link)
		}
		return replaceFile(path, text)
	case err != nil:
		return err
	}
	for _, stream := range streams {
		if its, err := stream.Stat(); err == nil && os.SameFile(info, its) {
			_, err := stream.Write(text)
			return err
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		_, err := file.Write(text)
		return errors.Join(err, file.Close())
	}
	// It was opened for the system's word on whether this may write to it.
	if err := file.Close(); err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return replaceFile(target, text)
}

// replaceFile puts a new file in the place of the one that may be there.
func replaceFile(path string, text []byte) error {
	return wholefile.Replace(path, ".aksync-*", text)
}
