package tree_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/tree"
)

const uuid = "8d1a6b6e-54c1-4f4f-9c5b-0d6a6e1f0b0c"

// TestPythonOfKeys wants keys printed as Python prints what authentik has for
// them.
func TestPythonOfKeys(t *testing.T) {
	late, text := tree.ID{Change: 3}, tree.Text{"a", tree.ID{Change: 3}}
	for _, test := range []struct {
		data       any
		text, repr string
	}{
		{tree.ID{Known: uuid}, uuid, "UUID('" + uuid + "')"},
		{tree.ID{Known: int64(7)}, "7", "7"},
		{tree.ID{Known: "it's"}, "it's", `"it's"`},
		{tree.List{{Data: tree.ID{Known: uuid}}, {Data: "x"}}, "[UUID('" + uuid + "'), 'x']", "[UUID('" + uuid + "'), 'x']"},
		{tree.Map{tree.Member(tree.Place{}, "k", tree.Value{Data: tree.ID{Known: int64(7)}})}, "{'k': 7}", "{'k': 7}"},
		{late, "", ""},
		{text, "", ""},
		{tree.List{{Data: late}}, "", ""},
		{tree.List{{Data: text}}, "", ""},
	} {
		for _, way := range []struct {
			write func(any) (string, error)
			want  string
		}{{tree.PythonText, test.text}, {tree.PythonRepr, test.repr}, {tree.PythonASCII, test.repr}} {
			got, err := way.write(test.data)
			if way.want == "" && (err == nil || !strings.Contains(err.Error(), "known after apply, and is taken only by a %s of its own")) || got != way.want {
				t.Errorf("%v: got %q and %v, want %q", test.data, got, err, way.want)
			}
		}
	}
}

// TestIDs wants the changes in one order, however often it is asked.
func TestIDs(t *testing.T) {
	plain := tree.Value{Data: tree.Map{
		tree.Member(tree.Place{}, "a", tree.Value{Data: tree.Text{"x", tree.ID{Change: 9}, tree.ID{Change: 2}}}),
		tree.Member(tree.Place{}, "b", tree.Value{Data: tree.List{{Data: tree.ID{Change: 5}}, {Data: tree.ID{Known: uuid}}}}),
		tree.Member(tree.Place{}, "c", tree.Value{Data: tree.ID{Change: 9}}),
	}}.Plain()
	for range 50 {
		if got := tree.IDs(plain); !slices.Equal(got, []int{9, 2, 5}) {
			t.Fatalf("got %v", got)
		}
	}
	if tree.Known(plain) || !tree.Known(tree.ID{Known: uuid}) || !tree.Known([]any{"x", int64(1), tree.ID{Known: "k"}}) {
		t.Error("want what waits for a key, and only that, not to be known")
	}
}
