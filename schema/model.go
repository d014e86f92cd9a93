package schema

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed models.txt
var modelNames string

// readModels returns the models that authentik's own schema of blueprints has,
// sorted.
func readModels() []string {
	var models []string
	for line := range strings.Lines(modelNames) {
		if name := strings.TrimSpace(line); name != "" && !strings.HasPrefix(name, "#") {
			models = append(models, name)
		}
	}
	return models
}

// Models returns the names of all models that a blueprint can have entries of,
// sorted: those that aksync manages, and those that it leaves alone.
func (s *Schema) Models() []string {
	if s.whole != nil {
		return s.whole.Models()
	}
	names := slices.Clone(s.models)
	for name := range s.lines {
		names = append(names, name)
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	for name, kind := range s.kinds {
		if kind != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// HasModel reports whether a blueprint can have entries of the model, whose name
// is in small letters.
func (s *Schema) HasModel(model string) bool {
	_, found := slices.BinarySearch(s.models, model)
	return found || s.Kind(model) != nil
}

// CheckModel says what is wrong with the name of an entry's model, or gives "".
// authentik tells capital from small letters in the app, and not in the rest.
func (s *Schema) CheckModel(model string) string {
	small := strings.ToLower(model)
	app, _, _ := strings.Cut(model, ".")
	switch {
	case !s.HasModel(small):
		if near := Nearest(model, s.Models()); near != "" {
			return fmt.Sprintf("authentik has no model %q: did you mean %q?", model, near)
		}
		return fmt.Sprintf("authentik has no model %q: want one such as authentik_stages_password.passwordstage", model)
	case app != strings.ToLower(app):
		return fmt.Sprintf("authentik has no app %q: want it in small letters, as in %q", app, small)
	}
	return ""
}
