package cue

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/tree"
)

// What CUE's own functions return stands where it is written, though CUE says no place.
func TestPlacesOfWhatFunctionsReturn(t *testing.T) {
	const head = "import (\n\"list\"\n\"github.com/aksync/aksync/schema\"\n)\n_base: {model: \"m\"}, _used: schema.#Find\n"
	const line = 6
	tests := map[string]struct {
		text string
		want []string
	}{
		"structs":              {`entries: list.Concat([[{a: 1}, {a: 2}], [{a: 3}]])`, []string{"24", "32", "42"}},
		"definitions":          {`entries: list.Concat([[schema.#PasswordStage & {attrs: a: 1}], [{attrs: a: 3}]])`, []string{"24", "65"}},
		"the other way":        {`entries: list.Concat([[{attrs: a: 1} & schema.#PasswordStage]])`, []string{"24"}},
		"parentheses":          {`entries: list.Concat([[({attrs: a: 1} & schema.#PasswordStage)]])`, []string{"24"}},
		"fields of two places": {`entries: list.Concat([[_base & {b: 1}]])`, []string{"24"}},
		"no fields":            {`entries: list.Concat([[{}]])`, []string{"10"}},
		"comprehensions":       {`entries: list.FlattenN([for i in [1, 2] {[{a: i}, schema.#PasswordStage & {attrs: a: i}]}], 1)`, []string{"43", "51", "43", "51"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result := evaluateText(t, head+test.text)
			if len(result.Problems) > 0 {
				t.Fatal(result.Problems)
			}
			entries, _ := result.Root.Data.(tree.Map).Get("entries")
			var got []string
			for _, entry := range entries.Data.(tree.List) {
				if entry.Place.Line != line {
					t.Errorf("%v, want line %d", entry.Place, line)
				}
				got = append(got, fmt.Sprint(entry.Place.Column))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
