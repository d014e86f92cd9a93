package schema_test

import (
	"testing"

	"github.com/aksync/aksync/schema"
)

// Permissions by which somebody can get further rights are known with the reason, in
// the versions in which they let him.
func TestPower(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const (
		anybody = "put anybody into any group, of superusers too"
		code    = "run code in authentik, with all rights"
	)
	for _, tt := range []struct{ version, permission, want string }{
		{"2025.10.4", "authentik_core.impersonate", "act as any other user"},
		{"2025.10.4", "authentik_core.change_user", anybody},
		{"2025.10.4", "authentik_core.add_user", anybody},
		{"2025.10.4", "authentik_core.view_user", ""},
		{"2025.10.4", "authentik_core.delete_user", ""},
		{"2025.10.4", "authentik_core.add_group", anybody},
		{"2025.10.4", "authentik_policies_expression.change_expressionpolicy", code},
		{"2025.10.4", "authentik_providers_saml.add_samlpropertymapping", code},
		{"2025.10.4", "authentik_stages_prompt.change_prompt", code},
		{"2025.10.4", "authentik_blueprints.add_blueprintinstance", "have authentik apply blueprints of their own, with all rights"},
		{"2025.10.4", "authentik_core.add_application", ""},
		{"2025.10.4", "authentik_core.assign_user_permissions", "give themselves any right, if they may add users"},
		{"2025.12.4", "authentik_core.assign_user_permissions", ""},
		{"2025.10.4", "authentik_rbac.change_role", ""},
		{"2025.12.4", "authentik_rbac.change_role", "give anybody any role"},
		{"2025.12.4", "authentik_core.view_token_key", ""},
		{"2026.2.2", "authentik_core.view_token_key", "read the key of anybody's token, and act as its user"},
		{"2025.10.4", "impersonate", ""},
		{"2025.10.4", "", ""},
		{"2025.10.4", "authentik_core.add_propertymapping", ""}, // no kind that can be made
	} {
		if got := s.At(tt.version).Power("auth.permission", tt.permission); got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.permission, tt.version, got, tt.want)
		}
	}
}
