package cue

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// place gives a position in one of the user's files, and around for any other.
func (c *cueFile) place(pos token.Pos, around tree.Place) tree.Place {
	if !pos.IsValid() {
		return around
	}
	at := pos.Position()
	text, isUsers := c.texts[at.Filename]
	if !isUsers {
		return around
	}
	// CUE counts columns in bytes.
	offset := min(at.Offset, len(text))
	start := max(0, offset-at.Column+1)
	return tree.Place{File: at.Filename, Line: at.Line, Column: utf8.RuneCount(text[start:offset]) + 1}
}

// valuePlace is where the expression that gives a value stands.
func (c *cueFile) valuePlace(v cue.Value, around tree.Place) tree.Place {
	return c.nearest(v, around, func(field *ast.Field) token.Pos { return field.Value.Pos() })
}

// keyPlace is where the label of a value's field stands.
func (c *cueFile) keyPlace(v cue.Value, around tree.Place) tree.Place {
	return c.nearest(v, around, func(field *ast.Field) token.Pos { return field.Label.Pos() })
}

// nearest looks for a position of the value in the user's files: where several
// expressions give it together, of the first that is the user's own.
func (c *cueFile) nearest(v cue.Value, around tree.Place, of func(*ast.Field) token.Pos) tree.Place {
	source := func(v cue.Value) (pos token.Pos, alone bool) {
		if field, isField := v.Source().(*ast.Field); isField {
			return of(field), true
		}
		return v.Pos(), false
	}
	pos, alone := source(v)
	if place := c.place(pos, tree.Place{}); place.Line != 0 {
		return place
	}
	if alone {
		return around
	}
	if place := c.place(c.writtenAt(v), tree.Place{}); place.Line != 0 {
		return place
	}
	if op, operands := v.Expr(); op == cue.AndOp {
		for _, operand := range operands {
			pos, _ := source(operand)
			if place := c.place(pos, tree.Place{}); place.Line != 0 {
				return place
			}
		}
	}
	return around
}

// mostErrors bounds how many problems one CUE file may show.
const mostErrors = 100

// complainOfSyntax makes problems of an error of CUE's parser, without the text that
// it found: nobody knows of which field that is.
func (c *cueFile) complainOfSyntax(err error) {
	before := len(c.problems)
	c.complain(err)
	for i := range c.problems[before:] {
		problem := &c.problems[before+i]
		problem.Message = foundText.ReplaceAllString(problem.Message, "found text or a number")
	}
}

// foundText is what a message of the parser's says that it found.
var foundText = regexp.MustCompile(`found '(?:STRING|INT|FLOAT|INTERPOLATION)' .*`)

// complain makes problems of an error of CUE's: one for each path.
func (c *cueFile) complain(err error) {
	seen := map[string]bool{}
	for _, one := range errors.Errors(err) {
		format, args := one.Msg()
		message := c.hide(unquotedSteps(one.Path()), strings.TrimSpace(fmt.Sprintf(format, args...)))
		path := cuePath(one.Path())
		if strings.HasPrefix(message, "reference ") {
			path = "" // the compiler leaves the positions in lists out
		}
		if isHeader(message) || path != "" && seen[path] || len(c.problems) >= mostErrors {
			continue
		}
		seen[path] = true
		c.problems = append(c.problems, tree.Problem{Place: c.errorPlace(one), Path: path, Message: cueReason(message)})
	}
}

// isHeader tells whether a message only announces those that follow it.
func isHeader(message string) bool { return strings.Contains(message, "errors in empty disjunction") }

// errorPlace picks, of the positions that CUE names, the last one in the
// user's files: of two values that don't fit together the one that was
// written later is more likely wrong.
func (c *cueFile) errorPlace(err errors.Error) tree.Place {
	places := []tree.Place{}
	for _, pos := range append([]token.Pos{err.Position()}, err.InputPositions()...) {
		if place := c.place(pos, tree.Place{}); place.Line != 0 {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return tree.Place{File: c.first, Line: 1, Column: 1}
	}
	return slices.MaxFunc(places, tree.Place.Compare)
}

// unquotedSteps are the names in a path of CUE's.
func unquotedSteps(path []string) []string {
	names := slices.Clone(path)
	for i, step := range names {
		if name, err := strconv.Unquote(step); err == nil {
			names[i] = name
		}
	}
	return names
}

// cuePath writes a path of CUE's as this package does.
func cuePath(steps []string) string {
	path := ""
	for _, step := range steps {
		if i, err := strconv.Atoi(step); err == nil {
			path = schema.Index(path, i)
			continue
		}
		if name, err := strconv.Unquote(step); err == nil {
			step = name
		}
		path = schema.Join(path, step)
	}
	return path
}

// cueReason puts CUE's commonest messages in words that say what to do.
func cueReason(message string) string {
	const most = 300
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "…"
	}
	switch {
	case strings.HasPrefix(message, "field not allowed"):
		return "the definition that this struct is made by has no such field"
	case strings.HasPrefix(message, "field is required but not present"):
		return "is required and not given: give it a value"
	case strings.HasPrefix(message, "reference ") && strings.HasSuffix(message, "not found"):
		return message + ": want the name of a field, or of a package that the file imports"
	default:
		return message
	}
}

// notConcrete complains of a value that CUE can't say yet.
func (c *cueFile) notConcrete(v cue.Value, path string, place tree.Place) {
	if err := v.Err(); err != nil && v.IncompleteKind() == cue.BottomKind {
		if !c.reported(path) {
			c.complain(err)
		}
		return
	}
	text := c.hide(steps(path), fmt.Sprint(v))
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "…"
	}
	c.problem(place, path, "is not one value but %s: give it a value", text)
}

// reported tells whether there is a problem with the value at path, or in it.
func (c *cueFile) reported(path string) bool {
	return slices.ContainsFunc(c.problems, func(p tree.Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".") || strings.HasPrefix(p.Path, path+"[")
	})
}
