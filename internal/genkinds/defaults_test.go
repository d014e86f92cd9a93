package genkinds

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// TestDefaults holds the defaults to what real servers answered when objects were
// created with what is required alone (create-minimal, create-required-only of the
// recorded exchanges).
func TestDefaults(t *testing.T) {
	text, err := os.ReadFile("testdata/defaults.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]map[string]map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&recorded); err != nil {
		t.Fatal(err)
	}
	whole, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for version, models := range recorded {
		s := whole.At(version)
		for model, fields := range models {
			kind := s.Kind(model)
			for name, value := range fields {
				field := kind.Fields.Field(name)
				if field == nil {
					t.Errorf("%s: %s has no %s", version, model, name)
					continue
				}
				if !field.HasDefault || field.Superset {
					checkUnknown(t, kind, field)
					continue
				}
				compared++
				got := field.Normalize(tree.FromJSON(field.Default)).Plain()
				want := field.Normalize(tree.FromJSON(tree.PlainJSON(value))).Plain()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: the default of %s.%s (-recorded +ours):\n%s", version, model, name, diff)
				}
			}
		}
	}
	if compared < 800 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

// checkUnknown wants a reason where nothing says what the server takes.
func checkUnknown(t *testing.T, kind *schema.Kind, field *schema.Field) {
	t.Helper()
	whole := field
	if all, err := schema.Load(); err == nil {
		whole = all.Kind(kind.Model).Fields.Field(field.Name)
	}
	if !field.Generated && !field.Superset && !field.HasOnCreate && whole.Via == nil {
		t.Errorf("nothing says what %s.%s is where it is left out", kind.Model, field.Name)
	}
}
