package tree

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is where something stands in a file. Line and Column count from 1;
// both are 0 where only the file is known. Columns count characters.
type Place struct {
	File   string
	Line   int
	Column int
}

// String gives file:line:column, or as much of it as is known.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders places by file, line and column.
func (p Place) Compare(q Place) int {
	return cmp.Or(
		strings.Compare(p.File, q.File),
		cmp.Compare(p.Line, q.Line),
		cmp.Compare(p.Column, q.Column),
	)
}

// Problem is one thing that is wrong in a blueprint.
type Problem struct {
	Place Place
	// Path is where in the blueprint, such as entries[0].attrs.backends[1];
	// empty where the problem is not with one value.
	Path string
	// Message says what is wrong and then what would be right.
	Message string
}

// Error gives place: path: message.
func (p Problem) Error() string {
	parts := []string{p.Message}
	if p.Path != "" {
		parts = slices.Insert(parts, 0, p.Path)
	}
	if place := p.Place.String(); place != "" {
		parts = slices.Insert(parts, 0, place)
	}
	return strings.Join(parts, ": ")
}

// Problems is all that is wrong in one or more blueprints.
type Problems []Problem

// Sort orders problems as a reader meets them and leaves out repetitions.
func (ps Problems) Sort() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(a.Place.Compare(b.Place), strings.Compare(a.Path, b.Path), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
