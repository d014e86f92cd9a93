package schema_test

import (
	"slices"
	"testing"

	"github.com/aksync/aksync/schema"
)

// Objects are called by these fields, in every plan and every message: none of them may
// be one that nobody may read.
func TestNamesAreNotHidden(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	hidden := 0
	for _, kind := range s.Kinds() {
		for _, name := range append([]string{kind.Key, kind.Lookup, kind.ID, kind.Users.Label}, kind.Label...) {
			if slices.Contains(kind.Hidden(), name) {
				t.Errorf("%s: an object is called by its %s, which is sensitive", kind.Model, name)
			}
		}
		for _, name := range kind.Hidden() {
			hidden++
			if !slices.Contains(s.Hidden, name) {
				t.Errorf("%s: %s is sensitive, and not among the names that are", kind.Model, name)
			}
		}
	}
	if hidden == 0 {
		t.Error("no field is sensitive")
	}
}
