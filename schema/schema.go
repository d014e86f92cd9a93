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

// Files gives the embedded CUE files, by name.
func Files() fs.FS { return embedded }

// Schema is the compiled CUE. It is safe for concurrent use.
type Schema struct {
	// Blueprint, Metadata, Entry and Permission are the shapes of a blueprint's
	// parts.
	Blueprint, Metadata, Entry, Permission *Shape

	kinds  map[string]*Kind
	models []string // what Models adds to the kinds
	// context is what values to check are made in; evaluating guards it and
	// the compiled values, which are not safe for concurrent use.
	context    *cue.Context
	evaluating sync.Mutex
}

// Load compiles the embedded schema. Each of more may hold further CUE files
// of package schema, such as a further kind.
func Load(more ...fs.FS) (*Schema, error) {
	s, err := load(more)
	if err != nil {
		return nil, fmt.Errorf("loading the schema: %w", err)
	}
	return s, nil
}

func load(more []fs.FS) (*Schema, error) {
	instance, err := Instance(func(*ast.File) {}, more...)
	if err != nil {
		return nil, err
	}
	context := cuecontext.New()
	root := context.BuildInstance(instance)
	if err := root.Err(); err != nil {
		return nil, cueError("compiling the schema", err)
	}
	return compile(context, root)
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

func compile(context *cue.Context, root cue.Value) (*Schema, error) {
	s := &Schema{kinds: map[string]*Kind{}, models: readModels(), context: context}
	for _, part := range []struct {
		path  string
		shape **Shape
	}{{"blueprint", &s.Blueprint}, {"metadata", &s.Metadata}, {"entry", &s.Entry}, {"permission", &s.Permission}} {
		shape, err := s.compileShape(root.LookupPath(cue.ParsePath(part.path)))
		if err != nil {
			return nil, fmt.Errorf("the shape of %s: %w", part.path, err)
		}
		*part.shape = shape
	}
	kinds, err := root.LookupPath(cue.ParsePath("kinds")).Fields()
	if err != nil {
		return nil, cueError("reading the kinds", err)
	}
	for kinds.Next() {
		model := kinds.Selector().Unquoted()
		if s.kinds[model], err = s.compileKind(model, kinds.Value()); err != nil {
			return nil, fmt.Errorf("the kind %s: %w", model, err)
		}
	}
	return s, s.checkReferences()
}

// checkReferences makes sure that every kind that a field refers to is there.
func (s *Schema) checkReferences() error {
	for _, kind := range s.Kinds() {
		for _, field := range kind.Fields.Fields {
			if field.Refers != "" && s.kinds[field.Refers] == nil {
				return fmt.Errorf("the kind %s: field %s refers to %s, which no file describes", kind.Model, field.Name, field.Refers)
			}
		}
	}
	return nil
}

// Kind gives the kind of a model, or nil where the schema has none. Like
// authentik it does not tell capital from small letters.
func (s *Schema) Kind(model string) *Kind { return s.kinds[strings.ToLower(model)] }

// Kinds gives all kinds in the order of their models.
func (s *Schema) Kinds() []*Kind {
	kinds := make([]*Kind, 0, len(s.kinds))
	for _, kind := range s.kinds {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b *Kind) int { return strings.Compare(a.Model, b.Model) })
	return kinds
}

// Managed gives the kinds that aksync creates, updates and deletes.
func (s *Schema) Managed() []*Kind {
	return slices.DeleteFunc(s.Kinds(), func(k *Kind) bool { return !k.Managed })
}
