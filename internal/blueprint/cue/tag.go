package cue

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"github.com/aksync/aksync/internal/tree"
)

// inject gives the fields that have a @tag attribute the value of their tag, as
// the cue command's --inject does: key, or key with type=int, number or bool.
func (c *cueFile) inject(file *ast.File, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	astutil.Apply(file, nil, func(cursor astutil.Cursor) bool {
		field, isField := cursor.Node().(*ast.Field)
		if !isField {
			return true
		}
		for _, attribute := range field.Attrs {
			if name, body := attribute.Split(); name == "tag" {
				c.injectField(field, attribute, body, tags)
			}
		}
		return true
	})
}

func (c *cueFile) injectField(field *ast.Field, attribute *ast.Attribute, body string, tags map[string]string) {
	words := strings.Split(body, ",")
	text, given := tags[strings.TrimSpace(words[0])]
	if !given {
		return
	}
	literal, ok := tagValue(text, words[1:])
	if !ok {
		c.problems = append(c.problems, tree.Problem{
			Place:   c.place(attribute.Pos(), tree.Place{File: c.first}),
			Message: "the value of --tag " + strings.TrimSpace(words[0]) + " is not what @tag(" + body + ") takes",
		})
		return
	}
	field.Value = &ast.BinaryExpr{X: field.Value, OpPos: field.Value.Pos(), Op: token.AND, Y: literal}
}

// tagValue reads a tag's text as the attribute's type says.
func tagValue(text string, words []string) (ast.Expr, bool) {
	kind := "string"
	for _, word := range words {
		if name, value, _ := strings.Cut(strings.TrimSpace(word), "="); name == "type" {
			kind = value
		}
	}
	if kind == "string" {
		return ast.NewString(text), true
	}
	literal, err := parser.ParseExpr("", text)
	if err != nil {
		return nil, false
	}
	if sign, isUnary := literal.(*ast.UnaryExpr); isUnary && sign.Op == token.SUB {
		literal = sign.X
	}
	basic, isBasic := literal.(*ast.BasicLit)
	if !isBasic {
		return nil, false
	}
	parsed, _ := parser.ParseExpr("", text)
	switch kind {
	case "int":
		return parsed, basic.Kind == token.INT
	case "number":
		return parsed, basic.Kind == token.INT || basic.Kind == token.FLOAT
	case "bool":
		return parsed, basic.Kind == token.TRUE || basic.Kind == token.FALSE
	default:
		return nil, false
	}
}
