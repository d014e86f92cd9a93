package tags

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/schema"
)

// CannotFind says why objects of a model can't be looked up, and what would be
// right; or nothing where they can.
func CannotFind(s *schema.Schema, model string) string {
	kind := s.Kind(model)
	switch {
	case kind == nil:
		return fmt.Sprintf("aksync can't look up %s: %s", model, suggestModel(s, model))
	case kind.Path != "":
		return ""
	case len(kind.Members) > 0:
		return fmt.Sprintf("authentik's API has no list of %s: want the model that is meant, such as %s", kind.Model, Specials(kind))
	default:
		return fmt.Sprintf("aksync can't look up %s: %s", kind.Model, kind.Why)
	}
}

// mostNamed is how many models a message names.
const mostNamed = 3

// suggestModel says which model was probably meant, or names some of its app.
func suggestModel(s *schema.Schema, model string) string {
	app, _, _ := strings.Cut(strings.ToLower(model), ".")
	var known, near []string
	for _, kind := range s.Kinds() {
		if kind.Path == "" {
			continue
		}
		known = append(known, kind.Model)
		if strings.HasPrefix(kind.Model, app+".") && len(near) < mostNamed {
			near = append(near, kind.Model)
		}
	}
	switch nearest := schema.Nearest(model, known); {
	case nearest != "":
		return schema.Suggest(model, []string{nearest})
	case len(near) > 0:
		return "want a model such as " + strings.Join(near, ", ")
	default:
		return "want one of authentik's models"
	}
}

// Specials names some of the models that are special cases of a base.
func Specials(base *schema.Kind) string {
	return strings.Join(base.Members[:min(len(base.Members), mostNamed)], ", ")
}
