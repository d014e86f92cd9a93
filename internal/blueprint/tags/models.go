package tags

import (
	"fmt"
	"slices"
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
	case kind.Why != "":
		return fmt.Sprintf("aksync can't look up %s: %s", kind.Model, kind.Why)
	default:
		return fmt.Sprintf("authentik has no list of each %s: want a model of its own, such as %s", kind.Title, strings.Join(Specials(s, kind.Model), ", "))
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
func Specials(s *schema.Schema, base string) []string {
	var models []string
	for _, kind := range s.Kinds() {
		if slices.Contains(kind.Bases, base) && len(models) < mostNamed {
			models = append(models, kind.Model)
		}
	}
	return models
}
