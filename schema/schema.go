// Package schema is the shape of a blueprint and of the objects that aksync
// manages, written in CUE, and the Go that compiles it and says what is wrong
// with a value. Go code reads all it knows of a kind of object from here and
// holds no list of fields of its own.
package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// ImportPath is what a blueprint in CUE imports the schema by.
const ImportPath = "github.com/aksync/aksync/schema"

//go:embed *.cue
var embedded embed.FS

//go:embed kinds.jsonl
var digest []byte

// Files gives the embedded CUE files, by name.
func Files() fs.FS { return embedded }

// Schema is what aksync knows of authentik's kinds of objects, and of the shape of
// a blueprint. It is safe for concurrent use.
type Schema struct {
	parts
	// lines are the kinds as the digest has them, and kinds those that were read.
	lines   map[string][]byte
	reading sync.Mutex
	kinds   map[string]*Kind
	// versions are the parts of it that At has made.
	versions map[string]*Schema
	// whole is the schema of all versions that this one is a part of, and version
	// the one that it is for; nil and empty for the whole.
	whole   *Schema
	version string
}

// Load reads the schema. Each of more may hold CUE files of package schema with
// further kinds.
func Load(more ...fs.FS) (*Schema, error) {
	s, err := load(more)
	if err != nil {
		return nil, fmt.Errorf("loading the schema: %w", err)
	}
	return s, nil
}

func load(more []fs.FS) (*Schema, error) {
	s := &Schema{lines: map[string][]byte{}, kinds: map[string]*Kind{}}
	if err := s.readDigest(digest); err != nil || len(more) == 0 {
		return s, err
	}
	instance, err := Instance(func(*ast.File) {}, more...)
	if err != nil {
		return nil, err
	}
	root := cuecontext.New().BuildInstance(instance)
	if err := root.Err(); err != nil {
		return nil, cueError("compiling the schema", err)
	}
	kinds, err := CompileKinds(root.LookupPath(cue.ParsePath("kinds")))
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		s.kinds[kind.Model] = kind
	}
	s.Hidden = append(s.Hidden, hidden(kinds)...)
	return s, s.checkRefers(kinds)
}

// checkRefers makes sure that every kind that a field refers to is there.
func (s *Schema) checkRefers(kinds []*Kind) error {
	for _, kind := range kinds {
		for _, field := range kind.Fields.Fields {
			if field.Refers != "" && s.Kind(field.Refers) == nil {
				return fmt.Errorf("the kind %s: field %s refers to %s, which no file describes", kind.Model, field.Name, field.Refers)
			}
		}
	}
	return nil
}

// Instance gives the embedded schema, with the files of more, before it is
// compiled. Each file is given to change first.
func Instance(change func(*ast.File), more ...fs.FS) (*build.Instance, error) {
	instance := build.NewContext(build.Loader(builtinsOnly)).NewInstance("schema", builtinsOnly)
	instance.ImportPath = ImportPath
	for _, folder := range append([]fs.FS{embedded}, more...) {
		files, err := ParseFiles(folder)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			change(file)
			if err := instance.AddSyntax(file); err != nil {
				return nil, cueError("reading the schema", err)
			}
		}
	}
	if err := instance.Complete(); err != nil {
		return nil, cueError("reading the schema", err)
	}
	return instance, nil
}

// ParseFiles gives the parsed CUE files at the top of a folder, by name.
func ParseFiles(folder fs.FS) ([]*ast.File, error) {
	names, err := fs.Glob(folder, "*.cue")
	if err != nil {
		return nil, fmt.Errorf("listing the schema: %w", err)
	}
	slices.Sort(names)
	files := make([]*ast.File, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("reading the schema: %w", err)
		}
		if files[i], err = parser.ParseFile(path.Join("schema", name), text, parser.ParseComments); err != nil {
			return nil, cueError("parsing the schema", err)
		}
	}
	return files, nil
}

// builtinsOnly resolves no import: CUE's own packages don't pass through it.
func builtinsOnly(token.Pos, string) *build.Instance { return nil }

func cueError(doing string, err error) error {
	return fmt.Errorf("%s: %s", doing, strings.TrimSpace(errors.Details(err, nil)))
}

// Kind gives the kind of a model, or nil where the schema has none. Like
// authentik it does not tell capital from small letters.
func (s *Schema) Kind(model string) *Kind {
	model = strings.ToLower(model)
	s.reading.Lock()
	defer s.reading.Unlock()
	if kind, read := s.kinds[model]; read {
		return kind
	}
	kind := s.read(model)
	s.kinds[model] = kind
	return kind
}

// read reads a kind that was not asked for before.
func (s *Schema) read(model string) *Kind {
	if s.whole != nil {
		return s.whole.Kind(model).at(s.version)
	}
	line, known := s.lines[model]
	if !known {
		return nil
	}
	kind, err := readKind(line)
	if err != nil {
		panic(fmt.Sprintf("the embedded schema: %s: %v", model, err)) // TestDigest reads each
	}
	return kind
}

// Kinds gives all kinds in the order of their models. It reads each.
func (s *Schema) Kinds() []*Kind {
	var kinds []*Kind
	for _, model := range s.Models() {
		if kind := s.Kind(model); kind != nil {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Managed gives the kinds that aksync creates, updates or deletes.
func (s *Schema) Managed() []*Kind {
	return slices.DeleteFunc(s.Kinds(), func(k *Kind) bool { return !k.Managed })
}
