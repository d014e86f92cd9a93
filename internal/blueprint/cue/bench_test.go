package cue

import (
	"testing"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// BenchmarkImports shows what a blueprint pays for the packages that it imports, each
// time in a fresh context.
func BenchmarkImports(b *testing.B) {
	const root = "import \"github.com/aksync/aksync/schema\"\n"
	for _, bench := range []struct{ name, text string }{
		{"root", root + "x: schema.#PasswordStage\n"},
		{"core, 5 kinds", root + "import \"github.com/aksync/aksync/schema/core\"\nx: schema.#PasswordStage\ny: core.#Application\n"},
		{"sources_ldap, 4 kinds", root + "import \"github.com/aksync/aksync/schema/sources_ldap\"\nx: schema.#PasswordStage\ny: sources_ldap.#LDAPSource\n"},
		{"providers_oauth2, 2 kinds", root + "import \"github.com/aksync/aksync/schema/providers_oauth2\"\nx: schema.#PasswordStage\ny: providers_oauth2.#OAuth2Provider\n"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				evaluator := &cueEvaluator{language: tags.NewLanguage()}
				result := evaluator.evaluate(Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(bench.text + "entries: []")}}})
				if len(result.Problems) > 0 {
					b.Fatal(result.Problems)
				}
			}
		})
	}
}
