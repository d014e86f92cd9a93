package blueprint_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/schema"
)

// Text of somebody else says what it speaks of, as far as that stands there, and reads
// nothing of ours.
func TestSpoken(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OURS", "ours")
	const group = "- {model: authentik_core.group, identifiers: "
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"literal", "entries:\n" + group + "{name: a}, attrs: {bogus: 1}}\n", []string{"a"}},
		{"of its own context", "context: {n: b}\nentries:\n" + group + "{name: !Context n}}\n", []string{"b"}},
		{"sections", "entries:\n  one:\n  " + group + "{name: a}}\n", []string{"a"}},
		{"a variable", "entries:\n" + group + "{name: !Env OURS}}\n", []string{""}},
		{"a variable with a default", "entries:\n" + group + "{name: !Env [OURS, theirs]}}\n", []string{"theirs"}},
		{"a file", "entries:\n" + group + "{name: !File text_test.go}}\n", []string{""}},
		{"no kind that is known", "entries:\n- {model: authentik_core.groupp, identifiers: {name: a}}\n", nil},
		{"no blueprint", "- a\n", nil},
		{"no YAML", "a: [\n", nil},
		{"nothing", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var names []string
			for _, entry := range blueprint.Spoken(s, tt.text) {
				name, _ := entry.Identifiers.Get("name")
				text, _ := name.Data.(string)
				names = append(names, text)
			}
			if diff := cmp.Diff(tt.want, names); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
