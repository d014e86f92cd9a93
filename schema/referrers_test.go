package schema_test

import (
	"slices"
	"testing"

	"github.com/aksync/aksync/schema"
)

// TestReferrers holds what is found in the lines of the digest to all kinds: nothing
// that refers to a kind is passed over.
func TestReferrers(t *testing.T) {
	const further = `package schema
kinds: "x.y": {title: "y", managed: true, path: "x/y", key: "name", fields: {name: {type: "text", required: true}, flow: {type: "uuid", refers: "authentik_flows.flow"}}, readOnly: pk: type: "uuid"}`
	for _, s := range []*schema.Schema{load(t), load(t, further), load(t).At("2024.12")} {
		for _, kind := range s.Kinds() {
			var want, got []string
			for _, other := range s.Managed() {
				for _, field := range other.Fields.Fields {
					if field.Refers == kind.Model || slices.Contains(kind.Bases, field.Refers) {
						want = append(want, other.Model+"."+field.Name)
					}
				}
			}
			for _, by := range s.Referrers(kind) {
				got = append(got, by.Kind.Model+"."+by.Field.Name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", kind.Model, got, want)
			}
		}
	}
}

// TestOwnBlueprints holds what is found so to all kinds, too.
func TestOwnBlueprints(t *testing.T) {
	for _, s := range []*schema.Schema{load(t), load(t).At("2024.12")} {
		want := slices.DeleteFunc(s.Kinds(), func(kind *schema.Kind) bool { return kind.Instance == nil })
		if got := s.OwnBlueprints(); len(got) == 0 || !slices.Equal(got, want) {
			t.Errorf("%d kinds, want %d", len(got), len(want))
		}
	}
}
