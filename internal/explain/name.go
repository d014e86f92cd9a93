package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// A Subject is what somebody asks about: a model, and a field of it where Path is not
// empty, the names that lead to it.
type Subject struct {
	Kind *schema.Kind
	Path []string
}

// Find returns what a name means: MODEL or MODEL.FIELD, and below that the fields of
// fields. A model is called as authentik calls it, with or without authentik_ in front,
// or by its class alone; capital letters don't matter.
func Find(s *schema.Schema, name string) (Subject, error) {
	models := s.Models()
	words := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(words) > 1 {
		for _, app := range []string{words[0], prefix + words[0]} {
			model := strings.ToLower(app + "." + words[1])
			if slices.Contains(models, model) {
				return subject(s, model, words[2:])
			}
		}
	}
	switch called := calledAs(models, words[0]); {
	case len(called) == 1:
		return subject(s, called[0], words[1:])
	case len(called) > 1:
		return Subject{}, fmt.Errorf("several models are called %q: %s", words[0], strings.Join(called, ", "))
	}
	return Subject{}, unknown(s, models, name, words)
}

// prefix begins the names of authentik's own apps.
const prefix = "authentik_"

// Short returns the name of a model without its app and, where several have that name,
// with it.
func Short(models []string, model string) string {
	if class := class(model); len(calledAs(models, class)) == 1 {
		return class
	}
	return strings.TrimPrefix(model, prefix)
}

// calledAs returns the models that have a name without their app.
func calledAs(models []string, name string) []string {
	name = strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(name))
	var called []string
	for _, model := range models {
		if class(model) == name {
			called = append(called, model)
		}
	}
	return called
}

// subject returns a kind, if the schema's version has it.
func subject(s *schema.Schema, model string, path []string) (Subject, error) {
	kind := s.Kind(model)
	if kind == nil {
		return Subject{}, fmt.Errorf("%s", s.Lacking(model))
	}
	return Subject{kind, path}, nil
}

// unknown says that there is no such model, and which was meant.
func unknown(s *schema.Schema, models []string, name string, words []string) error {
	for _, model := range models { // by what people call it: "stage binding"
		if kind := s.Kind(model); kind != nil && (strings.EqualFold(kind.Title, name) || strings.EqualFold(kind.Class, words[0])) {
			return fmt.Errorf("there is no model %q: did you mean %q?", name, Short(models, model))
		}
	}
	upTo := 1
	if _, isApp := IsApp(s, words[0]); isApp {
		upTo = min(2, len(words))
	}
	near := schema.Nearest(strings.Join(words[:upTo], "."), allNames(models))
	if near == "" {
		return fmt.Errorf("there is no model %q: want one such as application, OAuth2Provider or authentik_core.user; aksync explain lists all", name)
	}
	return fmt.Errorf("there is no model %q: did you mean %q?", name, strings.Join(append([]string{near}, words[upTo:]...), "."))
}

// allNames returns all names that models and apps go by.
func allNames(models []string) []string {
	var names []string
	for _, model := range models {
		app, _, _ := strings.Cut(model, ".")
		names = append(names, Short(models, model), model, strings.TrimPrefix(model, prefix), app, strings.TrimPrefix(app, prefix))
	}
	return names
}
