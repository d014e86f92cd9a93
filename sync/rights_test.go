package sync_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func TestRightsFor(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const (
		group, role, flow = "authentik_core.group", "authentik_rbac.role", "authentik_flows.flow"
		app               = "{model: authentik_core.application, identifiers: {slug: a}, attrs: {name: A}"
	)
	prune := func(text string) sync.Guards {
		glob, err := sync.ParseGlob(text)
		if err != nil {
			t.Fatal(err)
		}
		return sync.Guards{Prune: []sync.Glob{glob}, AllowInUse: true}
	}
	for _, tt := range []struct {
		name, version, text string
		guards              sync.Guards
		want                string
	}{
		{name: "present", text: app + "}", want: "core.add_application core.change_application core.view_application"},
		{name: "created is not changed", text: app + ", state: created}", want: "core.add_application core.view_application"},
		{name: "must_created is not changed", text: app + ", state: must_created}", want: "core.add_application core.view_application"},
		{name: "absent", text: app + ", state: absent}", want: "brands.view_brand core.delete_application core.view_application"},
		{name: "absent, and used for all one cares", text: app + ", state: absent}", guards: sync.Guards{AllowInUse: true},
			want: "core.delete_application core.view_application"},
		{name: "a state that only the server tells", text: app + ", state: !If [!Find [authentik_core.group, [name, g]], created, present]}",
			guards: sync.Guards{AllowInUse: true},
			want:   "core.add_application core.change_application core.delete_application core.view_application core.view_group"},
		{name: "what is found by all that is declared can't differ", text: "{model: " + group + ", identifiers: {name: g}, attrs: {name: g}}",
			want: "core.add_group core.view_group"},
		{name: "references by a kind and by a base", text: "{model: authentik_core.application, identifiers: {slug: a}, attrs: {name: A, " +
			"provider: !Find [authentik_core.provider, [name, p]]}}\n- {model: authentik_brands.brand, identifiers: {domain: d}, attrs: {flow_authentication: !Find [" + flow + ", [slug, f]]}}",
			want: "brands.add_brand brands.change_brand brands.view_brand core.add_application core.change_application core.view_application core.view_provider flows.view_flow"},
		{name: "a key that is written there", text: "{model: authentik_brands.brand, identifiers: {domain: d}, attrs: {flow_authentication: " + pk1 + "}}",
			want: "brands.add_brand brands.change_brand brands.view_brand"},
		{name: "a key that may be the other one of a flow", text: "{model: authentik_policies.policybinding, state: created, identifiers: {target: " + pk1 + ", order: 0}, attrs: {group: " + pk2 + "}}",
			want: "flows.view_flow flows.view_flowstagebinding policies.add_policybinding policies.view_policybinding"},
		{name: "a condition", text: "{model: " + group + ", identifiers: {name: g}, conditions: [!Find [" + flow + ", [slug, f]]]}",
			want: "core.add_group core.view_group flows.view_flow"},
		{name: "a list that holds other kinds", text: "{model: authentik_providers_oauth2.oauth2provider, identifiers: {name: p}, state: absent}",
			guards: sync.Guards{AllowInUse: true},
			want:   "core.view_provider providers_oauth2.delete_oauth2provider providers_oauth2.view_oauth2provider"},
		{name: "a list that the server adds to", text: "{model: authentik_providers_proxy.proxyprovider, identifiers: {name: p}, " +
			"attrs: {property_mappings: [], external_host: 'https://a'}}",
			want: "core.view_propertymapping providers_proxy.add_proxyprovider providers_proxy.change_proxyprovider providers_proxy.view_proxyprovider"},
		{name: "requests of their own", text: "{model: authentik_core.user, identifiers: {username: u}, state: created, attrs: {name: U, password: secret-1}}",
			want: "core.add_user core.reset_user_password core.view_user"},
		{name: "an icon where it is a field like others", version: "2025.12", text: "{model: authentik_sources_plex.plexsource, identifiers: {slug: p}, attrs: {icon: a.png}}",
			want: "sources_plex.add_plexsource sources_plex.change_plexsource sources_plex.view_plexsource"},
		{name: "an icon before", text: "{model: authentik_sources_plex.plexsource, identifiers: {slug: p}, state: created, attrs: {icon: a.png}}",
			want: "core.add_source core.change_source sources_plex.add_plexsource sources_plex.view_plexsource"},
		{name: "a superuser's group", text: "{model: " + group + ", identifiers: {name: g}, attrs: {is_superuser: true}}",
			want: "core.add_group core.change_group core.enable_group_superuser core.view_group"},
		{name: "a group that is no superuser's any more", text: "{model: " + group + ", identifiers: {name: g}, attrs: {is_superuser: false}}",
			want: "core.add_group core.change_group core.disable_group_superuser core.view_group"},
		{name: "a group that never was one", text: "{model: " + group + ", identifiers: {name: g}, state: created, attrs: {is_superuser: false}}",
			want: "core.add_group core.view_group"},
		{name: "grants", text: "{model: " + role + ", identifiers: {name: r}, attrs: {permissions: [authentik_core.view_user]}}",
			want: "core.view_group rbac.add_role rbac.assign_role_permissions rbac.change_role rbac.unassign_role_permissions rbac.view_role"},
		{name: "grants that are only added", version: "2025.12", text: "{model: " + role + ", identifiers: {name: r}, attrs: {permissions: [authentik_core.view_user]}}",
			want: "rbac.add_role rbac.assign_role_permissions rbac.view_role"},
		{name: "grants that a change empties", text: "{model: authentik_core.user, identifiers: {username: u}, attrs: {name: U}}",
			want: "core.add_user core.assign_user_permissions core.change_user core.view_user"},
		{name: "grants that a change leaves", version: "2025.12", text: "{model: authentik_core.user, identifiers: {username: u}, attrs: {name: U}}",
			want: "core.add_user core.change_user core.view_user"},
		{name: "grants for an object", version: "2025.12", text: "{model: " + group + ", identifiers: {name: g}, permissions: [{permission: view_group, role: " + pk1 + "}]}",
			want: "core.add_group core.view_group rbac.add_role rbac.assign_role_permissions rbac.view_role"},
		{name: "pruned", text: app + "}\n- {model: " + group + ", identifiers: {name: g}}", guards: prune("old-*"),
			want: "core.add_application core.add_group core.change_application core.delete_application core.delete_group core.view_application core.view_group"},
		{name: "pruned of one model", text: app + "}\n- {model: " + group + ", identifiers: {name: g}}", guards: prune(group + ":old-*"),
			want: "core.add_application core.add_group core.change_application core.delete_group core.view_application core.view_group"},
		{name: "one's own", text: "{model: authentik_core.token, identifiers: {identifier: t}, attrs: {intent: api, key: very-secret}}",
			want: "core.set_token_key note: a.yaml:3:3: entries[0]: only a superuser makes tokens for others, and before authentik 2026.2 nobody else sees them"},
		{name: "a kind that the version has not got", text: "{model: authentik_lifecycle.lifecyclerule, identifiers: {name: l}}",
			want: "problem: a.yaml:3:3: entries[0].model: authentik_lifecycle.lifecyclerule needs authentik 2026.2: this one is 2025.10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			version := tt.version
			if version == "" {
				version = "2025.10"
			}
			desired := read(t, s, map[string]string{"a.yaml": "version: 1\nentries:\n- " + tt.text + "\n"})
			rights := sync.RightsFor(s, version, desired, tt.guards)
			var got []string
			for _, needed := range rights.Needed {
				got = append(got, strings.TrimPrefix(needed.Permission, "authentik_"))
			}
			for _, note := range rights.Notes {
				got = append(got, "note: "+note.Error())
			}
			for _, problem := range rights.Problems {
				got = append(got, "problem: "+problem.Error())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !slices.IsSortedFunc(rights.Needed, func(a, b sync.Needed) int { return strings.Compare(a.Permission, b.Permission) }) {
				t.Error("they are not in order")
			}
		})
	}
}
