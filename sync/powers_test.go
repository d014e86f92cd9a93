package sync_test

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// A plan says who becomes a superuser by it, and who can get further rights.
func TestPowers(t *testing.T) {
	people := userEntry("a", "attrs: {name: a}") + userEntry("b", "attrs: {name: b}") +
		groupEntry("staff", "attrs: {users: ["+aUser("a")+", "+aUser("akadmin")+"]}") + groupEntry("none", "attrs: {}") +
		roleEntry("strong", "attrs: {permissions: [authentik_core.impersonate, authentik_core.view_user]}") +
		roleEntry("weak", "attrs: {permissions: [authentik_core.view_user]}")
	const (
		strong = `given the role "strong": authentik_core.impersonate lets people act as any other user.`
		groups = "put anybody into any group, of superusers too."
	)
	for _, version := range versions {
		for _, tt := range []struct {
			name, text string
			want       []string
		}{
			{"a group makes superusers", groupEntry("staff", "attrs: {is_superuser: true}"),
				[]string{`group staff: whoever is a member of it can do everything from now on: "a".`}},
			{"one without members", groupEntry("none", "attrs: {is_superuser: true}"), []string{"group none: whoever is a member of it can do everything from now on."}},
			{"a new one", groupEntry("new", "attrs: {is_superuser: true, users: ["+aUser("b")+"]}"),
				[]string{`group new: whoever is a member of it can do everything from now on: "b".`}},
			{"it does so already", groupEntry(admins, "attrs: {is_superuser: true, attributes: {a: b}}"), nil},
			{"a group gets members", groupEntry(admins, "attrs: {users: ["+aUser("akadmin")+", "+aUser("a")+"]}"),
				[]string{`group authentik Admins: the user "a" becomes a superuser by it.`}},
			{"it gets several", groupEntry(admins, "attrs: {users: ["+aUser("akadmin")+", "+aUser("a")+", "+aUser("b")+"]}"),
				[]string{`group authentik Admins: "a", "b" become superusers by it.`}},
			{"somebody goes into it", userEntry("a", "attrs: {groups: ["+aGroup(admins)+"]}"), []string{"user a: it becomes a superuser."}},
			{"somebody comes into it", userEntry("new", "attrs: {name: new, groups: ["+aGroup(admins)+"]}"), []string{"user new: it becomes a superuser."}},
			{"somebody who is one already", groupEntry("new", "attrs: {users: ["+aUser("akadmin")+"], "+above(version, aGroup(admins))+"}"),
				[]string{"group new: whoever is a member of it can do everything from now on."}},
			{"a group comes below it", groupEntry("staff", "attrs: {"+above(version, aGroup(admins))+"}"),
				[]string{`group staff: whoever is a member of it can do everything from now on: "a".`}},
			{"somebody goes into a group of this very plan", "- {model: authentik_core.group, id: new, identifiers: {name: new}, attrs: {is_superuser: true}}\n" +
				userEntry("b", "attrs: {groups: [!KeyOf new]}"), []string{`group new: whoever is a member of it can do everything from now on: "b".`, "user b: it becomes a superuser."}},
			{"an everyday group", userEntry("b", "attrs: {groups: ["+aGroup("staff")+"]}"), nil},
			{"a role gets powers", roleEntry("weak", "attrs: {permissions: [authentik_core.view_user, authentik_core.add_user, authentik_core.change_user, authentik_stages_prompt.add_prompt, authentik_core.view_token_key]}"),
				slices.Concat([]string{"role weak: authentik_core.add_user, authentik_core.change_user let people " + groups,
					"role weak: authentik_stages_prompt.add_prompt lets people run code in authentik, with all rights."}, tokens(version))},
			{"a new role with powers", roleEntry("new", "attrs: {permissions: [authentik_core.change_group]}"),
				[]string{"role new: authentik_core.change_group lets people " + groups}},
			{"a role has its powers already", roleEntry("strong", "attrs: {permissions: [authentik_core.impersonate, authentik_core.view_user, authentik_core.view_group]}"), nil},
			{"a group gets a role with powers", groupEntry("staff", "attrs: {roles: ["+aRole("strong")+"]}"), []string{"group staff: its members are " + strong}},
			{"a group gets a role without", groupEntry("staff", "attrs: {roles: ["+aRole("weak")+"]}"), nil},
			{"somebody gets into a group with such a role", groupEntry("staff", "attrs: {roles: ["+aRole("strong")+"]}") +
				groupEntry("more", "attrs: {users: ["+aUser("b")+"], "+above(version, aGroup("staff"))+"}"),
				[]string{"group staff: its members are " + strong, `group more: its members, the user "b" are ` + strong}},
		} {
			t.Run(version+" "+tt.name, func(t *testing.T) {
				if got := warned(t, version, people, tt.text); !slices.Equal(got, tt.want) {
					t.Errorf("the warnings (-want +got):\n%s", cmp.Diff(tt.want, got))
				}
			})
		}
	}
}

// tokens is what a permission is since 2026.2.
func tokens(version string) []string {
	if schema.Before(version, "2026.2") {
		return nil
	}
	return []string{"role weak: authentik_core.view_token_key lets people read the key of anybody's token, and act as its user."}
}

// Users have permissions of their own until 2025.12, and roles since.
func TestPowersOfUsers(t *testing.T) {
	people := userEntry("a", "attrs: {name: a}") + roleEntry("strong", "attrs: {permissions: [authentik_core.impersonate]}")
	for _, version := range versions {
		text, want := userEntry("a", "attrs: {roles: ["+aRole("strong")+"]}"), `user a: it is given the role "strong": authentik_core.impersonate lets people act as any other user.`
		if schema.Before(version, "2025.12") {
			text, want = userEntry("a", "attrs: {permissions: [authentik_core.assign_user_permissions]}"), "user a: authentik_core.assign_user_permissions lets people give themselves any right, if they may add users."
		}
		if got := warned(t, version, people, text); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: the warnings are %q, want %q", version, got, want)
		}
	}
}

// warned are the warnings of a plan, each with what it is of.
func warned(t *testing.T, version, setup, text string) []string {
	t.Helper()
	reconciler, _, source := startedAt(t, version, setup)
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + text})}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Verdict() != sync.Success || !pass.Plan.HasChanges() {
		t.Fatal(pass.Err, sketch(pass.Plan))
	}
	warnings := warningsOf(pass.Plan)
	reconciler.API = crowded{API: reconciler.API}
	pass = reconciler.Plan(context.Background(), sync.TriggerRequest)
	if diff := cmp.Diff(warnings, warningsOf(pass.Plan)); diff != "" {
		t.Errorf("the warnings (-of lists +of a crowded server):\n%s", diff)
	}
	return warnings
}

func warningsOf(plan *sync.Plan) []string {
	var warnings []string
	for _, change := range plan.Changes {
		for _, warning := range change.Warnings {
			warnings = append(warnings, change.Title+" "+change.Name+": "+warning)
		}
	}
	return warnings
}

// What roles may do is asked for once each, and where nobody says it, nothing is said
// of it.
func TestPowersAreAskedSeldom(t *testing.T) {
	people := userEntry("a", "attrs: {name: a}") + userEntry("b", "attrs: {name: b}") +
		roleEntry("strong", "attrs: {permissions: [authentik_core.impersonate]}") + groupEntry("staff", "attrs: {roles: ["+aRole("strong")+"]}")
	for _, fails := range []bool{false, true} {
		reconciler, _, source := startedAt(t, "2025.10.4", people)
		asked := &listing{API: reconciler.API, fails: fails}
		reconciler.API = asked
		source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{
			"a.yaml": head + userEntry("a", "attrs: {groups: ["+aGroup("staff")+"]}") + userEntry("b", "attrs: {groups: ["+aGroup("staff")+"]}")})}
		pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if pass.Verdict() != sync.Success {
			t.Fatal(pass.Err, pass.Problems())
		}
		warnings := len(pass.Plan.Changes[0].Warnings) + len(pass.Plan.Changes[1].Warnings)
		if want := map[bool][2]int{false: {1, 2}, true: {1, 0}}[fails]; [2]int{asked.permissions, warnings} != want {
			t.Errorf("fails %v: asked %d times, %d warnings: want %v", fails, asked.permissions, warnings, want)
		}
	}
}

// listing counts the lists of permissions; or fails to give them.
type listing struct {
	sync.API
	permissions int
	fails       bool
}

func (l *listing) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if path == "rbac/permissions" {
		l.permissions++
		if l.fails {
			return nil, context.DeadlineExceeded
		}
	}
	return l.API.List(ctx, path, id, query, most)
}

// The powers that the schema names are permissions that authentik has.
func TestPowersAreThere(t *testing.T) {
	for _, version := range versions[1:] { // the embedded server knows no permissions of its own to 2024.12
		reconciler, _, _ := startedAt(t, version, "")
		kind := reconciler.Schema.At(version).Kind("auth.permission")
		list, err := reconciler.API.List(context.Background(), kind.Path, kind.ID, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, permission := range list {
			known[strings.Join([]string{permission["app_label"].(string), permission["codename"].(string)}, ".")] = true
		}
		for _, name := range slices.Sorted(maps.Keys(kind.Powers)) {
			if !known[name] {
				t.Errorf("authentik %s has no permission %s", version, name)
			}
		}
	}
}
