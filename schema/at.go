package schema

import (
	"fmt"
	"slices"
)

// At returns the part of the schema that a server of the version has: kinds,
// fields and values that it knows, and the requests that it takes for them. An
// unknown version has all of it.
func (s *Schema) At(version string) *Schema {
	if _, known := parseVersion(version); !known || s.version == version {
		return s
	}
	if s.whole != nil {
		s = s.whole
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.versions[version] == nil {
		if s.versions == nil {
			s.versions = map[string]*Schema{}
		}
		s.versions[version] = &Schema{parts: s.parts, whole: s, version: version, kinds: map[string]*Kind{}}
	}
	return s.versions[version]
}

// Has reports whether a server of the version has it. One of an unknown version
// does.
func (s Span) Has(version string) bool {
	return !Before(version, s.Since) && !s.Gone(version)
}

// Gone reports whether servers of the version have dropped it.
func (s Span) Gone(version string) bool {
	return s.Until != "" && Known(version) && !Before(version, s.Until)
}

// at returns the kind as a server of the version has it, or nil.
func (k *Kind) at(version string) *Kind {
	if k == nil || !k.Has(version) {
		return nil
	}
	own := *k
	own.Fields = k.Fields.at(version)
	own.Create = k.Create && !Before(version, k.Created)
	if k.Holds != nil && !k.Holds.Has(version) {
		own.Holds = nil
	}
	own.ReadOnly, own.Powers = nil, powersAt(k.Powers, version)
	own.Owned, own.Needs = k.Owned.at(version), needsAt(k.Needs, version)
	for _, readOnly := range k.ReadOnly {
		if readOnly.Has(version) && own.Fields.Field(readOnly.Name) == nil {
			own.ReadOnly = append(own.ReadOnly, readOnly)
		}
	}
	return &own
}

func (s *Shape) at(version string) *Shape {
	own := &Shape{Fields: make([]*Field, 0, len(s.Fields))}
	for _, field := range s.Fields {
		if field.Has(version) {
			own.Fields = append(own.Fields, field.at(version))
		}
	}
	return own
}

func (f *Field) at(version string) *Field {
	variant := f.variant(version)
	own := *variant.other(f)
	own.Variants = nil
	if variant != nil && variant.Required != nil {
		own.Required = *variant.Required
	}
	if variant != nil && variant.Default != nil {
		own.HasDefault = true
		own.Default, _ = plainJSON(variant.Default) // it was read as JSON already
	}
	own.Via, own.Needs = f.Via.at(version), needsAt(f.Needs, version)
	if own.Via.Lists() && own.Via.Wiped != "" && !Before(version, own.Via.Wiped) {
		own.Superset = true // authentik only adds to them since
	}
	if slices.ContainsFunc(f.Values, func(c Choice) bool { return !c.Has(version) }) {
		own.Values = slices.DeleteFunc(slices.Clone(f.Values), func(c Choice) bool { return !c.Has(version) })
	}
	if f.Fields != nil {
		own.Fields = f.Fields.at(version)
	}
	if f.Element != nil {
		own.Element = f.Element.at(version)
	}
	return &own
}

// Lacking says that the version of the schema has not got the model, and which has.
func (s *Schema) Lacking(model string) string {
	if s.whole != nil {
		if kind := s.whole.Kind(model); kind != nil && !kind.Has(s.version) {
			return kind.Lacking(kind.Model, s.version)
		}
	}
	return fmt.Sprintf("authentik has no model %s", model)
}

// Whole returns the schema of all versions that this one is of, and the version, which
// is empty where this is the whole.
func (s *Schema) Whole() (whole *Schema, version string) {
	if s.whole != nil {
		return s.whole, s.version
	}
	return s, ""
}
