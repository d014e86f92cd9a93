package schema

import "cuelang.org/go/cue"

// DigestOf writes the digest of kinds, and of the shapes of a blueprint's parts,
// which the compiled root package of the schema has. The generator is what calls it.
func DigestOf(root cue.Value, kinds []*Kind, versions []string) ([]byte, error) {
	s := &Schema{lines: map[string][]byte{}, kinds: map[string]*Kind{}}
	if err := s.CompileParts(root); err != nil {
		return nil, err
	}
	s.Versions = versions
	for _, kind := range kinds {
		s.kinds[kind.Model] = kind
	}
	return s.Digest()
}

// FoundBy returns the fields that nobody can write and that objects can be found by,
// the primary key first.
func (k *Kind) FoundBy() []*Field {
	id := *k.field(k.ID)
	id.Name = PK
	fields := []*Field{&id}
	for _, readOnly := range k.ReadOnly {
		if readOnly.Name != PK && readOnly.finds() && k.Fields.Field(readOnly.Name) == nil {
			fields = append(fields, readOnly.AsField())
		}
	}
	return fields
}
