package blueprint

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// shapes checks what a blueprint is made of against the schema's shapes, and
// looks only at the top of each value: what is in attrs and the like is
// checked when it is evaluated. Most values are the same in every entry of a
// file, so what was found once is kept.
type shapes struct{ found map[shapeKey]tree.Problems }

type shapeKey struct {
	field *schema.Field
	data  any
}

// mostMembers bounds how many members a mapping may have that holds the fields
// of something: nothing has more than some dozens.
const mostMembers = 1000

func tooManyMembers(m tree.Map) string {
	return fmt.Sprintf("has %d members: want the fields that it can have, which are far fewer", len(m))
}

// The keys of values that are all alike at their top.
type (
	anyList struct{}
	anyDict struct{}
)

func newShapes() *shapes { return &shapes{map[shapeKey]tree.Problems{}} }

// check says what is wrong with a mapping that is to have the shape.
func (s *shapes) check(path string, place tree.Place, m tree.Map, shape *schema.Shape) tree.Problems {
	if len(m) > mostMembers {
		return tree.Problems{{Place: place, Path: path, Message: tooManyMembers(m)}}
	}
	var problems tree.Problems
	names := make(tree.Map, 0, len(m))
	for _, p := range m {
		names = append(names, tree.Member(p.Key.Place, p.Name(), tree.Value{Data: tree.Broken{}}))
		if field := shape.Field(p.Name()); field != nil {
			problems = append(problems, s.field(field, schema.Join(path, p.Name()), p.Value)...)
		}
	}
	return append(problems, shape.Check(path, place, names)...)
}

// mayBeTag tells whether authentik takes a tag for the whole of a field of the
// blueprint's own shape; it takes tags for any value in the others.
func mayBeTag(field string) bool {
	switch field {
	case "model", "state", "permission", "user", "role":
		return true
	default:
		return false
	}
}

func (s *shapes) field(field *schema.Field, path string, value tree.Value) tree.Problems {
	switch data := value.Data.(type) {
	case *tree.Call:
		if mayBeTag(field.Name) {
			return nil
		}
		return tree.Problems{{Place: value.Place, Path: path,
			Message: fmt.Sprintf("the tag %s is not taken here: want %s", data.Tag, field.Want)}}
	case tree.Broken:
		return nil
	case tree.Unusable:
		return tree.Problems{{Place: value.Place, Path: path, Message: "is " + data.Why}}
	}
	key := shapeKey{field, value.Data}
	switch value.Data.(type) {
	case tree.List:
		key.data = anyList{}
	case tree.Map:
		key.data = anyDict{}
	}
	found, known := s.found[key]
	if !known {
		found = field.Check("", top(value))
		s.found[key] = found
	}
	moved := make(tree.Problems, len(found))
	for i, problem := range found {
		moved[i] = tree.Problem{Place: value.Place, Path: path + problem.Path, Message: problem.Message}
	}
	return moved
}

// top gives a value without what is in it.
func top(value tree.Value) tree.Value {
	switch value.Data.(type) {
	case tree.List:
		return tree.Value{Data: tree.List{}}
	case tree.Map:
		return tree.Value{Data: tree.Map{}}
	default:
		return tree.Value{Data: value.Data}
	}
}
