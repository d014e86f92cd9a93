package tags

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"

	"github.com/aksync/aksync/schema"
)

// TestTagsElsewhere holds what else is said of tags to the one table of them.
func TestTagsElsewhere(t *testing.T) {
	want := NewLanguage().Names()
	if got := cueTags(t); !slices.Equal(got, want) {
		t.Errorf("the tags of #Tag in schema/blueprint.cue are\n%q, want\n%q", got, want)
	}
	if got := schema.JSONSchemaTags(); !slices.Equal(got, want) {
		t.Errorf("the tags of tagRows in schema/jsontag.go are\n%q, want\n%q", got, want)
	}
	for _, name := range want {
		if !recorded(t, name) {
			t.Errorf("no expression of testdata/blueprints/tags has %s: want some that authentik's own tags were run on", name)
		}
	}
}

// cueTags gives the tags that CUE takes, sorted.
func cueTags(t *testing.T) []string {
	t.Helper()
	files, err := schema.ParseFiles(schema.Files())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		for _, declaration := range file.Decls {
			if let, isLet := declaration.(*ast.LetClause); isLet && let.Ident.Name == "tags" {
				ast.Walk(let.Expr, func(n ast.Node) bool {
					if basic, isLiteral := n.(*ast.BasicLit); isLiteral {
						name, err := literal.Unquote(basic.Value)
						if err != nil {
							t.Fatal(err)
						}
						names = append(names, name)
					}
					return true
				}, nil)
			}
		}
	}
	slices.Sort(names)
	return names
}

// recorded tells whether authentik took an expression with the tag.
func recorded(t *testing.T, name string) bool {
	t.Helper()
	for _, file := range []string{"expressions.json", "references.json"} {
		text, err := os.ReadFile(filepath.Join("../../../testdata/blueprints/tags", file))
		if err != nil {
			t.Fatal(err)
		}
		var expressions []struct{ Expression, Refused string }
		if err := json.Unmarshal(text, &expressions); err != nil {
			t.Fatal(err)
		}
		for _, e := range expressions {
			if e.Refused == "" && strings.Contains(e.Expression+" ", name+" ") {
				return true
			}
		}
	}
	return false
}
