package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
)

// What a request takes follows from the model, but where the schema says otherwise.
func TestRights(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	kind := func(version, model string) *schema.Kind { return s.At(version).Kind(model) }
	field := func(version, model, name string) (*schema.Kind, *schema.Field) {
		k := kind(version, model)
		return k, k.Fields.Field(name)
	}
	const (
		flow, token, group, user, role = "authentik_flows.flow", "authentik_core.token", "authentik_core.group", "authentik_core.user", "authentik_rbac.role"
		plex, policy                   = "authentik_sources_plex.plexsource", "authentik_policies_dummy.dummypolicy"
	)
	for _, tt := range []struct {
		name   string
		rights func() []schema.Right
		want   []string
	}{
		{"usual", func() []schema.Right { return kind("2025.10", flow).Rights(schema.ToChange) }, []string{"authentik_flows.change_flow"}},
		{"open to everybody", func() []schema.Right { return kind("2025.10", "auth.permission").Rights(schema.ToView) }, nil},
		{"one's own", func() []schema.Right { return kind("2025.12", token).Rights(schema.ToView) }, nil},
		{"those of others", func() []schema.Right { return kind("2026.2", token).Rights(schema.ToView) }, []string{"authentik_core.view_token"}},
		{"made for oneself", func() []schema.Right { return kind("2026.2", token).Rights(schema.ToAdd) }, nil},
		{"a value", func() []schema.Right {
			k, f := field("2025.10", group, "is_superuser")
			return f.RightsTo(k, true)
		}, []string{"authentik_core.enable_group_superuser"}},
		{"another value", func() []schema.Right {
			k, f := field("2025.10", group, "is_superuser")
			return f.RightsTo(k, false)
		}, []string{"authentik_core.disable_group_superuser"}},
		{"a value that needed nothing then", func() []schema.Right {
			k, f := field("2024.12", group, "is_superuser")
			return f.RightsTo(k, true)
		}, nil},
		{"a request of its own", func() []schema.Right {
			k, f := field("2025.10", user, "password")
			return f.RightsToSet(k)
		}, []string{"authentik_core.reset_user_password", "authentik_core.add_user"}},
		{"a request for what is one's own", func() []schema.Right {
			k, f := field("2025.10", token, "key")
			return f.RightsToSet(k)
		}, []string{"authentik_core.set_token_key"}},
		{"before there was a permission for it", func() []schema.Right {
			k, f := field("2025.4", token, "key")
			return f.RightsToSet(k)
		}, nil},
		{"a request by the path of a base", func() []schema.Right {
			k, f := field("2025.10", plex, "icon")
			return f.RightsToSet(k)
		}, []string{"authentik_core.change_source", "authentik_core.add_source"}},
		{"grants", func() []schema.Right {
			k, f := field("2025.12", role, "permissions")
			return f.RightsToSet(k)
		}, []string{"authentik_rbac.assign_role_permissions", "authentik_rbac.add_role"}},
		{"grants that are taken away", func() []schema.Right {
			k, f := field("2025.10", role, "permissions")
			return f.RightsToTake(k)
		}, []string{"authentik_rbac.unassign_role_permissions", "authentik_rbac.change_role"}},
		{"users by bases, by bindings, by themselves", func() []schema.Right { return s.At("2025.10").RightsToSeeUsers(kind("2025.10", policy)) },
			[]string{"authentik_policies.view_policybindingmodel", "authentik_stages_prompt.view_promptstage"}},
		{"users of which authentik tells nobody", func() []schema.Right { return s.At("2025.10").RightsToSeeUsers(kind("2025.10", plex)) },
			[]string{"authentik_stages_identification.view_identificationstage", "authentik_stages_source.view_sourcestage"}},
		{"users of which authentik fails to tell", func() []schema.Right {
			return s.At("2025.12").RightsToSeeUsers(kind("2025.12", "authentik_sources_scim.scimsource"))
		}, []string{
			"authentik_sources_scim.view_scimsourcegroup", "authentik_sources_scim.view_scimsourceuser",
			"authentik_stages_identification.view_identificationstage", "authentik_stages_source.view_sourcestage",
		}},
		{"what is bound to an object does not use it", func() []schema.Right {
			return s.At("2025.10").RightsToSeeUsers(kind("2025.10", "authentik_core.application"))
		}, []string{"authentik_brands.view_brand"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, right := range tt.rights() {
				got = append(got, right.Permission)
				if right.Why == "" {
					t.Errorf("nothing says what %s is for", right.Permission)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Whatever the schema says that is needed is a permission of a model that it knows.
func TestNeedsArePermissions(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	check := func(where string, needs []schema.Need) {
		for _, need := range needs {
			count++
			app, codename, _ := strings.Cut(need.Permission, ".")
			if !slices.ContainsFunc(s.Models(), func(model string) bool {
				of, name, _ := strings.Cut(model, ".")
				return of == app && strings.Contains(codename, name)
			}) {
				t.Errorf("%s: %s is no permission of a model", where, need.Permission)
			}
		}
	}
	for _, kind := range s.Managed() {
		for _, field := range kind.Fields.Fields {
			where := kind.Model + "." + field.Name
			check(where, field.Needs)
			if field.Via != nil {
				check(where, field.Via.Needs)
				check(where, field.Via.TakeNeeds)
				if of := field.Via.Of; of != "" && !kind.Is(of) {
					t.Errorf("%s: it is set by a request for a %s, which its objects are not", where, of)
				}
			}
			if field.Seen != nil && *field.Seen != "" && s.Kind(*field.Seen) == nil {
				t.Errorf("%s: it is seen as %s, which no file describes", where, *field.Seen)
			}
		}
	}
	if count == 0 {
		t.Error("nothing needs anything")
	}
}

// The newest version is one that the schema has something of.
func TestNewest(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	if newest := s.Newest(); newest != "2026.2" {
		t.Errorf("it is %q", newest)
	}
}
