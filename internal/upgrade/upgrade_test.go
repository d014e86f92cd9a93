package upgrade_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/internal/upgrade"
	"github.com/aksync/aksync/schema"
)

// readFile reads a blueprint that has no errors, and gives its entries.
func readFile(t *testing.T, s *schema.Schema, path string) []*tree.Entry {
	t.Helper()
	set, err := blueprint.NewReader(blueprint.Options{Schema: s}).Read(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if problems := set.Problems(); len(problems) > 0 {
		t.Fatalf("the blueprint has errors: %v", problems)
	}
	return set.Files[0].Entries
}

func load(t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// entry is a blueprint of one entry.
func entry(model, attrs string) string {
	return "entries:\n- model: " + model + "\n  identifiers: {name: x}\n  attrs:\n    " + strings.ReplaceAll(attrs, "\n", "\n    ") + "\n"
}

const (
	group    = "authentik_core.group"
	provider = "authentik_providers_scim.scimprovider"
)

// TestMake rewrites what has another name, and what comes out needs no further rewriting.
func TestMake(t *testing.T) {
	s := load(t)
	for name, test := range map[string]struct {
		version, model string
		attrs, want    string
		left           []string // the messages, as far as they matter
	}{
		"a field":                       {"2025.8", "authentik_events.notificationrule", "group: 8d1a6b6e-54c1-4f4f-9c5b-0d6a6e1f0b0c # it", "destination_group: 8d1a6b6e-54c1-4f4f-9c5b-0d6a6e1f0b0c # it", nil},
		"not yet":                       {"2025.6", "authentik_events.notificationrule", "group: null", "group: null", nil},
		"a list":                        {"2025.12", group, "parent: !Find [" + group + ", [name, y]]", "parents: [!Find [" + group + ", [name, y]]]", nil},
		"nothing":                       {"2026.2", group, "parent: ~", "parents: []", nil},
		"a list with a comment":         {"2026.2", provider, "url: https://x\nfilter_group: !Find # of\n  - " + group + "\n  - [name, y]", "url: https://x\ngroup_filters:\n  - !Find # of\n      - " + group + "\n      - [name, y]", nil},
		"a value":                       {"2025.2", "authentik_policies_event_matcher.eventmatcherpolicy", "app: 'authentik.enterprise.providers.rac'", "app: authentik.providers.rac", nil},
		"a number that became a length": {"2025.4", "authentik_stages_email.emailstage", "token_expiry: 30", "token_expiry: minutes=30", nil},
		"what is there already":         {"2025.10", "authentik_events.notificationrule", "group: null\ndestination_group: null", "group: null\ndestination_group: null", []string{"destination_group has its place"}},
		"a value from elsewhere":        {"2025.4", "authentik_stages_email.emailstage", "token_expiry: !Format [\"%s\", 30]", "token_expiry: !Format [\"%s\", 30]", []string{"has to be changed by hand"}},
		"what may be nothing":           {"2025.12", group, "parent: !If [true, !Find [" + group + ", [name, y]], null]", "parent: !If [true, !Find [" + group + ", [name, y]], null]", []string{"has to be changed by hand"}},
		"what has no successor":         {"2025.12", "authentik_core.user", "name: x\npermissions: []", "name: x\npermissions: []", []string{"give them to a role"}},
		"what means something else":     {"2026.2", "authentik_rbac.role", "permissions: []", "permissions: []", []string{"means something else from authentik 2025.12 on"}},
		"what is too long":              {"2025.12", "authentik_stages_authenticator_static.authenticatorstaticstage", "token_length: 101", "token_length: 101", []string{"want a whole number from 0 to 100"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.yaml")
			text := entry(test.model, test.attrs)
			if strings.Contains(test.model, "user") {
				text = strings.Replace(text, "{name: x}", "{username: x}", 1)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			done, err := upgrade.Make(s, readFile(t, s, path), nil, "", test.version, os.ReadFile)
			if err != nil {
				t.Fatal(err)
			}
			got := text
			for _, file := range done.Files {
				got = string(file.New)
			}
			if want := strings.Replace(text, entryAttrs(test.attrs), entryAttrs(test.want), 1); got != want {
				t.Errorf("it is\n%s\nwant\n%s", got, want)
			}
			checkLeft(t, done.Left, test.left)
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := upgrade.Make(s, readFile(t, s, path), nil, "", test.version, os.ReadFile)
			if err != nil || len(again.Files) > 0 {
				t.Errorf("it would be rewritten again: %v", err)
			}
		})
	}
}

func entryAttrs(attrs string) string { return strings.ReplaceAll(attrs, "\n", "\n    ") }

func checkLeft(t *testing.T, left []schema.Finding, want []string) {
	t.Helper()
	var messages []string
	for _, finding := range left {
		messages = append(messages, finding.Message)
	}
	if !slices.EqualFunc(messages, want, strings.Contains) {
		t.Errorf("what is left is %q, want %q", messages, want)
	}
}

// TestDiff shows the lines that change, and no secret.
func TestDiff(t *testing.T) {
	s := load(t)
	path := filepath.Join(t.TempDir(), "a.yaml")
	text := "entries:\n" +
		"- {model: " + provider + ", identifiers: {name: x}, attrs: {token: hush, filter_group: null}}\n" +
		"- model: " + provider + "\n  identifiers: {name: y}\n  attrs:\n    token: hush\n    filter_group: null\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := upgrade.Make(s, readFile(t, s, path), nil, "", "2026.2", os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	want := "--- " + path + "\n+++ " + path + "\n" +
		"@@ -2,1 +2,1 @@\n-(a line of an entry that has a secret is not shown)\n+(a line of an entry that has a secret is not shown)\n" +
		"@@ -7,1 +7,1 @@\n-    filter_group: null\n+    group_filters: []\n"
	if got := done.Files[0].Diff(); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}
