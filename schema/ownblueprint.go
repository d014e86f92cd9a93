package schema

import (
	"fmt"
	"slices"
)

// OwnBlueprint says which fields of an object tell of a blueprint that authentik applies
// by itself; #Kind in kind.cue says what each word means.
type OwnBlueprint struct {
	Path     string `json:"path"`
	Content  string `json:"content"`
	Metadata string `json:"metadata"`
	On       string `json:"on"`
}

// OwnBlueprints returns the kinds whose objects are blueprints that authentik applies by
// itself. It reads no others.
func (s *Schema) OwnBlueprints() []*Kind {
	return slices.DeleteFunc(s.marked(`"instance":`), func(k *Kind) bool { return k.Instance == nil })
}

// verifyInstance makes sure that the words of OwnBlueprint are about fields of the kind.
func (k *Kind) verifyInstance() error {
	if k.Instance == nil {
		return nil
	}
	for _, name := range []string{k.Instance.Path, k.Instance.Content, k.Instance.On} {
		if k.Fields.Field(name) == nil {
			return fmt.Errorf("instance names %q, which is none of its fields", name)
		}
	}
	if k.readOnly(k.Instance.Metadata) == nil {
		return fmt.Errorf("instance names %q, which is none of its read-only fields", k.Instance.Metadata)
	}
	return nil
}
