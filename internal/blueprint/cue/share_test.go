package cue

import (
	"fmt"
	"testing"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// TestShare wants jobs to share a context, so that the schema is compiled once
// for many, and the context to be given up before it has grown large.
func TestShare(t *testing.T) {
	evaluator := &cueEvaluator{language: tags.NewLanguage()}
	evaluate := func(entries string) {
		t.Helper()
		text := "import (\n\"list\"\n\"github.com/aksync/aksync/schema\"\n)\n_numbers: list.Range(0, 1, 1)\nentries: " + entries
		result := evaluator.evaluate(Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}}})
		if len(result.Problems) > 0 || result.Root == nil {
			t.Fatalf("%s: %v", entries, result.Problems)
		}
	}
	const small = "[schema.#PasswordStage & {identifiers: name: \"a\"}]"
	evaluate(small)
	shared := evaluator.context
	if shared == nil {
		t.Fatal("the context of a small job has to be there for the next one")
	}
	evaluate(small)
	if evaluator.context != shared {
		t.Error("want the same context for a second small job")
	}
	evaluate("[for i in list.Range(0, 4000, 1) {schema.#PasswordStage & {identifiers: name: \"\\(i)\"}}]")
	if evaluator.context != nil {
		t.Error("want the context of a large job to be given up")
	}
	for i := range 10_000 {
		evaluate(fmt.Sprintf("[schema.#PasswordStage & {identifiers: name: \"%d\"}]", i))
		if evaluator.context == nil {
			return
		}
	}
	t.Error("want a context that many small jobs used to be given up")
}
