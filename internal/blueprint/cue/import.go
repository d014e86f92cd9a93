package cue

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Seen is a file or a folder that imports led to, with a hash of what was in it:
// the blueprint changes with it. The hash is zero where there was nothing.
type Seen struct {
	Path   string
	Hash   textfile.Digest
	Folder bool
}

// see looks at a path: at the text of a file, or at the names of the CUE files in
// a folder.
func see(path string) Seen {
	if elements, err := os.ReadDir(path); err == nil {
		return seeFolder(path, elements)
	}
	if text, err := textfile.ReadSourceFile(path); err == nil {
		return seeFile(path, text)
	}
	return Seen{Path: path}
}

func seeFile(path string, text []byte) Seen { return Seen{Path: path, Hash: sha256.Sum256(text)} }

func seeFolder(path string, elements []fs.DirEntry) Seen {
	h := sha256.New()
	for _, element := range elements {
		if filepath.Ext(element.Name()) == ".cue" {
			fmt.Fprintf(h, "%q", element.Name())
		}
	}
	return Seen{path, textfile.Digest(h.Sum(nil)), true}
}

// Unchanged tells whether there is still what was seen.
func (s Seen) Unchanged() bool { return see(s.Path) == s }

// module is the CUE module that a file lies in.
type module struct {
	name   string // without its major version
	folder string
	shown  string // the folder as the user writes it
}

// findModule looks for cue.mod around a file, and gives where it looked.
func findModule(file, shown string) (found *module, looked []Seen) {
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, nil
	}
	shownFolder := path.Dir(shown)
	for {
		at := filepath.Join(folder, "cue.mod", "module.cue")
		text, err := textfile.ReadSourceFile(at)
		if err == nil {
			return &module{moduleName(text), folder, shownFolder}, append(looked, seeFile(at, text))
		}
		looked = append(looked, Seen{Path: at})
		above := filepath.Dir(folder)
		if above == folder {
			return nil, looked
		}
		folder, shownFolder = above, path.Join(shownFolder, "..")
	}
}

func moduleName(text []byte) string {
	file, err := parser.ParseFile("module.cue", text)
	if err != nil {
		return ""
	}
	for _, decl := range file.Decls {
		field, isField := decl.(*ast.Field)
		if !isField {
			continue
		}
		literal, isLiteral := field.Value.(*ast.BasicLit)
		if label, _, _ := ast.LabelName(field.Label); label == "module" && isLiteral {
			name, _ := strconv.Unquote(literal.Value)
			name, _, _ = strings.Cut(name, "@")
			return name
		}
	}
	return ""
}

// importer finds the packages that files import: the schema, CUE's own, and
// those of the user's module. It never asks the network.
type importer struct {
	file    *cueFile
	schema  *schemas
	module  *module
	looked  []Seen // for the module
	context *build.Context
	loading map[string]bool
}

// load is the build.LoadFunc. nil leaves the path to CUE's own packages.
func (m *importer) load(pos token.Pos, importPath string) *build.Instance {
	folder, name := splitImport(importPath)
	switch {
	case folder == schema.ImportPath:
		return m.schema.root
	case strings.HasPrefix(folder, schema.ImportPath+"/"):
		return m.app(pos, strings.TrimPrefix(folder, schema.ImportPath+"/"))
	case !isOfModule(folder):
		return nil
	case m.loading[importPath]:
		return m.fail(pos, "the package %s imports itself", importPath)
	}
	if len(m.loading) == 0 {
		m.file.seen = append(m.file.seen, m.looked...)
	}
	m.loading[importPath] = true
	defer delete(m.loading, importPath)
	instance := m.context.NewInstance("", m.load)
	found := false
	for _, candidate := range m.folders(folder) {
		found = m.addFolder(instance, candidate, name) || found
	}
	if !found {
		return m.fail(pos, "the package %s is not here: %s", importPath, m.advice())
	}
	if err := instance.Complete(); err != nil && len(m.file.problems) == 0 {
		m.file.complain(err)
	}
	return instance
}

// isOfModule reports whether an import is neither the schema's nor CUE's own.
func isOfModule(folder string) bool {
	first, _, _ := strings.Cut(folder, "/")
	isSchema := folder == schema.ImportPath || strings.HasPrefix(folder, schema.ImportPath+"/")
	return !isSchema && strings.Contains(first, ".")
}

// splitImport gives folder and package of example.com/folder@v1:package.
func splitImport(importPath string) (folder, name string) {
	folder, name, named := strings.Cut(importPath, ":")
	folder, _, _ = strings.Cut(folder, "@")
	if !named {
		name = path.Base(folder)
	}
	return folder, name
}

func (m *importer) advice() string {
	if m.module == nil {
		return "want CUE's own packages, " + schema.ImportPath + ", or a cue.mod above this file whose module has it (aksync does not use the network)"
	}
	return "want a folder of the module " + m.module.name + ", or below its cue.mod/pkg (aksync does not use the network)"
}

func (m *importer) fail(pos token.Pos, format string, args ...any) *build.Instance {
	m.file.problems = append(m.file.problems, tree.Problem{
		Place:   m.file.place(pos, tree.Place{File: m.file.first, Line: 1, Column: 1}),
		Message: fmt.Sprintf(format, args...),
	})
	instance := m.context.NewInstance("", m.load)
	instance.Err = errors.Newf(pos, format, args...)
	return instance
}

// schemas are the packages of the embedded schema for evaluating, each made when a
// file imports it: without the constraints on a blueprint and its entries, which
// aksync checks itself afterwards so that YAML and CUE get the same words.
type schemas struct {
	root *build.Instance
	apps map[string]*build.Instance
}

func looseSchema() (*schemas, error) {
	root, err := schema.Instance(loosen)
	return &schemas{root, map[string]*build.Instance{}}, err
}

// app gives the package of one of authentik's apps.
func (m *importer) app(pos token.Pos, name string) *build.Instance {
	if instance, made := m.schema.apps[name]; made {
		return instance
	}
	if _, found := schema.AppSource(name); !found {
		return m.fail(pos, "aksync has no package for authentik's app %s: %s", tree.Describe(name), schema.Suggest(name, schema.Apps()))
	}
	instance, err := schema.AppInstance(name, m.schema.root, loosenApp)
	if err != nil {
		return m.fail(pos, "%v", err)
	}
	m.schema.apps[name] = instance
	return instance
}

// loosen leaves out what the root package says of a blueprint and its entries.
func loosen(file *ast.File) {
	for _, decl := range file.Decls {
		field, isField := decl.(*ast.Field)
		if !isField {
			continue
		}
		if label, _, _ := ast.LabelName(field.Label); label == "#Blueprint" || label == "#Entry" {
			field.Value = ast.NewStruct(&ast.Ellipsis{})
		}
	}
}

// loosenApp leaves out what an app's package says of an entry but its model. What is
// hidden is of use to that alone, and so are CUE's own packages.
func loosenApp(file *ast.File) {
	file.Decls = slices.DeleteFunc(file.Decls, func(decl ast.Decl) bool {
		label, _, _ := ast.LabelName(labelOf(decl))
		return strings.HasPrefix(label, "_")
	})
	isOther := func(spec *ast.ImportSpec) bool { return spec.Path.Value != strconv.Quote(schema.ImportPath) }
	for _, decl := range file.Decls {
		if imports, isImport := decl.(*ast.ImportDecl); isImport {
			imports.Specs = slices.DeleteFunc(imports.Specs, isOther)
		}
	}
	ast.Walk(file, func(node ast.Node) bool {
		entry, isStruct := node.(*ast.StructLit)
		if isStruct {
			entry.Elts = slices.DeleteFunc(entry.Elts, func(decl ast.Decl) bool {
				label, _, _ := ast.LabelName(labelOf(decl))
				return label != "model"
			})
		}
		return !isStruct
	}, nil)
}

// labelOf is the label of a field; other declarations have an empty one.
func labelOf(decl ast.Decl) ast.Label {
	if field, isField := decl.(*ast.Field); isField {
		return field.Label
	}
	return ast.NewIdent("")
}

// folders are where the module may have a package.
func (m *importer) folders(importPath string) []string {
	if m.module == nil {
		return nil
	}
	if inside, isOwn := strings.CutPrefix(importPath+"/", m.module.name+"/"); isOwn {
		return []string{filepath.FromSlash(inside)}
	}
	var folders []string
	for _, kind := range []string{"pkg", "gen", "usr"} {
		folders = append(folders, filepath.Join("cue.mod", kind, filepath.FromSlash(importPath)))
	}
	return folders
}

// addFolder adds the files of a package, and tells whether there are any.
func (m *importer) addFolder(instance *build.Instance, folder, name string) bool {
	at := filepath.Join(m.module.folder, folder)
	elements, err := os.ReadDir(at)
	if err != nil {
		m.file.seen = append(m.file.seen, see(at))
		return false
	}
	m.file.seen = append(m.file.seen, seeFolder(at, elements))
	if folder != "" && !filepath.IsLocal(folder) {
		return false
	}
	found := false
	for _, element := range elements {
		if filepath.Ext(element.Name()) != ".cue" || textfile.Ignored(element.Name()) {
			continue
		}
		text, shown := m.read(filepath.Join(folder, element.Name()))
		if text == nil || PackageName(text) != name {
			continue
		}
		found = true
		if file := m.file.parse(shown, text); file != nil && m.file.wanted(file) {
			if err := instance.AddSyntax(file); err != nil {
				m.file.complain(err)
			}
		}
	}
	return found
}

// read reads a file of the module.
func (m *importer) read(name string) (text []byte, shown string) {
	at := filepath.Join(m.module.folder, name)
	text = m.inside(at)
	if text == nil {
		m.file.seen = append(m.file.seen, see(at))
		return nil, ""
	}
	m.file.seen = append(m.file.seen, seeFile(at, text))
	return text, path.Join(m.module.shown, filepath.ToSlash(name))
}

// inside reads a file, but none that a symlink brings into the module from
// outside.
func (m *importer) inside(name string) []byte {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil
	}
	root, err := filepath.EvalSymlinks(m.module.folder)
	if err != nil {
		return nil
	}
	if relative, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(relative) {
		return nil
	}
	text, err := textfile.ReadSourceFile(real)
	if err != nil {
		return nil
	}
	return text
}
