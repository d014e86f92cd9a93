package export

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// nameOf is what people call an object: the value of its kind's key, or what one
// without a key binds, as in "login → password, order 20".
func (g *gathering) nameOf(kind *schema.Kind, object schema.Object) string {
	return g.nameWithin(kind, object, 0)
}

func (g *gathering) nameWithin(kind *schema.Kind, object schema.Object, depth int) string {
	if kind.Key != "" {
		name, _ := object[kind.Key].(string)
		return name
	}
	return g.labelled(kind, object, kind.Label, depth)
}

// shortNameOf is what an object is called within the file that it is in because of
// another one: without what that is called.
func (g *gathering) shortNameOf(kind *schema.Kind, object schema.Object) string {
	if kind.Key != "" || kind.File.With == "" {
		return g.nameOf(kind, object)
	}
	own := slices.DeleteFunc(slices.Clone(kind.Label), func(name string) bool { return name == kind.File.With })
	return g.labelled(kind, object, own, 0)
}

// labelled is what an object without a key is called by some of its fields.
func (g *gathering) labelled(kind *schema.Kind, object schema.Object, label []string, depth int) string {
	var names, rest []string
	for _, name := range label {
		value := tree.PlainJSON(object[name])
		of := kind.Fields.Field(name)
		switch {
		case value == nil || of != nil && of.Sensitive:
		case of != nil && of.Refers != "":
			names = append(names, g.nameFor(of.Refers, schema.IDText(value), depth))
		default:
			rest = append(rest, schema.LabelWords(name, value))
		}
	}
	return strings.TrimPrefix(strings.Join(append([]string{strings.Join(names, " → ")}, rest...), ", "), ", ")
}

// nameFor is what people call the object of a model with a primary key, as far as it
// is known.
func (g *gathering) nameFor(model, id string, depth int) string {
	one, among := g.targets.by[identity{model, id}]
	if !among || depth > mostDeep {
		return id
	}
	name := g.nameWithin(one.kind, one.object, depth+1)
	switch {
	case name == "":
		return id
	case one.kind.Key == "":
		return "(" + name + ")"
	default:
		return name
	}
}
