package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Models returns the names of all models, sorted: those that aksync manages, those
// that it leaves alone, and the bases that references can name.
func (s *Schema) Models() []string {
	if s.whole != nil {
		return s.whole.Models()
	}
	names := slices.Collect(maps.Keys(s.lines))
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

// HasModel reports whether authentik has the model, whose name is in small letters.
func (s *Schema) HasModel(model string) bool {
	return s.Kind(model) != nil
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
