package schema

import "cuelang.org/go/cue"

// DigestOf writes the digest of kinds, and of the shapes of a blueprint's parts,
// which the compiled root package of the schema has. The generator is what calls it.
func DigestOf(root cue.Value, kinds []*Kind) ([]byte, error) {
	s := &Schema{lines: map[string][]byte{}, kinds: map[string]*Kind{}}
	if err := s.CompileParts(root); err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		s.kinds[kind.Model] = kind
	}
	return s.Digest()
}
