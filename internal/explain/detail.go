package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// Detail is a field of a model, with all that is known of it.
type Detail struct {
	Model string `json:"model"`
	Path  string `json:"path"`
	*Field
	// ReadOnly says why nobody can set the field, where nobody can.
	ReadOnly string `json:"read_only,omitempty"`
	Version  string `json:"version,omitempty"`
}

// ExplainField returns what the schema knows of the field that a path leads to.
func ExplainField(s *schema.Schema, k *schema.Kind, path []string) (*Detail, error) {
	_, version := s.Whole()
	detail := &Detail{Model: k.Model, Path: strings.Join(path, "."), Version: version}
	unwritable, why := unwritable(k, path[0])
	if detail.ReadOnly = why; unwritable != nil && len(path) == 1 {
		detail.Field = explainField(s, k, unwritable)
		detail.Notes = nil
		return detail, nil
	}
	at := k.Fields.Fields
	var field *schema.Field
	for i, name := range path {
		next := named(at, name)
		if next == nil {
			return nil, lacking(s, k, path[:i], at, name)
		}
		field, at = next, parts(next)
	}
	detail.Field = explainField(s, k, field)
	if base := s.Kind(field.Refers); base != nil {
		detail.Members = members(s, base)
	}
	return detail, nil
}

// unwritable returns a field of answers that nobody can set, and says why; it is nil for
// one that can be set, and for none.
func unwritable(k *schema.Kind, name string) (field *schema.Field, why string) {
	if k.Fields.Field(name) != nil {
		return nil, ""
	}
	for _, field := range k.ReadOnly {
		if field.Name == name {
			return field.AsField(), field.Reason
		}
	}
	if name == schema.PK && k.Path != "" {
		return k.FoundBy()[0], "the server gives the primary key; to find an object by it, put it into identifiers"
	}
	return nil, ""
}

func named(fields []*schema.Field, name string) *schema.Field {
	at := slices.IndexFunc(fields, func(f *schema.Field) bool { return strings.EqualFold(f.Name, name) })
	if at < 0 {
		return nil
	}
	return fields[at]
}

// lacking says that there is no such field where a path leads to, and which there are.
func lacking(s *schema.Schema, k *schema.Kind, path []string, at []*schema.Field, name string) error {
	place := strings.Join(append([]string{k.Model}, path...), ".")
	if why, former := k.Formerly[name]; former && len(path) == 0 {
		return fmt.Errorf("no supported version of authentik has %s.%s any more; there is instead: %s", place, name, why)
	}
	whole, version := s.Whole()
	if all := whole.Kind(k.Model); version != "" && len(path) == 0 {
		if field := all.Fields.Field(name); field != nil && !field.Has(version) {
			return fmt.Errorf("%s.%s", place, all.LackingField(field, version))
		}
	}
	if len(at) == 0 {
		return fmt.Errorf("%s has no fields of its own: there is no %s", place, name)
	}
	var known []string
	for _, field := range at {
		known = append(known, field.Name)
	}
	return fmt.Errorf("%s has no field %q: %s", place, name, schema.Suggest(name, known))
}
