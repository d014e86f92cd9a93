package blueprint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/tree"
)

// mostFolders bounds how deep folders may be nested.
const mostFolders = 64

// source is one blueprint to read: a file, or the files of one CUE package.
type source struct {
	parts   []part
	problem *tree.Problem // why it can't be read
}

// part is one file of a source.
type part struct {
	name string // as the user writes it, with slashes
	path string // to open it by
	real string // its absolute path, without symlinks
	// packaged is set where the file may be part of a CUE package, and pack is
	// that package; empty where the file stands alone.
	packaged bool
	pack     string
	text     []byte
}

func (s source) key() string {
	names := make([]string, len(s.parts))
	for i, p := range s.parts {
		names[i] = p.name
	}
	return strings.Join(names, "\x00")
}

// findSources gives the blueprints that paths name, in the order of their
// names, and the folders that hold none.
func findSources(paths []string) (sources []source, empty []string, err error) {
	f := &finder{seen: map[string]bool{}}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading blueprints: %w", err)
		}
		real, err := realPath(path)
		if err != nil {
			return nil, nil, fmt.Errorf("reading blueprints: %w", err)
		}
		if info.IsDir() {
			if err := f.folder(path, real, nil); err != nil {
				return nil, nil, fmt.Errorf("reading blueprints: %w", err)
			}
			continue
		}
		if !textfile.IsBlueprint(path) {
			return nil, nil, fmt.Errorf("reading blueprints: %s: want a folder, or a file that ends in .yaml, .yml or .cue", filepath.ToSlash(path))
		}
		f.file(part{path: path, real: real})
	}
	return f.sources(), f.empty, nil
}

// finder walks folders.
type finder struct {
	seen   map[string]bool // the real paths of files
	found  []part
	failed []source
	// met counts the blueprints that were met, and empty are the folders that hold
	// none, with slashes.
	met   int
	empty []string
}

// realPath gives the absolute path without symlinks.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// folder gathers what is below a folder, whose real path is given. above are
// those of the folders around it: a symlink to one of them is a loop.
func (f *finder) folder(path, real string, above []string) error {
	if slices.Contains(above, real) {
		return nil
	}
	if len(above) > mostFolders {
		return fmt.Errorf("%s: folders are nested deeper than %d levels", path, mostFolders)
	}
	elements, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	above, met := append(slices.Clone(above), real), f.met
	for _, element := range elements {
		f.element(filepath.Join(path, element.Name()), element, above)
	}
	if f.met == met {
		f.empty = append(f.empty, filepath.ToSlash(path))
	}
	return nil
}

// element takes one name in a folder; above ends with the folder itself.
func (f *finder) element(path string, element fs.DirEntry, above []string) {
	if textfile.Ignored(element.Name()) {
		return
	}
	isFolder, real := element.IsDir(), filepath.Join(above[len(above)-1], element.Name())
	var err error
	if element.Type()&fs.ModeSymlink != 0 {
		info, statErr := os.Stat(path)
		isFolder = statErr == nil && info.IsDir()
		real, err = realPath(path)
	}
	if !isFolder && !textfile.IsBlueprint(element.Name()) {
		return
	}
	if err != nil {
		f.fail(path, err)
		return
	}
	if !isFolder {
		f.file(part{path: path, real: real, packaged: true})
		return
	}
	err = f.folder(path, real, above)
	if errors.Is(err, fs.ErrNotExist) {
		return // it went away while the folder was read
	}
	if err != nil {
		f.fail(path, err)
	}
}

func (f *finder) fail(path string, err error) {
	f.met++
	name := filepath.ToSlash(path)
	f.failed = append(f.failed, source{
		parts:   []part{{name: name, path: path}},
		problem: &tree.Problem{Place: tree.Place{File: name}, Message: readReason(err)},
	})
}

// readReason leaves out of an error the path that the problem names already.
func readReason(err error) string {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return "can't be read: " + inner.Err.Error()
	}
	return err.Error()
}

func (f *finder) file(p part) {
	f.met++
	if f.seen[p.real] {
		return
	}
	f.seen[p.real] = true
	p.name = filepath.ToSlash(p.path)
	f.found = append(f.found, p)
}

// read reads the part's file.
func (p *part) read() (err error) {
	if p.text, err = textfile.ReadSourceFile(p.path); err != nil {
		return err
	}
	p.pack = ""
	if p.packaged && filepath.Ext(p.path) == ".cue" {
		p.pack = cue.PackageName(p.text)
	}
	return nil
}

// sources reads the files and joins those of one CUE package.
func (f *finder) sources() []source {
	sources := f.failed
	packages := map[string]int{}
	for _, file := range f.found {
		if err := file.read(); err != nil {
			sources = append(sources, source{
				parts:   []part{file},
				problem: &tree.Problem{Place: tree.Place{File: file.name}, Message: readReason(err)},
			})
			continue
		}
		if file.pack == "" {
			sources = append(sources, source{parts: []part{file}})
			continue
		}
		key := filepath.Dir(file.path) + "\x00" + file.pack
		if at, known := packages[key]; known {
			sources[at].parts = append(sources[at].parts, file)
			continue
		}
		packages[key] = len(sources)
		sources = append(sources, source{parts: []part{file}})
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.parts[0].name, b.parts[0].name) })
	return sources
}
