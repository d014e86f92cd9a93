package export

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// nameOf is what people call an object: the value of its kind's key, or what one
// without a key binds, as in "login → password, order 20".
func (g *gathering) nameOf(kind *schema.Kind, object schema.Object) string {
	if kind.Key != "" {
		name, _ := object[kind.Key].(string)
		return name
	}
	var names, rest []string
	for _, name := range kind.Label {
		value := tree.PlainJSON(object[name])
		of := kind.Fields.Field(name)
		switch {
		case value == nil || of != nil && of.Sensitive:
		case of != nil && of.Refers != "":
			names = append(names, g.nameFor(of.Refers, schema.IDText(value)))
		default:
			rest = append(rest, labelled(name, value))
		}
	}
	return strings.TrimPrefix(strings.Join(append([]string{strings.Join(names, " → ")}, rest...), ", "), ", ")
}

func labelled(name string, value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	return name + " " + tree.Describe(value)
}

// nameFor is what people call the object of a model with a key.
func (g *gathering) nameFor(model, id string) string {
	one, among := g.targets.by[identity{model, id}]
	if !among || one.kind.Key == "" {
		return id
	}
	return fmt.Sprint(one.object[one.kind.Key])
}
