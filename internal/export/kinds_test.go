package export_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// key is a primary key, of which the number tells one from another.
func key(number int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", number) }

// office are objects of many kinds that refer to each other in every way that there
// is: by keys of all sorts, to bases, to what has no name, and in lists.
func office() map[string][]schema.Object {
	flow := func(number int, slug, designation string) schema.Object {
		return schema.Object{"pk": key(number), "policybindingmodel_ptr_id": key(number + 500), "slug": slug, "name": slug, "title": slug,
			"designation": designation, "background": "/static/dist/assets/images/flow_background.jpg"}
	}
	mapping := func(number int, name string) schema.Object {
		return schema.Object{"pk": key(number), "managed": nil, "name": name, "scope_name": name, "expression": "return {\n    \"" + name + "\": request.user.name,\n}"}
	}
	special := func(object schema.Object, model string) schema.Object {
		return schema.Object{"pk": object["pk"], "name": object["name"], "meta_model_name": model}
	}
	scope, secret := mapping(21, "desk"), mapping(22, "chair")
	secret["managed"] = "example.com/chair"
	oauth := schema.Object{"pk": int64(1), "name": "desks", "authorization_flow": key(2), "invalidation_flow": key(3), "property_mappings": []any{key(22), key(21)},
		"client_id": "desks-id", "client_secret": "hidden-secret", "signing_key": key(31), "access_token_validity": "minutes=5",
		"redirect_uris": []any{map[string]any{"matching_mode": "strict", "url": "https://desks.example.com/"}, map[string]any{"matching_mode": "regex", "url": "https://.*"}}}
	proxy := schema.Object{"pk": int64(2), "name": "chairs", "authorization_flow": key(2), "invalidation_flow": key(3), "external_host": "https://chairs.example.com"}
	stage := schema.Object{"pk": key(11), "name": "office-login"}
	policy := schema.Object{"pk": key(41), "name": "by-day", "expression": "return True\n# always"}
	binding := func(number int, fields schema.Object) schema.Object {
		fields["pk"], fields["enabled"], fields["negate"], fields["timeout"], fields["failure_result"] = key(number), true, false, int64(30), false
		for _, name := range []string{"policy", "group", "user"} {
			if _, given := fields[name]; !given {
				fields[name] = nil
			}
		}
		return fields
	}
	return map[string][]schema.Object{
		flowModel: {flow(1, "office-sign-in", "authentication"), flow(2, "office-consent", "authorization"), flow(3, "office-sign-out", "invalidation")},
		"authentik_stages_user_login.userloginstage": {stage},
		"authentik_flows.stage":                      {special(stage, "authentik_stages_user_login.userloginstage")},
		"authentik_flows.flowstagebinding": {
			{"pk": key(51), "policybindingmodel_ptr_id": key(551), "target": key(1), "stage": key(11), "order": int64(10), "re_evaluate_policies": true},
			{"pk": key(52), "policybindingmodel_ptr_id": key(552), "target": key(1), "stage": key(11), "order": int64(20), "re_evaluate_policies": false},
		},
		"authentik_providers_oauth2.scopemapping":   {scope, secret},
		"authentik_core.propertymapping":            {special(scope, "authentik_providers_oauth2.scopemapping"), special(secret, "authentik_providers_oauth2.scopemapping")},
		"authentik_providers_oauth2.oauth2provider": {oauth, {"pk": int64(2), "name": "chairs", "authorization_flow": key(2), "invalidation_flow": key(3), "redirect_uris": []any{}}},
		"authentik_providers_proxy.proxyprovider":   {proxy},
		"authentik_core.provider":                   {special(oauth, "authentik_providers_oauth2.oauth2provider"), special(proxy, "authentik_providers_proxy.proxyprovider")},
		"authentik_core.application": {
			{"pk": key(61), "slug": "desks", "name": "Desks", "provider": int64(1), "meta_icon": "https://example.com/desk.png", "group": ""},
			{"pk": key(62), "slug": "chairs", "name": "Chairs", "provider": int64(2), "meta_icon": nil, "meta_launch_url": "https://chairs.example.com"},
		},
		"authentik_crypto.certificatekeypair":            {{"pk": key(31), "name": "office"}},
		"authentik_policies_expression.expressionpolicy": {policy},
		"authentik_policies.policy":                      {special(policy, "authentik_policies_expression.expressionpolicy")},
		"authentik_core.group":                           {{"pk": key(71), "name": "tenants", "users": []any{int64(7), int64(5)}, "attributes": map[string]any{"floor": int64(3), "notes": []any{"a", nil}}, "is_superuser": false}},
		"authentik_core.user": {
			{"pk": int64(5), "username": "ada", "name": "Ada", "groups": []any{}, "email": "ada@example.com"},
			{"pk": int64(7), "username": "bob", "name": "Bob", "groups": []any{}},
		},
		"authentik_policies.policybinding": {
			binding(81, schema.Object{"target": key(61), "group": key(71), "order": int64(0)}),
			binding(82, schema.Object{"target": key(61), "user": int64(7), "order": int64(1)}),
			binding(83, schema.Object{"target": key(52), "policy": key(41), "order": int64(0)}),
			binding(84, schema.Object{"target": key(1), "group": key(71), "order": int64(5)}),
			binding(85, schema.Object{"target": key(1), "group": key(71), "order": int64(5)}),
		},
		"authentik_core.token": {
			{"pk": key(91), "identifier": "desk-token", "user": int64(5), "intent": "api", "expires": "2026-01-31T12:00:00Z", "expiring": true},
			{"pk": key(92), "identifier": "app-token", "user": int64(5), "intent": "app_password", "expires": "2026-01-31T12:00:00.250000Z", "expiring": true},
		},
		"authentik_stages_invitation.invitation": {
			{"pk": key(93), "name": "party", "expires": "2026-01-31T12:00:00Z", "fixed_data": map[string]any{}},
			{"pk": key(94), "name": "party", "expires": "2026-02-28T12:00:00Z", "fixed_data": map[string]any{}},
		},
		"authentik_brands.brand": {{"brand_uuid": key(95), "domain": "office.example.com", "default": false, "flow_authentication": key(1), "attributes": map[string]any{}}},
	}
}

// TestKinds wants objects of all sorts as people would declare them, and a plan of
// them to have no changes.
func TestKinds(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	folder := t.TempDir()
	for name, o := range map[string]export.Options{
		"kinds.yaml": {Server: "2025.10.4"},
		"kinds.cue":  {Server: "2025.10.4", Format: export.CUE},
		"":           {Full: true},
	} {
		t.Run(name, func(t *testing.T) {
			text := write(t, s, office(), o)
			if strings.Contains(text, "hidden") {
				t.Errorf("a secret is shown:\n%s", text)
			}
			if name != "" {
				golden(t, filepath.Join("testdata", name), text)
			}
			format := "yaml"
			if o.Format != "" {
				format = o.Format
			}
			checkNoChangesTo(t, s, "2025.10.4", office(), read(t, s, folder, format, text), text)
		})
	}
}

// TestBasesAlone wants references to what only a base lists, as where one model is
// exported, and those to what is of several kinds.
func TestBasesAlone(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	o := export.Options{Models: []string{"authentik_core.application", "authentik_policies.policybinding"}}
	needs, err := export.Needs(s, o)
	if err != nil {
		t.Fatal(err)
	}
	all, listed := office(), map[string][]schema.Object{}
	for _, model := range needs {
		listed[model] = all[model]
	}
	if _, is := listed["authentik_providers_oauth2.oauth2provider"]; is {
		t.Error("all providers are listed to name one")
	}
	text := write(t, s, listed, o)
	for _, want := range []string{
		"provider: !Find [authentik_providers_oauth2.oauth2provider, [name, desks]]",
		"provider: !Find [authentik_providers_proxy.proxyprovider, [name, chairs]]",
		"policy: !Find [authentik_policies_expression.expressionpolicy, [name, by-day]]",
		"target: !Find [authentik_flows.flowstagebinding, [target, !Find [authentik_flows.flow, [slug, office-sign-in]]], [stage, !Find [authentik_stages_user_login.userloginstage, [name, office-login]]], [order, 20]]",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %s in\n%s", want, text)
		}
	}
}

// TestNamesOfBindings wants objects without a name to be found by what people call
// them.
func TestNamesOfBindings(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	text := write(t, s, office(), export.Options{Names: []string{"office-sign-in → office-login, order 2?"}})
	if strings.Count(text, "- model:") != 1 || !strings.Contains(text, "order: 20") {
		t.Errorf("got\n%s", text)
	}
	err := export.Write(&bytes.Buffer{}, s, "1.2.3", office(), export.Options{Names: []string{"office-sign-in → office-login, order 200"}})
	if want := `did you mean "office-sign-in → office-login, order 20"?`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func checkNoChangesTo(t rapid.TB, s *schema.Schema, version string, objects map[string][]schema.Object, desired sync.Desired, text string) {
	t.Helper()
	listings := map[string]sync.Listing{}
	for _, kind := range s.Kinds() {
		listings[kind.Model] = sync.Listing{Objects: objects[kind.Model]}
	}
	plan := sync.MakePlan(s, desired, sync.Live{Version: version, Kinds: listings})
	for _, change := range plan.Changes {
		if change.Action != sync.NoOp {
			t.Errorf("%s %s %q %v", change.Action, change.Model, change.Name, change.Fields)
		}
	}
	if len(plan.Problems) > 0 || len(plan.Needs) > 0 {
		t.Errorf("the plan has the problems %v and needs %v", plan.Problems, plan.Needs)
	}
	if t.Failed() {
		t.Log(text)
	}
}
