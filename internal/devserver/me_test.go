package devserver_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
)

// Who asks is told all groups and roles that his rights come from, those above his own
// too, by name.
func TestMe(t *testing.T) {
	const top, low, role = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"
	for version, above := range map[string]map[string]any{
		"2025.10.4": {"parent": top},
		"2026.2.2":  {"parents": []any{top}},
	} {
		server := newServer(t, devserver.Config{Version: version})
		above["name"] = "low"
		for _, one := range []struct {
			model, pk string
			fields    map[string]any
		}{
			{"authentik_rbac.role", role, map[string]any{"name": "r"}},
			{"authentik_core.group", top, map[string]any{"name": "above", "is_superuser": true, "roles": []any{role}}},
			{"authentik_core.group", low, above},
			{"authentik_core.user", "7", map[string]any{"username": "akadmin", "name": "akadmin", "groups": []any{low}}},
		} {
			if _, err := server.Put(one.model, one.pk, one.fields); err != nil {
				t.Fatal(err)
			}
		}
		var me struct {
			User struct {
				PK            int
				Superuser     bool `json:"is_superuser"`
				Groups, Roles []struct{ Name string }
			}
		}
		if err := json.Unmarshal([]byte(call(t, server, "GET", "core/users/me/", "").body), &me); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"2025.10.4": "7 true [{above} {low}] []", "2026.2.2": "7 true [{above} {low}] [{r}]"}[version]
		if diff := cmp.Diff(want, fmt.Sprint(me.User.PK, me.User.Superuser, me.User.Groups, me.User.Roles)); diff != "" {
			t.Errorf("%s: who asks (-want +got):\n%s", version, diff)
		}
	}
}
