package blueprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
)

// Whoever looks at a value, however often, takes nothing from what the expressions of a
// file may come to while it is planned.
func TestPeekIsNotCounted(t *testing.T) {
	const expression = "!If [!Find [authentik_flows.flow, [slug, live]], !Enumerate [[%s], SEQ, !Format [\"%%s\", !Value 0]], null]"
	file := readAny(t, blueprint.Options{Schema: loaded(t, freeSchema)}, "entries:\n"+
		"- model: authentik_core.group\n  identifiers: {name: x}\n  attrs:\n    attributes: "+fmt.Sprintf(expression, "a")+"\n"+
		"- model: authentik_core.group\n  identifiers: {name: y}\n  attrs:\n    attributes: "+fmt.Sprintf(expression, strings.Repeat("a, ", 4000)+"a")+"\n")
	if len(file.Problems) > 0 {
		t.Fatal(file.Problems)
	}
	looked, _ := file.Entries[0].Attrs.Get("attributes")
	planned, _ := file.Entries[1].Attrs.Get("attributes")
	for range 300 {
		peeked, err := looked.Peek(answerIDs)
		if err != nil || peeked.HasPending() {
			t.Fatalf("looked at it is %v, %v", peeked, err)
		}
	}
	for i := range 250 {
		if _, err := planned.Resolve(answerIDs); err != nil {
			t.Fatalf("after %d passes: %v", i, err)
		}
	}
}
