package cue

import (
	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// writtenAt gives where the expression stands that a struct comes from which has no
// place itself, such as an element of what CUE's own list functions return: that which
// its fields are written in, where they all are in the same. There is none where they
// are not.
//
// CUE can tell by itself, but evaluates each part of the struct once more for it.
func (c *cueFile) writtenAt(v cue.Value) (start token.Pos) {
	if v.IncompleteKind() != cue.StructKind {
		return token.NoPos
	}
	for _, field := range c.fieldsOf(v) {
		source, isField := field.value.Source().(*ast.Field)
		if !isField {
			continue
		}
		switch at, isUsers := c.startsOfFields()[source]; {
		case !isUsers:
		case start.IsValid() && at != start:
			return token.NoPos
		default:
			start = at
		}
	}
	return start
}

// startsOfFields are the starts of the expressions that the fields in the user's files
// are written in: of the struct around each, with what that is unified with.
func (c *cueFile) startsOfFields() map[*ast.Field]token.Pos {
	if c.starts != nil {
		return c.starts
	}
	c.starts = map[*ast.Field]token.Pos{}
	for _, file := range c.files {
		var around []ast.Node
		ast.Walk(file, func(node ast.Node) bool {
			around = append(around, node)
			if literal, isStruct := node.(*ast.StructLit); isStruct {
				start := unified(around).Pos()
				for _, decl := range literal.Elts {
					if field, isField := decl.(*ast.Field); isField {
						c.starts[field] = start
					}
				}
			}
			return true
		}, func(ast.Node) { around = around[:len(around)-1] })
	}
	return c.starts
}

// unified is the outermost of the nodes around the last one, and that one, that only
// unify it with others.
func unified(around []ast.Node) ast.Node {
	last := len(around) - 1
	for ; last > 0; last-- {
		switch outer := around[last-1].(type) {
		case *ast.ParenExpr:
		case *ast.BinaryExpr:
			if outer.Op != token.AND {
				return around[last]
			}
		default:
			return around[last]
		}
	}
	return around[last]
}
