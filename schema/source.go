package schema

import (
	"fmt"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
)

// Source gives the embedded schema as one CUE file, for editors and the cue
// command.
func Source() ([]byte, error) {
	files, err := ParseFiles(embedded)
	if err != nil {
		return nil, err
	}
	var clause ast.Decl
	imported := map[string]bool{}
	var imports, rest []ast.Decl
	for _, file := range files {
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.Package:
				// The package's own comment stands in one of the files.
				if clause == nil || len(ast.Comments(declaration)) > 0 {
					clause = declaration
				}
			case *ast.ImportDecl:
				for _, spec := range declaration.Specs {
					if !imported[spec.Path.Value] {
						imported[spec.Path.Value] = true
						imports = append(imports, &ast.ImportDecl{Specs: []*ast.ImportSpec{spec}})
					}
				}
			default:
				rest = append(rest, declaration)
			}
		}
	}
	text, err := format.Node(&ast.File{Decls: slices.Concat([]ast.Decl{clause}, imports, rest)})
	if err != nil {
		return nil, fmt.Errorf("printing the schema: %w", err)
	}
	return text, nil
}
