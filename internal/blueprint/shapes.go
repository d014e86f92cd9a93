package blueprint

import (
	"fmt"

	"github.com/aksync/aksync/schema"
)

// shapes checks what a blueprint is made of against the schema's shapes, and
// looks only at the top of each value: what is in attrs and the like is
// checked when it is evaluated. Most values are the same in every entry of a
// file, so what was found once is kept.
type shapes struct{ found map[shapeKey]schema.Problems }

type shapeKey struct {
	field *schema.Field
	data  any
}

// The keys of values that are all alike at their top.
type (
	anyList struct{}
	anyDict struct{}
)

func newShapes() *shapes { return &shapes{map[shapeKey]schema.Problems{}} }

// check says what is wrong with a mapping that is to have the shape.
func (s *shapes) check(path string, place schema.Place, m dict, shape *schema.Shape) schema.Problems {
	var problems schema.Problems
	names := make(schema.Map, 0, len(m))
	for _, p := range m {
		name := schema.Member{Place: p.key.place, Key: keyText(p.key.data), Value: schema.Value{Data: unread{}}}
		names = append(names, name)
		if field := shape.Field(name.Key); field != nil {
			problems = append(problems, s.field(field, schema.Join(path, name.Key), p.value)...)
		}
	}
	return append(problems, shape.Check(path, place, names)...)
}

// mayBeTag tells whether authentik takes a tag for the whole of a field of the
// blueprint's own shape; it takes tags for any value in the others.
func mayBeTag(field string) bool { return field == "model" || field == "state" }

func (s *shapes) field(field *schema.Field, path string, value node) schema.Problems {
	switch data := value.data.(type) {
	case *call:
		if mayBeTag(field.Name) {
			return nil
		}
		return schema.Problems{{Place: value.place, Path: path,
			Message: fmt.Sprintf("the tag %s is not taken here: want %s", data.tag, field.Want)}}
	case broken:
		return nil
	case unusable:
		return schema.Problems{{Place: value.place, Path: path, Message: "is " + data.why}}
	}
	key := shapeKey{field, value.data}
	switch value.data.(type) {
	case list:
		key.data = anyList{}
	case dict:
		key.data = anyDict{}
		if field.Name == "labels" {
			return field.Check(path, value.value())
		}
	}
	found, known := s.found[key]
	if !known {
		found = field.Check("", top(value))
		s.found[key] = found
	}
	moved := make(schema.Problems, len(found))
	for i, problem := range found {
		moved[i] = schema.Problem{Place: value.place, Path: path + problem.Path, Message: problem.Message}
	}
	return moved
}

// top gives a value without what is in it.
func top(value node) schema.Value {
	switch value.data.(type) {
	case list:
		return schema.Value{Data: []schema.Value{}}
	case dict:
		return schema.Value{Data: schema.Map{}}
	default:
		return schema.Value{Data: value.data}
	}
}
