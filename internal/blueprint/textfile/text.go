// Package textfile reads the files that blueprints are made of: regular ones, not too
// large, of text.
package textfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
)

// mostSource bounds the size of a blueprint file.
const mostSource = 4 << 20

// ReadSourceFile reads a blueprint file. It does not wait for the writer of a
// FIFO, and reads no device.
func ReadSourceFile(path string) ([]byte, error) {
	// The look before opening keeps a device from being opened, which alone
	// can have an effect; the one after it is sure.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file: want a file or a folder")
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file: want a file or a folder")
	}
	text, err := io.ReadAll(io.LimitReader(file, mostSource+1))
	if err != nil {
		return nil, err
	}
	if len(text) > mostSource {
		return nil, fmt.Errorf("is larger than %d MiB: split it into several files", mostSource>>20)
	}
	return text, nil
}

// IsBlueprint tells by a file's name whether it can be a blueprint.
func IsBlueprint(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".cue"}, filepath.Ext(name))
}

// Ignored tells whether a name in a folder is nobody's blueprint: hidden, an
// editor's, or CUE's own.
func Ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~") ||
		name == "cue.mod" || strings.HasSuffix(name, ".cue") && (strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_tool.cue") || strings.HasSuffix(name, "_test.cue"))
}

// NotText finds the first byte that a text file can't hold.
func NotText(path string, text []byte) *tree.Problem {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return &tree.Problem{Place: placeAt(path, text, i), Message: "a NUL byte: want text in UTF-8"}
	}
	if utf8.Valid(text) {
		return nil
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return &tree.Problem{Place: placeAt(path, text, i), Message: fmt.Sprintf("the byte 0x%02x is not UTF-8: want text in UTF-8", text[i])}
		}
		i += size
	}
	return nil
}

// placeAt gives line and column, in characters, of a byte of the text.
func placeAt(path string, text []byte, offset int) tree.Place {
	before := text[:min(offset, len(text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return tree.Place{
		File:   path,
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[start:]) + 1,
	}
}

// MostSearched is how large a text may be to be parsed again and again.
const MostSearched = 256 << 10

// Digest identifies contents.
type Digest = [sha256.Size]byte
