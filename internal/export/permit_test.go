package export_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
)

// What users are permitted is there where the version's API lets it be given; what
// roles are that authentik makes for itself is not, nor does it make anybody's of what
// authentik brings.
func TestPermissions(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		t.Run(version, func(t *testing.T) {
			server := fresh(t, s, version)
			own := put(t, server, "authentik_rbac.role", map[string]any{"name": "ak-managed-role--user-7"})
			readers := put(t, server, "authentik_rbac.role", map[string]any{"name": "readers"})
			ada := put(t, server, "authentik_core.user", map[string]any{"username": "ada", "name": "Ada"})
			flow := flowPK(t, server, "default-invalidation-flow")
			tool := put(t, server, "authentik_policies_expression.expressionpolicy", map[string]any{"name": "tool", "expression": "return True"})
			byUser := schema.Before(version, "2025.12")
			permit := func(path string, who any, model, object, codename string) {
				if err := client(t, server).Act(t.Context(), http.MethodPost, "rbac/permissions/"+path, schema.IDText(who), "assign",
					authentik.Object{"permissions": []any{codename}, "model": model, "object_pk": object}); err != nil {
					t.Fatal(err)
				}
			}
			permit("assigned_by_roles", own, flowModel, flow, "authentik_flows.view_flow")
			permit("assigned_by_roles", readers, "authentik_policies_expression.expressionpolicy", schema.IDText(tool), "authentik_policies_expression.view_expressionpolicy")
			if byUser {
				permit("assigned_by_users", ada, "authentik_policies_expression.expressionpolicy", schema.IDText(tool), "authentik_policies_expression.change_expressionpolicy")
			}
			folder, dir := exportAll(t, s, server, export.Options{}), t.TempDir()
			all := texts(folder)
			if text, is := all["flows/default-invalidation-flow.yaml"]; is {
				t.Errorf("what authentik permits by itself is there:\n%s", text)
			}
			want := "    permissions:\n      - permission: authentik_policies_expression.view_expressionpolicy\n        role: !Find [authentik_rbac.role, [name, readers]]\n"
			if byUser {
				want += "      - permission: authentik_policies_expression.change_expressionpolicy\n        user: !Find [authentik_core.user, [username, ada]]\n"
			}
			if text := all["policies/expression-policies.yaml"]; !strings.Contains(text, want+"    attrs:\n") {
				t.Errorf("want\n%sin\n%s", want, text)
			}
			if err := folder.Save(dir, false); err != nil {
				t.Fatal(err)
			}
			checkInSync(t, s, server, readFolder(t, s, dir), "")
		})
	}
}
