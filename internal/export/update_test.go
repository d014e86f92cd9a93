package export_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// brandsYAML is how somebody has written what was exported.
const brandsYAML = `# Our own.
version: 1
entries:
- model: authentik_brands.brand # the one that counts
  identifiers:
    domain: login.example.com
  # It is by far the oldest.
  attrs:
    branding_title: Old # as in 2019
    flow_authentication: !Find [authentik_flows.flow, [slug, company-login]]

    # This is long.
    attributes:
      floor: 3
    branding_custom_css: |
      body {}

      p {}
    default: false

- model: authentik_brands.brand
  identifiers: {domain: b.example.com}
  attrs: {branding_title: B}
# The end.
`

// bring makes an update of the folder, and saves it.
func bring(t *testing.T, s *schema.Schema, server *devserver.Server, dir string) *export.Update {
	t.Helper()
	var o export.Options
	at, objects := listed(t, s, server, &o)
	pass := reconciler(t, s, server, readFolder(t, s, dir)).Plan(context.Background(), sync.TriggerRequest)
	if problems := pass.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	update, err := export.MakeUpdate(at, objects, o, dir, pass.Plan, func(path string) ([]byte, error) {
		text, err := os.ReadFile(filepath.Join(dir, path))
		if os.IsNotExist(err) {
			return nil, nil
		}
		return text, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := update.Folder.Save(dir, true); err != nil {
		t.Fatal(err)
	}
	return update
}

// An update changes what differs where it stands, and leaves everything else as
// somebody wrote it; new objects go to where they belong.
func TestUpdate(t *testing.T) {
	s := loaded(t, ownSchema)
	server, dir := company(t, s, "2025.10.4"), t.TempDir()
	put(t, server, "authentik_brands.brand", map[string]any{"domain": "b.example.com", "default": false, "branding_title": "B"})
	if err := exportAll(t, s, server, export.Options{}).Save(dir, false); err != nil {
		t.Fatal(err)
	}
	if none := bring(t, s, server, dir); none.Changed+none.Added+len(none.Folder.Files) > 0 {
		t.Errorf("what is up to date is changed: %d, %d, %v", none.Changed, none.Added, texts(none.Folder))
	}
	brands := filepath.Join(dir, "brands.yaml")
	if err := os.WriteFile(brands, []byte(brandsYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, server, "authentik_core.group", map[string]any{"name": "guests"})
	put(t, server, "authentik_flows.flow", map[string]any{"slug": "goodbye", "name": "Goodbye", "title": "Goodbye", "designation": "unenrollment"})
	app := ""
	for _, object := range server.All("authentik_core.application") {
		if object["slug"] == "wiki" {
			app, _ = object["pk"].(string)
		}
	}
	put(t, server, "authentik_core.applicationentitlement", map[string]any{"app": app, "name": "readers"})
	update := bring(t, s, server, dir)
	if update.Added != 3 {
		t.Errorf("%d objects were added", update.Added)
	}
	text, err := os.ReadFile(brands)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("branding_title: Old # as in 2019", "branding_title: authentik # as in 2019", "    attributes:\n      floor: 3\n", "    attributes: {}\n",
		"    branding_custom_css: |\n      body {}\n\n      p {}\n", "    branding_custom_css: \"\"\n").Replace(brandsYAML)
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wiki, err := os.ReadFile(filepath.Join(dir, "applications/wiki.yaml"))
	if err != nil || !strings.Contains(string(wiki), "\n\n  - model: authentik_core.applicationentitlement\n    identifiers:\n      name: readers\n      app: !Find [authentik_core.application, [slug, wiki]]\n") {
		t.Errorf("the application is %v\n%s", err, wiki)
	}
	checkInSync(t, s, server, readFolder(t, s, dir), "")
	if again := bring(t, s, server, dir); len(again.Folder.Files) > 0 || len(again.Gone)+len(again.ByHand) > 0 {
		t.Errorf("a second update changes %v, %v, %v", texts(again.Folder), again.Gone, again.ByHand)
	}
}

// TestUpdateByHand wants what can't be changed in place to be named and left: what is
// gone, a value that a tag gives, and one on a line with others.
func TestUpdateByHand(t *testing.T) {
	s := loaded(t, ownSchema)
	server, dir := fresh(t, s, "2025.10.4"), t.TempDir()
	put(t, server, "authentik_brands.brand", map[string]any{"domain": "a.example.com", "default": false, "branding_title": "A"})
	const text = `version: 1
entries:
  - model: authentik_brands.brand
    identifiers: {domain: a.example.com}
    attrs:
      branding_title: !Env TITLE
  - {model: authentik_brands.brand, identifiers: {domain: a.example.com}, attrs: {branding_custom_css: x}}
  - {model: authentik_core.group, identifiers: {name: gone}}
`
	path := filepath.Join(dir, "all.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	update := bring(t, s, server, dir)
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Errorf("it was written: %v\n%s", err, got)
	}
	if len(update.ByHand) != 2 || len(update.Gone) != 1 || !strings.Contains(update.Gone[0], `all.yaml:8:5: the group "gone"`) {
		t.Errorf("left are %q and %q", update.ByHand, update.Gone)
	}
}

// TestTerraform finds the objects of a state, however their keys are.
func TestTerraform(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	state := `{"version": 4, "resources": [
		{"mode": "managed", "type": "authentik_application", "name": "desks", "instances": [{"attributes": {"id": "desks", "uuid": "` + key(61) + `", "slug": "desks"}}]},
		{"mode": "managed", "type": "authentik_provider_oauth2", "name": "p", "instances": [{"index_key": "a", "attributes": {"id": "1", "name": "desks"}}]},
		{"mode": "managed", "type": "authentik_user", "name": "u", "instances": [{"attributes": {"id": "5", "username": "ada", "name": "Ada"}}]},
		{"mode": "managed", "type": "authentik_token", "name": "t", "instances": [{"attributes": {"id": "desk-token", "identifier": "desk-token"}}]},
		{"mode": "managed", "type": "authentik_group", "name": "lost", "instances": [{"attributes": {"id": "` + key(999) + `", "name": "lost"}}]},
		{"mode": "data", "type": "authentik_flow", "name": "f", "instances": [{"attributes": {"id": "` + key(1) + `"}}]},
		{"mode": "managed", "type": "random_password", "name": "f", "instances": [{"attributes": {"id": "none"}}]}]}`
	shown := `{"values": {"root_module": {"resources": [], "child_modules": [{"resources": [
		{"address": "module.a.authentik_application.desks", "mode": "managed", "type": "authentik_application", "values": {"id": "desks", "slug": "desks"}}]}]}}}`
	for text, want := range map[string][]string{
		state: {"authentik_core.application", "authentik_core.token", "authentik_core.user", "authentik_providers_oauth2.oauth2provider"},
		shown: {"authentik_core.application"},
	} {
		resources, err := export.ReadTerraform([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		wanted, missing := export.WantTerraform(s, office(), resources)
		if lost := len(resources) - len(want); len(missing) != lost {
			t.Errorf("missing are %v", missing)
		}
		written := write(t, s, office(), export.Options{Want: wanted})
		if strings.Count(written, "- model:") != len(want) {
			t.Errorf("got\n%s", written)
		}
		for _, model := range want {
			if !strings.Contains(written, "model: "+model+"\n") {
				t.Errorf("%s is not in\n%s", model, written)
			}
		}
	}
	for _, text := range []string{"x", "{}", `{"resources": [{"mode": "data", "type": "authentik_flow"}]}`} {
		if _, err := export.ReadTerraform([]byte(text)); err == nil {
			t.Errorf("%s is a state", text)
		}
	}
}

// permittedYAML is how somebody has written policies, with what is permitted.
const permittedYAML = `version: 1
entries:
- model: authentik_policies_expression.expressionpolicy
  identifiers:
    name: one # the first

  # Below.
  attrs:
    expression: return True
- identifiers: {name: two}
  model: authentik_policies_expression.expressionpolicy
  permissions: # as agreed
  -   permission: view_expressionpolicy
      role: !Find [authentik_rbac.role, [name, readers]]
  attrs: {expression: return True}
- {model: authentik_policies_expression.expressionpolicy, identifiers: {name: three}, attrs: {expression: return True}}
- model: authentik_policies_expression.expressionpolicy
  attrs:
    expression: return True
  identifiers: {name: four}`

// TestUpdatePermissions adds what somebody is permitted with objects to the entries that
// stand there, wherever in them; and only that.
func TestUpdatePermissions(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		t.Run(version, func(t *testing.T) {
			server, dir := fresh(t, s, version), t.TempDir()
			own := put(t, server, "authentik_rbac.role", map[string]any{"name": "ak-managed-role--user-7"})
			readers := put(t, server, "authentik_rbac.role", map[string]any{"name": "readers"})
			for _, name := range []string{"one", "two", "three", "four"} {
				pk := put(t, server, "authentik_policies_expression.expressionpolicy", map[string]any{"name": name, "expression": "return True"})
				for who, verbs := range map[string][]any{own: {"view"}, readers: {"view", "change"}} {
					for _, verb := range verbs {
						if err := client(t, server).Act(t.Context(), http.MethodPost, "rbac/permissions/assigned_by_roles", who, "assign", map[string]any{
							"permissions": []any{"authentik_policies_expression." + verb.(string) + "_expressionpolicy"},
							"model":       "authentik_policies_expression.expressionpolicy", "object_pk": pk}); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			path := filepath.Join(dir, "policies.yaml")
			if err := os.WriteFile(path, []byte(permittedYAML), 0o600); err != nil {
				t.Fatal(err)
			}
			update := bring(t, s, server, dir)
			change := "    - permission: authentik_policies_expression.change_expressionpolicy\n      role: !Find [authentik_rbac.role, [name, readers]]\n"
			both := "  permissions:\n" + change + strings.ReplaceAll(change, "change", "view")
			want := strings.NewReplacer(
				"    name: one # the first\n", "    name: one # the first\n"+both,
				"  attrs: {expression: return True}\n- {", strings.ReplaceAll(change[2:], "\n  ", "\n")+"  attrs: {expression: return True}\n- {",
				"{name: four}", "{name: four}\n"+both).Replace(permittedYAML)
			got, err := os.ReadFile(path)
			if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if update.Changed != 3 || len(update.ByHand) != 1 || !strings.Contains(update.ByHand[0], `policies.yaml:16:3: the expression policy "three": permissions: `) {
				t.Errorf("%d are changed, left are %q", update.Changed, update.ByHand)
			}
			if again := bring(t, s, server, dir); again.Changed != 0 || len(again.ByHand) != 1 {
				t.Errorf("a second update changes %d, and leaves %q", again.Changed, again.ByHand)
			}
			checkInSync(t, s, server, readFolder(t, s, dir), "")
		})
	}
}
