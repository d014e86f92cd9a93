package cue

import (
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

func evaluateText(t *testing.T, text string) Result {
	t.Helper()
	evaluator := &cueEvaluator{language: tags.NewLanguage()}
	return evaluator.evaluate(Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}}})
}

// TestApps wants each app's package to be there for a blueprint to import, with the
// model of the entry and without constraints: aksync checks the fields itself.
func TestApps(t *testing.T) {
	result := evaluateText(t, `
import (
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/schema/core"
	oauth2 "github.com/aksync/aksync/schema/providers_oauth2"
)
entries: [
	core.#Application & {identifiers: slug: "a", attrs: {nam: 5, provider: schema.#KeyOf & {#id: "p"}}},
	oauth2.#OAuth2Provider & {identifiers: name: "p", attrs: client_type: "none of these"},
]`)
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	entries, _ := result.Root.Data.(tree.Map).Get("entries")
	for i, want := range []string{"authentik_core.application", "authentik_providers_oauth2.oauth2provider"} {
		model, _ := entries.Data.(tree.List)[i].Data.(tree.Map).Get("model")
		if model.Data != want {
			t.Errorf("entry %d is of the model %v, want %s", i, model.Data, want)
		}
	}
}

func TestAppsEach(t *testing.T) {
	var imports, entries strings.Builder
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range schema.Apps() {
		imports.WriteString("import \"" + schema.ImportPath + "/" + app + "\"\n")
	}
	managed := s.Managed()
	for _, kind := range managed {
		entries.WriteString(schema.AppOf(kind.Model) + ".#" + kind.Class + " & {identifiers: pk: 1},\n")
	}
	result := evaluateText(t, imports.String()+"entries: [\n"+entries.String()+"]")
	if len(result.Problems) > 0 {
		t.Fatal(result.Problems)
	}
	list, _ := result.Root.Data.(tree.Map).Get("entries")
	for i, entry := range list.Data.(tree.List) {
		if model, _ := entry.Data.(tree.Map).Get("model"); model.Data != managed[i].Model {
			t.Errorf("the definition %s is of the model %v, want %s", managed[i].Class, model.Data, managed[i].Model)
		}
	}
}

func TestAppsUnknown(t *testing.T) {
	result := evaluateText(t, "import \"github.com/aksync/aksync/schema/cores\"\nx: cores.#Application\nentries: []")
	const want = `did you mean "core"?`
	if len(result.Problems) == 0 || !strings.Contains(result.Problems[0].Message, want) {
		t.Errorf("got %v, want %s", result.Problems, want)
	}
}
