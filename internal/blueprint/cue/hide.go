package cue

import (
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/internal/secret"
)

// CUE's messages quote values: those that don't fit together, and of a list or a
// mapping all that is in it. What they may show of a sensitive field is taken out.

// quoted is a value as CUE's messages have it: text, or a number.
var quoted = regexp.MustCompile(`"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\b[0-9][0-9A-Za-z_.]*`)

// hide returns a message about the value at a path without what nobody may see.
func (c *cueFile) hide(path []string, message string) string {
	if slices.ContainsFunc(path, c.isHidden) {
		message = quoted.ReplaceAllString(message, secret.Mark)
	}
	return c.secrets().Mask(message)
}

func (c *cueFile) isHidden(name string) bool { return slices.Contains(c.hidden, name) }

// steps are the names in a path as this package writes it.
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(`.[]"`, r) })
}

// secrets are the values that are written out in sensitive fields, and in fields
// which those name.
func (c *cueFile) secrets() *secret.Values {
	if c.values == nil {
		names := map[string]bool{}
		for _, name := range c.hidden {
			names[name] = true
		}
		var values []any
		for known := -1; known < len(names); {
			known, values = len(names), nil
			for _, file := range c.files {
				ast.Walk(file, func(node ast.Node) bool {
					if field, isField := node.(*ast.Field); isField && names[nameOf(field)] {
						values = append(values, written(field.Value, names)...)
					}
					return true
				}, nil)
			}
		}
		c.values = secret.New(values...)
	}
	return c.values
}

func nameOf(field *ast.Field) string {
	name, _, err := ast.LabelName(field.Label)
	if err != nil { // it is computed
		return ""
	}
	return name
}

// written returns the texts and the numbers in an expression, and adds what it
// refers to by name.
func written(expr ast.Expr, names map[string]bool) []any {
	var values []any
	ast.Walk(expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Field:
			values = append(values, written(node.Value, names)...)
			return false // a label is no value
		case *ast.SelectorExpr:
			if name, _, err := ast.LabelName(node.Sel); err == nil {
				names[name] = true
			}
		case *ast.Ident:
			names[node.Name] = true
		case *ast.Interpolation:
			for _, part := range node.Elts {
				if text, isText := part.(*ast.BasicLit); isText {
					values = append(values, strings.Trim(text.Value, `"#()\`))
				}
			}
		case *ast.BasicLit:
			values = append(values, valueOf(node)...)
		}
		return true
	}, nil)
	return values
}

// valueOf is what a literal says; of one that is so short that it could be any word,
// only the form in quotes is looked for.
func valueOf(basic *ast.BasicLit) []any {
	text := basic.Value
	if basic.Kind == token.STRING {
		var err error
		if text, err = literal.Unquote(basic.Value); err != nil {
			return nil // a part of an interpolation
		}
	}
	switch short := utf8.RuneCountInString(text) < 4; {
	case !short:
		return []any{text}
	case basic.Kind == token.STRING && text != "":
		return []any{strconv.Quote(text)}
	default:
		return nil
	}
}

// brokenReason is what a panic of the evaluator says, as far as no value can be in it.
func brokenReason(broken any) string {
	if err, isRuntime := broken.(runtime.Error); isRuntime {
		return ": " + err.Error()
	}
	return ""
}
