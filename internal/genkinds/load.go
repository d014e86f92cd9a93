package genkinds

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/schema"
)

// packages finds the schema's packages in a folder, and the files that are being
// made before they are written.
type packages struct {
	folder  string
	made    map[string][]byte // by name below the folder
	context *build.Context
	loaded  map[string]*build.Instance
}

func newPackages(folder string, made map[string][]byte) *packages {
	p := &packages{folder: folder, made: made, loaded: map[string]*build.Instance{}}
	p.context = build.NewContext(build.Loader(p.load))
	return p
}

// load gives the package of an import path, or nil for one of CUE's own.
func (p *packages) load(_ token.Pos, importPath string) *build.Instance {
	below, found := strings.CutPrefix(importPath+"/", schema.ImportPath+"/")
	if !found {
		return nil
	}
	return p.instance(strings.TrimSuffix(below, "/"))
}

// instance reads the package in a folder below the schema's own.
func (p *packages) instance(below string) *build.Instance {
	if instance, found := p.loaded[below]; found {
		return instance
	}
	instance := p.context.NewInstance(filepath.Join(p.folder, below), p.load)
	instance.ImportPath = strings.TrimSuffix(schema.ImportPath+"/"+below, "/")
	p.loaded[below] = instance
	names, err := p.files(below)
	if err != nil {
		instance.Err = errors.Promote(err, "listing "+below)
		return instance
	}
	for _, name := range names {
		text, err := p.read(name)
		if err != nil {
			instance.Err = errors.Promote(err, "reading "+name)
			return instance
		}
		file, err := parser.ParseFile(name, text, parser.ParseComments)
		if err == nil {
			err = instance.AddSyntax(file)
		}
		if err != nil {
			instance.Err = errors.Promote(err, "reading "+name)
			return instance
		}
	}
	if err := instance.Complete(); err != nil {
		instance.Err = errors.Promote(err, "reading "+below)
	}
	return instance
}

// files gives the names of a package's CUE files, those that are being made
// included.
func (p *packages) files(below string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(p.folder, below, "*.cue"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range found {
		names = append(names, filepath.ToSlash(filepath.Join(below, filepath.Base(name))))
	}
	for name := range p.made {
		if folder := strings.TrimSuffix(name, filepath.Base(name)); strings.Trim(folder, "/") == below && strings.HasSuffix(name, ".cue") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (p *packages) read(name string) ([]byte, error) {
	if text, made := p.made[name]; made {
		return text, nil
	}
	return os.ReadFile(filepath.Join(p.folder, name))
}

// build compiles a package.
func (p *packages) build(below string) (cue.Value, error) {
	v := cuecontext.New().BuildInstance(p.instance(below))
	if err := v.Err(); err != nil {
		return v, fmt.Errorf("compiling the package %s: %s", below, errors.Details(err, nil))
	}
	return v, nil
}

// given are the words that a file of quirks gives, as paths.
type given map[string]bool

// has reports whether a word is given, or something within it.
func (g given) has(path ...string) bool { return g[strings.Join(path, "\x00")] }

// readQuirks finds which words an app's quirks give. There are none where there is
// no such file.
func readQuirks(name string) (given, error) {
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return given{}, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(name, text)
	if err != nil {
		return nil, fmt.Errorf("parsing the quirks: %s", errors.Details(err, nil))
	}
	words := given{}
	words.add("", file.Decls)
	return words, nil
}

func (g given) add(path string, decls []ast.Decl) {
	for _, decl := range decls {
		field, isField := decl.(*ast.Field)
		if !isField {
			continue
		}
		label, _, err := ast.LabelName(field.Label)
		if err != nil {
			continue
		}
		at := strings.TrimPrefix(path+"\x00"+label, "\x00")
		g[at] = true
		if within, isStruct := field.Value.(*ast.StructLit); isStruct {
			g.add(at, within.Elts)
		}
	}
}
