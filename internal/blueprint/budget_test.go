//go:build !race

// The race detector allocates much itself.

package blueprint_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// TestBudget wants what multiplies to end before it takes much memory,
// whether a file or a server brings it.
func TestBudget(t *testing.T) {
	numbered := func(many int, format string) string {
		var b strings.Builder
		for i := range many {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	long := strings.Repeat("x", 1<<20)
	doubled := func(inner string) string {
		context := "  d0: " + inner + "\n"
		for i := range 40 {
			context += fmt.Sprintf("  d%d: !Format [\"%%s%%s\", !Context d%d, !Context d%d]\n", i+1, i, i)
		}
		return context
	}
	for _, test := range []struct{ name, context, expression string }{
		{"padding", "", "!Format [\"" + strings.Repeat("%10000d", 50_000) + "\"" + strings.Repeat(", 1", 50_000) + "]"},
		{"text printed within a list", "  long: &long \"" + long + "\"\n  many: &many [" + strings.Repeat("*long, ", 1000) + "]\n", "!Format [\"%s\", *many]"},
		{"control characters", "  long: \"" + strings.Repeat(`\x01`, 200_000) + "\"\n", "!Format [\"" + strings.Repeat("%a", 500) + "\"" + strings.Repeat(", !Context long", 500) + "]"},
		{"doubled text", doubled("x"), "!Context d40"},
		{"doubled text with a key", doubled("!KeyOf first"), "!Context d40"},
		{"objects", "", "!Enumerate [[" + numbered(1000, "%d, ") + "], SEQ, !FindObject [authentik_core.group, [name, large]]]"},
		{"objects merged", "", "!Enumerate [[" + numbered(1000, "%d, ") + "], MAP, {k: !FindObject [authentik_core.group, [name, large]]}]"},
		{"an object that is too large", "", "!FindObject [authentik_core.group, [name, huge]]"},
		{"items of text", "  long: \"" + long + "\"\n", "!Enumerate [!Context long, SEQ, !Value 0]"},
		{"keys looked up", "  keys: &keys {" + numbered(50_000, "k%d: 1, ") + "}\n  list: &list [" + numbered(50_000, "%d,") + "]\n", "!Enumerate [*list, SEQ, !AtIndex [!Context keys, k49999]]"},
		{"text searched", "  long: \"" + long + "\"\n  list: &list [" + numbered(50_000, "%d,") + "]\n", "!Enumerate [*list, SEQ, !AtIndex [!Context long, y, z]]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// It is evaluated when references are answered, so that reading the text is
			// no part of what is measured.
			value := deferred(t, test.context, test.expression)
			allocated, err := measure(func() error { _, err := value.Resolve(largeAnswers); return err })
			if err == nil || !strings.Contains(err.Error(), "grows without end") {
				t.Errorf("got %.200v", err)
			}
			if allocated > 300<<20 {
				t.Errorf("it allocates %d MiB", allocated>>20)
			}
		})
	}
}

// TestBudgetMerge wants merging large mappings to take memory as they are large,
// and no more.
func TestBudgetMerge(t *testing.T) {
	var keys strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&keys, "k%d: 1, ", i)
	}
	value := deferred(t, "  keys: {"+keys.String()+"}\n", "!Enumerate [[1, 2], MAP, !Context keys]")
	allocated, err := measure(func() error { _, err := value.Resolve(largeAnswers); return err })
	if err != nil || allocated > 300<<20 {
		t.Errorf("it allocates %d MiB: %v", allocated>>20, err)
	}
}

// TestBudgetOfFile wants many expressions, each of which is within its bounds, to be
// within bounds together, and each pass to begin anew.
func TestBudgetOfFile(t *testing.T) {
	context := "  list: &list [" + strings.Repeat("1, ", 200_000) + "]\n"
	value := deferred(t, context, "["+strings.Repeat("!If [!Find [authentik_flows.flow, [slug, x]], !Context list, 1], ", 200)+"]")
	for range 2 {
		elements := value.Data.(tree.List)
		var taken, refused int
		for _, element := range elements {
			if _, err := element.Resolve(largeAnswers); err == nil {
				taken++
			} else {
				refused++
			}
		}
		if taken < 3 || refused < 100 {
			t.Errorf("%d taken, %d refused", taken, refused)
		}
	}
}

// deferred gives an expression that waits for a server.
func deferred(t *testing.T, context, expression string) tree.Value {
	t.Helper()
	if !strings.HasPrefix(expression, "[") {
		expression = "!If [!Find [authentik_flows.flow, [slug, x]], " + expression + ", null]"
	}
	file := readOne(t, blueprint.Options{Schema: loaded(t, freeSchema)}, "x.yaml", "context:\n  none: null\n"+context+
		"entries:\n- {model: authentik_flows.flow, id: first, identifiers: {slug: first}}\n- model: authentik_core.group\n  identifiers: {name: x}\n  attrs:\n    attributes: "+expression+"\n")
	return attributes(file)
}

// measure returns the bytes that are allocated meanwhile.
func measure(do func() error) (allocated uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// largeAnswers has large objects, and none that exists before the pass.
func largeAnswers(r tree.Reference) (tree.Value, error) {
	if r.Tag != tree.TagFindObject {
		return tree.Value{Data: tree.ID{Change: 1}}, nil
	}
	elements := make(tree.List, 10_000)
	if r.Where[0].Value.Data == "huge" {
		elements = make(tree.List, 2_000_000)
	}
	return tree.Value{Data: tree.Map{tree.Member(tree.Place{}, "list", tree.Value{Data: elements})}}, nil
}
