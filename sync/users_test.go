package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// recordedUse is an API that says of each object what a real server said.
type recordedUse struct {
	sync.API
	objects []schema.Object
}

func (u *recordedUse) UsedBy(context.Context, string, string) ([]schema.Object, error) {
	return u.objects, nil
}

// What the server lists of an object that uses nothing of it does not keep it: the
// schedules that the server made for it, the rights that a user has, the sources
// that it is connected with (real server, 2025.10). Who is connected with a source
// does.
func TestWhatIsNoUser(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	const (
		source = "- {model: authentik_sources_ldap.ldapsource, identifiers: {slug: l}, STATE, attrs: {name: L, server_uri: 'ldap://l', base_dn: 'dc=l', sync_users: false, sync_groups: false}}\n"
		user   = "- {model: authentik_core.user, identifiers: {username: u}, STATE, attrs: {name: U}}\n"
		stays  = ", and would be missing there: take it out first, or allow it with --allow-in-use"
	)
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprintf(`{"app": "authentik_core", "model_name": "user", "pk": "%d", "name": "u%d", "action": "cascade_many"}`, i, i)
	}
	for _, tt := range []struct{ name, entry, used, want string }{
		{"schedules", source, `[{"app": "authentik_tasks_schedules", "model_name": "schedule", "pk": "` + pk1 + `", "name": "Schedule", "action": "cascade"}]`, "delete l done"},
		{"connected", source, "[" + many[0] + "]", `a.yaml:3:3: entries[0]: the LDAP source "l" is used by u0` + stays},
		{"many connected", source, "[" + strings.Join(many, ",") + "]", `a.yaml:3:3: entries[0]: the LDAP source "l" is used by u0, u1, u2, u3, u4, u5, u6, u7, u8, u9 and 2 others` + stays},
		{"rights", user, `[{"app": "auth", "model_name": "group", "pk": "7", "name": "a role", "action": "cascade_many"},
			{"app": "auth", "model_name": "permission", "pk": "4", "name": "Can view Group", "action": "cascade_many"}]`, "delete u done"},
		{"sources", user, `[{"app": "authentik_core", "model_name": "source", "pk": "` + pk1 + `", "name": "L", "action": "cascade_many"},
			{"app": "authentik_core", "model_name": "usersourceconnection", "pk": "13", "name": "a connection", "action": "cascade"}]`, "delete u done"},
		{"devices", user, `[{"app": "authentik_stages_authenticator_totp", "model_name": "totpdevice", "pk": "1", "name": "a phone", "action": "cascade"}]`, "delete u done"},
		{"tokens", user, `[{"app": "authentik_core", "model_name": "token", "pk": "` + pk1 + `", "name": "its token", "action": "cascade"}]`,
			`a.yaml:3:3: entries[0]: the user "u" is used by its token (deleted with it)` + stays},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(head+tt.entry, "STATE", "state: present", 1)
			reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
			if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
			}
			used := &recordedUse{API: reconciler.API}
			if err := json.Unmarshal([]byte(tt.used), &used.objects); err != nil {
				t.Fatal(err)
			}
			reconciler.API = used
			reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": strings.Replace(text, "present", "absent", 1)})}}
			pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
			got := append(outcomes(pass.Report), sketch(&sync.Plan{Problems: pass.Problems()})...)
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a relation of a base uses goes with the kind: a flow with its providers, which
// the server lists as providers, and once for each field.
func TestUsersOfABaseThatGo(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	const (
		flow     = "- {model: authentik_flows.flow, STATE, identifiers: {slug: f}, attrs: {name: F, title: F, designation: authorization}}\n"
		provider = "- {model: authentik_providers_oauth2.oauth2provider, STATE, identifiers: {name: p}, attrs: {authorization_flow: !Find [authentik_flows.flow, [slug, f]], invalidation_flow: !Find [authentik_flows.flow, [slug, f]], redirect_uris: []}}\n"
	)
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"with it", flow + "- {model: authentik_providers_oauth2.oauth2provider, STATE, identifiers: {name: p}}\n", []string{"delete p done", "delete f done"}},
		{"without it", flow, []string{`a.yaml:3:3: entries[0]: the flow "f" is used by p (deleted with it), and would be missing there: take it out first, or allow it with --allow-in-use`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(head+flow+provider, "STATE", "state: present")
			reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
			if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
			}
			text = strings.ReplaceAll(head+tt.text, "STATE", "state: absent")
			reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
			pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
			got := append(outcomes(pass.Report), sketch(&sync.Plan{Problems: pass.Problems()})...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What uses an object and has no name, such as a binding, is called by what it binds, and
// not by keys.
func TestUsersWithoutAName(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	const (
		flows = "- {model: authentik_flows.flow, id: f, STATE, identifiers: {slug: f}, attrs: {name: F, title: F, designation: authorization}}\n" +
			"- {model: authentik_flows.flow, id: g, state: present, identifiers: {slug: g}, attrs: {name: G, title: G, designation: authorization}}\n"
		stage    = "- {model: authentik_stages_dummy.dummystage, id: s, STATE, identifiers: {name: s}}\n"
		bindings = "- {model: authentik_flows.flowstagebinding, identifiers: {target: !KeyOf f, stage: !KeyOf s, order: 10}}\n"
		other    = "- {model: authentik_stages_dummy.dummystage, id: o, state: present, identifiers: {name: o}}\n" +
			"- {model: authentik_flows.flowstagebinding, identifiers: {target: !KeyOf g, stage: !KeyOf o, order: 10}}\n"
	)
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": strings.ReplaceAll(head+flows+stage+other+bindings, "STATE", "state: present")}))
	if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
		t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
	}
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": strings.ReplaceAll(head+flows+stage+other, "STATE", "state: absent")})}}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	want := `a.yaml:5:3: entries[2]: the dummy stage "s" is used by stage binding f → s, order 10, and would be missing there: take it out first, or allow it with --allow-in-use`
	if diff := cmp.Diff([]string{want}, sketch(&sync.Plan{Problems: pass.Problems()})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
