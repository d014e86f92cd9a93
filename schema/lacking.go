package schema

import (
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// LackingPermission says that a server of the version has not got a permission, which is
// named as authentik names it, app.codename, and which has; or nothing, where it has it or
// nothing is known of it. authentik answers an empty 405 to whoever asks for one that is
// not there.
func (s *Schema) LackingPermission(name, version string) string {
	return s.lackingPermission(name, version, s.Models())
}

// lackingPermission is given all models, which take longer to name than one to look at.
func (s *Schema) lackingPermission(name, version string, models []string) string {
	whole, _ := s.Whole()
	app, codename, _ := strings.Cut(name, ".")
	_, model, _ := strings.Cut(codename, "_")
	if kind := whole.Kind(app + "." + model); kind != nil && kind.Until == "" && whole.lacks(kind.Span, version) {
		return kind.Lacking(name, version)
	}
	for _, model := range models {
		if !strings.HasPrefix(model, app+".") {
			continue
		}
		if span, has := whole.Kind(model).Permissions[codename]; has && whole.lacks(span, version) {
			return span.Lacking(name, version)
		}
	}
	return ""
}

// lacks reports whether servers of a version have not got something. One that comes
// between two that are known may have it already.
func (s *Schema) lacks(span Span, version string) bool {
	for _, known := range s.Versions {
		if !Before(known, version) {
			return !span.Has(version) && !span.Has(known)
		}
	}
	return !span.Has(version)
}

// CheckGrants says which of the permissions that a value of the field names a server of
// the version has not got.
func (s *Schema) CheckGrants(f *Field, path string, value tree.Value, version string) tree.Problems {
	list, _ := value.Data.(tree.List)
	if f.Grants == "" {
		return nil
	}
	var problems tree.Problems
	models := s.Models()
	for i, element := range list {
		name, _ := element.Data.(string)
		if lacking := s.lackingPermission(name, version, models); lacking != "" {
			problems = append(problems, tree.Problem{Place: element.Place, Path: Index(path, i), Message: lacking})
		}
	}
	return problems
}
