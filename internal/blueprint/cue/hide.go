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
	return c.written().mask(message)
}

func (c *cueFile) isHidden(name string) bool { return slices.Contains(c.hidden, name) }

// steps are the names in a path as this package writes it.
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(`.[]"`, r) })
}

// writtenOut are the values that are written out for sensitive fields. Of those that
// are so short that they could be a part of any word, only the form in quotes counts.
type writtenOut struct {
	long  *secret.Values
	short []string
}

func (w *writtenOut) mask(message string) string {
	for _, text := range w.short {
		message = strings.ReplaceAll(message, text, secret.Mark)
	}
	return w.long.Mask(message)
}

// written are the values that are written out in sensitive fields, and in fields
// which those name.
func (c *cueFile) written() *writtenOut {
	if c.values != nil {
		return c.values
	}
	names := map[string]bool{}
	for _, name := range c.hidden {
		names[name] = true
	}
	var texts []string
	for known := -1; known < len(names); {
		known, texts = len(names), nil
		for _, file := range c.files {
			ast.Walk(file, func(node ast.Node) bool {
				if field, isField := node.(*ast.Field); isField && names[nameOf(field)] {
					texts = append(texts, textsIn(field.Value, names)...)
				}
				return true
			}, nil)
		}
	}
	c.values = &writtenOut{}
	var long []any
	for _, text := range texts {
		if utf8.RuneCountInString(text) < 4 {
			c.values.short = append(c.values.short, strconv.Quote(text))
		} else {
			long = append(long, text)
		}
	}
	c.values.long = secret.New(long...)
	return c.values
}

func nameOf(field *ast.Field) string {
	name, _, err := ast.LabelName(field.Label)
	if err != nil { // it is computed
		return ""
	}
	return name
}

// textsIn returns the texts and the numbers in an expression, and adds what it refers
// to by name.
func textsIn(expr ast.Expr, names map[string]bool) []string {
	var texts []string
	ast.Walk(expr, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Field:
			texts = append(texts, textsIn(node.Value, names)...)
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
					texts = append(texts, strings.Trim(text.Value, `"#()\`))
				}
			}
		case *ast.BasicLit:
			text := node.Value
			if node.Kind == token.STRING {
				text, _ = literal.Unquote(node.Value) // what can't be is a part of an interpolation
			}
			texts = append(texts, text)
		}
		return true
	}, nil)
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// brokenReason is what a panic of the evaluator says, as far as no value can be in it.
func brokenReason(broken any) string {
	if err, isRuntime := broken.(runtime.Error); isRuntime {
		return ": " + err.Error()
	}
	return ""
}
