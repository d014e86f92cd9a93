package devserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
)

const (
	providers    = "providers/oauth2/"
	applications = "core/applications/"
	bindings     = "policies/bindings/"
	groups       = "core/groups/"
)

// seededAs is a fresh server of some version.
func seededAs(t *testing.T, version string) *devserver.Server {
	t.Helper()
	server := newServer(t, devserver.Config{Version: version})
	if err := server.SeedDefaults(); err != nil {
		t.Fatal(err)
	}
	return server
}

// found gives a field of the first result of a list.
func found(t *testing.T, server *devserver.Server, path, field string) any {
	t.Helper()
	results, _ := call(t, server, http.MethodGet, path, "").object(t)["results"].([]any)
	if len(results) == 0 {
		t.Fatalf("there is nothing at %s", path)
	}
	return results[0].(map[string]any)[field]
}

// body writes an object as JSON.
func body(t *testing.T, fields map[string]any) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fieldsOf are some fields of an answer.
func (a answer) fieldsOf(t *testing.T, names ...string) map[string]any {
	t.Helper()
	all, picked := a.object(t), map[string]any{}
	for _, name := range names {
		picked[name] = all[name]
	}
	return picked
}

// oauth2 makes a provider and its application, from what a fresh server has.
func oauth2(t *testing.T, server *devserver.Server) (provider any) {
	t.Helper()
	made := call(t, server, http.MethodPost, providers, body(t, map[string]any{
		"name":               "grafana",
		"authorization_flow": found(t, server, "flows/instances/?slug=default-provider-authorization-implicit-consent", "pk"),
		"invalidation_flow":  found(t, server, "flows/instances/?slug=default-provider-invalidation-flow", "pk"),
		"signing_key":        found(t, server, "crypto/certificatekeypairs/?name=authentik+Self-signed+Certificate", "pk"),
		"property_mappings":  []any{found(t, server, "propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-openid", "pk")},
		"redirect_uris":      []any{map[string]any{"matching_mode": "strict", "url": "https://grafana.example.com/login/generic_oauth"}},
	}))
	if made.status != http.StatusCreated {
		t.Fatalf("the provider: %d %s", made.status, made.body)
	}
	provider = made.object(t)["pk"]
	app := call(t, server, http.MethodPost, applications, body(t, map[string]any{"name": "Grafana", "slug": "grafana", "provider": provider}))
	if app.status != http.StatusCreated {
		t.Fatalf("the application: %d %s", app.status, app.body)
	}
	return provider
}

// An application with its provider, bound to a group of a fresh server, is what a
// newcomer's blueprint makes.
func TestApplicationOnFreshServer(t *testing.T) {
	server := seeded(t)
	provider := oauth2(t, server)
	shown := call(t, server, http.MethodGet, fmt.Sprintf("%s%v/", providers, provider), "")
	want := map[string]any{"assigned_application_slug": "grafana", "assigned_application_name": "Grafana", "component": "ak-provider-oauth2-form"}
	if diff := cmp.Diff(want, shown.fieldsOf(t, "assigned_application_slug", "assigned_application_name", "component")); diff != "" {
		t.Errorf("the provider (-want +got):\n%s", diff)
	}
	app := call(t, server, http.MethodGet, applications+"grafana/", "")
	if obj, _ := app.object(t)["provider_obj"].(map[string]any); obj["name"] != "grafana" {
		t.Errorf("the application shows the provider as %v", obj)
	}
	binding := call(t, server, http.MethodPost, bindings, body(t, map[string]any{
		"target": app.object(t)["pk"], "group": found(t, server, groups+"?name=authentik+Admins", "pk"), "order": 0,
	}))
	if binding.status != http.StatusCreated {
		t.Fatalf("the binding: %d %s", binding.status, binding.body)
	}
	// A provider's application stays when the provider goes; a binding goes with its
	// target.
	if gone := call(t, server, http.MethodDelete, fmt.Sprintf("%s%v/", providers, provider), ""); gone.status != http.StatusNoContent {
		t.Errorf("deleting the provider: %d %s", gone.status, gone.body)
	}
	if app := call(t, server, http.MethodGet, applications+"grafana/", ""); app.object(t)["provider"] != nil {
		t.Errorf("the application has the provider %v, which is deleted", app.object(t)["provider"])
	}
	call(t, server, http.MethodDelete, applications+"grafana/", "")
	if still := call(t, server, http.MethodGet, bindings+binding.object(t)["pk"].(string)+"/", ""); still.status != http.StatusNotFound {
		t.Errorf("the binding of what is deleted: %d %s", still.status, still.body)
	}
}

// What a flow is needed for goes with the flow, and what can do without stays.
func TestDeletedFlowTakesMuchAlong(t *testing.T) {
	server := seeded(t)
	provider := oauth2(t, server)
	used := call(t, server, http.MethodGet, "flows/instances/default-provider-authorization-implicit-consent/used_by/", "")
	if !strings.Contains(used.body, `grafana`) {
		t.Errorf("the flow is used by %s", used.body)
	}
	before := len(server.All("authentik_flows.flowstagebinding"))
	for _, slug := range []string{"default-provider-authorization-implicit-consent", "default-authentication-flow"} {
		if gone := call(t, server, http.MethodDelete, "flows/instances/"+slug+"/", ""); gone.status != http.StatusNoContent {
			t.Fatalf("deleting the flow %s: %d %s", slug, gone.status, gone.body)
		}
	}
	if still := call(t, server, http.MethodGet, fmt.Sprintf("%s%v/", providers, provider), ""); still.status != http.StatusNotFound {
		t.Errorf("the provider: %d %s", still.status, still.body)
	}
	if brand := found(t, server, "core/brands/", "flow_authentication"); brand != nil {
		t.Errorf("the brand has the flow %v, which is deleted", brand)
	}
	if after := len(server.All("authentik_flows.flowstagebinding")); after >= before {
		t.Errorf("there are %d bindings of stages, and were %d", after, before)
	}
}

// Since 2025.12 a page has no more than 100 objects, and 20 if nothing is asked for.
func TestPagesAreBounded(t *testing.T) {
	for _, tt := range []struct {
		version, query string
		want           int
	}{
		{"2025.10.4", "", 100},
		{"2025.10.4", "?page_size=1000", 150},
		{"2025.12.4", "", 20},
		{"2025.12.4", "?page_size=1000", 100},
		{"2025.10.4", "?page_size=abc", 100},
		{"2026.2.2", "?page_size=abc", 20},
	} {
		server := newServer(t, devserver.Config{Version: tt.version})
		for i := range 150 {
			if _, err := server.Put("authentik_core.group", "", map[string]any{"name": fmt.Sprintf("group %d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		results, _ := call(t, server, http.MethodGet, groups+tt.query, "").object(t)["results"].([]any)
		if len(results) != tt.want {
			t.Errorf("%s%s in %s: %d objects, want %d", groups, tt.query, tt.version, len(results), tt.want)
		}
	}
}

// What servers of one version refuse, those of another take.
func TestRefusalsOfVersions(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, body string
		status                   map[string]int
	}{
		{"a slug of the server's own", "POST", applications, `{"name": "a", "slug": "token"}`, map[string]int{"2024.12.5": 201, "2025.10.4": 400}},
		{"the built-in source", "DELETE", "sources/all/authentik-built-in/", "", map[string]int{"2024.12.5": 204, "2025.10.4": 400}},
		{"a mapping that is none", "POST", "core/brands/", `{"domain": "a", "attributes": []}`, map[string]int{"2024.12.5": 201, "2025.10.4": 400}},
		{"what needs a licence", "POST", "providers/rac/", `{"name": "a", "authorization_flow": "%s"}`, map[string]int{"2024.12.5": 400, "2025.10.4": 201}},
		{"minutes", "POST", "stages/email/", `{"name": "a", "token_expiry": 45}`, map[string]int{"2024.12.5": 201, "2025.10.4": 400}},
		{"a duration", "POST", "stages/email/", `{"name": "a", "token_expiry": "minutes=45"}`, map[string]int{"2024.12.5": 400, "2025.10.4": 201}},
		{"an empty duration", "POST", "stages/email/", `{"name": "a", "token_expiry": ""}`, map[string]int{"2024.12.5": 400, "2026.2.2": 400}},
		{"a name that is null", "POST", "stages/authenticator/static/", `{"name": "a", "friendly_name": null}`, map[string]int{"2024.12.5": 201, "2025.10.4": 400}},
		{"a long token", "POST", "stages/authenticator/static/", `{"name": "a", "token_length": 200}`, map[string]int{"2025.10.4": 201, "2025.12.4": 400}},
		{"no token", "POST", "providers/scim/", `{"name": "a", "url": "https://a.example.com"}`, map[string]int{"2024.12.5": 400, "2025.10.4": 201}},
		{"an absolute path", "PATCH", "flows/instances/default-authentication-flow/", `{"background": "/a.png"}`, map[string]int{"2025.10.4": 200, "2025.12.4": 400}},
		{"a path to above", "PATCH", "flows/instances/default-authentication-flow/", `{"background": "a/../b.png"}`, map[string]int{"2025.10.4": 200, "2025.12.4": 400}},
		{"a path of its own", "PATCH", "flows/instances/default-authentication-flow/", `{"background": "/static/dist/a.png"}`, map[string]int{"2025.10.4": 200, "2025.12.4": 200}},
		{"permissions of users", "GET", "rbac/permissions/assigned_by_users/?model=authentik_core.user", "", map[string]int{"2025.10.4": 200, "2025.12.4": 404}},
		{"a request for a picture", "POST", "flows/instances/default-authentication-flow/set_background_url/", `{"url": "https://a.example.com/a.png"}`, map[string]int{"2025.10.4": 200, "2025.12.4": 405}},
	} {
		for version, want := range tt.status {
			server := seededAs(t, version)
			text := tt.body
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, found(t, server, "flows/instances/", "pk"))
			}
			if got := call(t, server, tt.method, tt.path, text); got.status != want {
				t.Errorf("%s in %s: %d %s, want %d", tt.name, version, got.status, got.body, want)
			}
		}
	}
}

// A role belongs to one group before 2025.12; what else is asked for is done all
// the same.
func TestRoleOfOneGroup(t *testing.T) {
	for version, status := range map[string]int{"2025.10.4": http.StatusBadRequest, "2025.12.4": http.StatusCreated} {
		server := seededAs(t, version)
		role := made(t, server, "rbac/roles/", `{"name": "readers"}`)
		made(t, server, groups, `{"name": "one", "roles": ["`+role+`"]}`)
		got := call(t, server, http.MethodPost, groups, `{"name": "other", "roles": ["`+role+`"]}`)
		if got.status != status {
			t.Errorf("a second group of the role in %s: %d %s", version, got.status, got.body)
		}
		roles, _ := found(t, server, groups+"?name=other", "roles").([]any)
		if has := len(roles) == 1; has != (status == http.StatusCreated) {
			t.Errorf("the second group in %s has the roles %v", version, roles)
		}
	}
}

// Who has a permission is listed by the model that it is for, and by the object.
func TestHoldersOfPermissions(t *testing.T) {
	for version, want := range map[string][2]int{"2025.10.4": {2, 1}, "2026.2.2": {1, 2}} {
		server := seededAs(t, version)
		server.Remove("authentik_rbac.role", found(t, server, "rbac/roles/?name=authentik+Read-only", "pk").(string))
		flow, _ := found(t, server, "flows/instances/", "pk").(string)
		for _, given := range []string{`{"permissions": ["authentik_flows.view_flow"]}`, `{"permissions": ["authentik_flows.view_flow"], "model": "authentik_flows.flow", "object_pk": "` + flow + `"}`} {
			role := made(t, server, "rbac/roles/", `{"name": `+fmt.Sprintf("%q", given)+`}`)
			if got := call(t, server, http.MethodPost, "rbac/permissions/assigned_by_roles/"+role+"/assign/", given); got.status != http.StatusOK {
				t.Fatalf("giving %s in %s: %d %s", given, version, got.status, got.body)
			}
		}
		for i, query := range []string{"", "&object_pk=" + flow} {
			list := call(t, server, http.MethodGet, "rbac/permissions/assigned_by_roles/?model=authentik_flows.flow"+query, "")
			if results, _ := list.object(t)["results"].([]any); len(results) != want[i] {
				t.Errorf("%q in %s lists %d roles, want %d: %s", query, version, len(results), want[i], list.body)
			}
		}
	}
}

// A role's permissions go when the role is written, before 2025.12.
func TestPermissionsAreWiped(t *testing.T) {
	for version, want := range map[string]int{"2025.10.4": 0, "2025.12.4": 1} {
		server := seededAs(t, version)
		role := made(t, server, "rbac/roles/", `{"name": "readers"}`)
		call(t, server, http.MethodPost, "rbac/permissions/assigned_by_roles/"+role+"/assign/", `{"permissions": ["authentik_rbac.access_admin_interface"]}`)
		call(t, server, http.MethodPatch, "rbac/roles/"+role+"/", `{"name": "readers of all"}`)
		list := call(t, server, http.MethodGet, "rbac/permissions/?role="+role, "")
		if results, _ := list.object(t)["results"].([]any); len(results) != want {
			t.Errorf("%s keeps %d permissions, want %d", version, len(results), want)
		}
	}
}

// Pages of applications are kept until one is made, and show what an earlier request
// asked for; who has the right asks for the full list.
func TestApplicationsAreKept(t *testing.T) {
	server := seeded(t)
	made(t, server, applications, `{"name": "a", "slug": "a"}`)
	made(t, server, applications, `{"name": "b", "slug": "b"}`)
	slugs := func(query string) string {
		results, _ := call(t, server, http.MethodGet, applications+query, "").object(t)["results"].([]any)
		var all []string
		for _, result := range results {
			all = append(all, fmt.Sprint(result.(map[string]any)["slug"]))
		}
		return strings.Join(all, " ")
	}
	for _, step := range []struct{ query, want string }{
		{"?slug=b", "b"},
		{"?slug=a", "b"},
		{"", "b"},
		{"?search=a", "a"},
		{"?superuser_full_list=true", "a b"},
		{"?superuser_full_list=true&slug=a", "a"},
	} {
		if got := slugs(step.query); got != step.want {
			t.Errorf("%q lists %q, want %q", step.query, got, step.want)
		}
	}
	made(t, server, applications, `{"name": "c", "slug": "c"}`)
	if got := slugs(""); got != "a b c" {
		t.Errorf("after another one is made the list is %q", got)
	}
}
