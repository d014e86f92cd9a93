package blueprint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
)

// TestSecretsInMessages wants values that nobody is to see to be in no message.
func TestSecretsInMessages(t *testing.T) {
	provider := func(identifiers, attrs string) string {
		return "- {model: authentik_providers_oauth2.oauth2provider, identifiers: {" + identifiers + "}, attrs: {" + attrs + "}}\n"
	}
	inFolder(t, map[string]string{"x.yaml": "entries:\n" +
		provider("name: a", "client_secret: [hidden-a]") +
		provider("name: b", `client_secret: "`+strings.Repeat("hidden", 100)+`"`) +
		provider("name: c, client_secret: hidden-c", "client_secret: hidden-d") +
		provider(`name: d, client_secret: " hidden-e"`, "") +
		provider("name: e", `client_secret: "!Env hidden-f"`) +
		provider("name: f", `client_secret: hidden-g, client_secret: hidden-h`)})
	file := read(t, newReader(t, blueprint.Options{}), ".").Files[0]
	got := append(messages(file.Problems), messages(file.Warnings)...)
	if text := strings.Join(got, "\n"); strings.Contains(text, "hidden") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	if len(file.Problems) < 4 || len(file.Warnings) != 7 {
		t.Errorf("got %s", cmp.Diff(nil, got))
	}
}
