package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

//go:embed */definitions.cue
var definitions embed.FS

// Apps returns the names of authentik's apps that have a CUE package of their own,
// sorted: core for authentik_core. Each is imported as ImportPath/NAME.
func Apps() []string {
	files, err := fs.Glob(definitions, "*/definitions.cue")
	if err != nil {
		panic(err) // the pattern is a good one
	}
	apps := make([]string, len(files))
	for i, file := range files {
		apps[i], _, _ = strings.Cut(file, "/")
	}
	slices.Sort(apps)
	return apps
}

// AppSource gives the CUE package of an app, and reports whether it has one.
func AppSource(app string) (text []byte, found bool) {
	if !slices.Contains(Apps(), app) {
		return nil, false
	}
	text, err := definitions.ReadFile(app + "/definitions.cue")
	return text, err == nil
}

// Source gives the CUE definition of a managed kind, with the clauses of its
// package.
func (k *Kind) Source() ([]byte, error) {
	app := AppOf(k.Model)
	text, found := AppSource(app)
	if !found {
		return nil, fmt.Errorf("%s has no definition", k.Model)
	}
	file, err := parser.ParseFile(path.Join("schema", app, "definitions.cue"), text, parser.ParseComments)
	if err != nil {
		return nil, cueError("parsing the schema of "+app, err)
	}
	file.Decls = slices.DeleteFunc(file.Decls, func(decl ast.Decl) bool {
		field, isField := decl.(*ast.Field)
		if !isField {
			return false
		}
		label, _, _ := ast.LabelName(field.Label)
		return !strings.EqualFold(strings.TrimLeft(label, "_#"), k.Class)
	})
	dropUnused(file)
	return format.Node(file)
}

// dropUnused leaves out the imports that nothing needs.
func dropUnused(file *ast.File) {
	used := map[string]bool{}
	ast.Walk(file, func(node ast.Node) bool {
		if selector, isSelector := node.(*ast.SelectorExpr); isSelector {
			if name, isName := selector.X.(*ast.Ident); isName {
				used[name.Name] = true
			}
		}
		return true
	}, nil)
	for _, decl := range file.Decls {
		imports, isImport := decl.(*ast.ImportDecl)
		if !isImport {
			continue
		}
		imports.Specs = slices.DeleteFunc(imports.Specs, func(spec *ast.ImportSpec) bool {
			return !used[strings.Trim(path.Base(spec.Path.Value), `"`)]
		})
		for _, spec := range imports.Specs {
			ast.SetRelPos(spec, token.Newline)
		}
	}
}

// AppInstance gives the CUE package of an app before it is compiled, for the root
// package that was made by Instance. The file is given to change first.
func AppInstance(app string, root *build.Instance, change func(*ast.File)) (*build.Instance, error) {
	text, found := AppSource(app)
	if !found {
		return nil, fmt.Errorf("authentik has no app %q", app)
	}
	load := func(_ token.Pos, importPath string) *build.Instance {
		if importPath == ImportPath {
			return root
		}
		return nil
	}
	instance := build.NewContext(build.Loader(load)).NewInstance(path.Join("schema", app), load)
	instance.ImportPath = ImportPath + "/" + app
	file, err := parser.ParseFile(path.Join("schema", app, "definitions.cue"), text)
	if err != nil {
		return nil, cueError("parsing the schema of "+app, err)
	}
	change(file)
	if err := instance.AddSyntax(file); err != nil {
		return nil, cueError("reading the schema of "+app, err)
	}
	if err := instance.Complete(); err != nil {
		return nil, cueError("reading the schema of "+app, err)
	}
	return instance, nil
}

// AppOf returns the name that an app of models has as a CUE package.
func AppOf(model string) string {
	app, _, _ := strings.Cut(model, ".")
	return strings.TrimPrefix(app, "authentik_")
}
