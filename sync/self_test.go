package sync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// selfCase is what blueprints say of people who may do what setup says.
type selfCase struct {
	name, setup, text string
	want              []string // what is refused, by name, with the reason; nothing is harmless
}

func selfCases(version string) []selfCase {
	// A second way to be a superuser, by a group above another one.
	second := groupEntry("top", "attrs: {is_superuser: true}") +
		groupEntry("mid", "attrs: {users: ["+aUser("akadmin")+"], "+above(version, aGroup("top"))+"}")
	token := tokenEntry("mine", "attrs: {user: "+aUser("akadmin")+", intent: api, expiring: false}") +
		tokenEntry("door", "attrs: {user: "+aUser("akadmin")+", intent: app_password}") +
		userEntry("else", "attrs: {name: else}")
	// No superuser, but one with a role.
	weak := roleEntry("r", "attrs: {permissions: [authentik_core.view_user, authentik_core.change_user]}") + roleEntry("s", "attrs: {}") +
		groupEntry("low", "attrs: {roles: ["+aRole("r")+"], users: ["+aUser("akadmin")+"]}") + groupEntry("bare", "attrs: {users: ["+aUser("akadmin")+"]}") +
		groupEntry(admins, "attrs: {users: []}")
	const loses = `aksync's own user "akadmin" would lose what the role "r" may do`
	tests := []selfCase{
		{"deleted", "", userEntry("akadmin", "state: absent"),
			[]string{`user "akadmin": it is the user of aksync's own token, and would be deleted`}},
		{"switched off", "", userEntry("akadmin", "attrs: {is_active: false}"),
			[]string{`user "akadmin": it is the user of aksync's own token, and its is_active would not be true any more`}},
		{"renamed", "", userEntry("akadmin", "attrs: {name: Boss, email: boss@example.com}"), nil},
		{"no groups", "", userEntry("akadmin", "attrs: {groups: []}"), []string{`user "akadmin": ` + noSuperuser}},
		{"the group goes", "", groupEntry(admins, "state: absent"), []string{`group "` + admins + `": ` + noSuperuser}},
		{"the group is emptied", "", groupEntry(admins, "attrs: {users: []}"), []string{`group "` + admins + `": ` + noSuperuser}},
		{"the group makes no superusers", "", groupEntry(admins, "attrs: {is_superuser: false}"), []string{`group "` + admins + `": ` + noSuperuser}},
		{"the group gets attributes and a member", token, groupEntry(admins, "attrs: {attributes: {a: b}, users: ["+aUser("akadmin")+", "+aUser("else")+"]}"), nil},
		{"other people go", token, userEntry("else", "state: absent"), nil},
		{"a token of the API goes", token, tokenEntry("mine", "state: absent"),
			[]string{`token "mine": it is a token of aksync's own user "akadmin", perhaps the one in use, and would be deleted`}},
		{"it is for something else", token, tokenEntry("mine", "attrs: {intent: app_password}"),
			[]string{`token "mine": it is a token of aksync's own user "akadmin", perhaps the one in use, and its intent would not be "api" any more`}},
		{"it ends", token, tokenEntry("mine", "attrs: {expiring: true}"),
			[]string{`token "mine": it is a token of aksync's own user "akadmin", perhaps the one in use, and its expiring would not be false any more`}},
		{"it is described", token, tokenEntry("mine", "attrs: {description: mine}"), nil},
		{"another token goes", token, tokenEntry("door", "state: absent"), nil},
		{"one of two ways", second, groupEntry(admins, "state: absent"), nil},
		{"the other of two ways", second, groupEntry("top", "attrs: {is_superuser: false}"), nil},
		{"both ways at once", second, groupEntry(admins, "attrs: {users: []}") + groupEntry("top", "state: absent"),
			[]string{`group "` + admins + `": ` + noSuperuser, `group "top": ` + noSuperuser}},
		{"both ways, from below", second, groupEntry(admins, "attrs: {users: []}") + groupEntry("mid", "attrs: {"+nothingAbove(version)+"}"),
			[]string{`group "` + admins + `": ` + noSuperuser, `group "mid": ` + noSuperuser}},
		{"the role goes", weak, roleEntry("r", "state: absent"), []string{`role "r": ` + loses}},
		{"the group goes that has the role", weak, groupEntry("low", "state: absent"), []string{`group "low": ` + loses}},
		{"the group loses the role", weak, groupEntry("low", "attrs: {roles: []}"), []string{`group "low": ` + loses}},
		{"the group loses its members", weak, groupEntry("low", "attrs: {users: []}"), []string{`group "low": ` + loses}},
		{"a group without rights loses its members", weak, groupEntry("bare", "attrs: {users: []}"), nil},
		{"a group without rights goes", weak, groupEntry("bare", "state: absent"), nil},
		{"somebody else's role goes", weak, roleEntry("s", "state: absent"), nil},
		{"the role may do more", weak, roleEntry("r", "attrs: {permissions: [authentik_core.view_user, authentik_core.change_user, authentik_core.delete_user]}"), nil},
	}
	if schema.Before(version, "2025.12") {
		tests = append(tests, selfCase{"the role may do less", weak, roleEntry("r", "attrs: {permissions: [authentik_core.view_user]}"),
			[]string{`role "r": aksync's own user "akadmin" would lose authentik_core.change_user`}})
	}
	return tests
}

// Nothing takes from aksync what it needs to put anything right, and what takes nothing
// that it needs is done.
func TestSelf(t *testing.T) {
	for _, version := range versions {
		for _, tt := range selfCases(version) {
			t.Run(version+" "+tt.name, func(t *testing.T) {
				reconciler, server, source := startedAt(t, version, tt.setup)
				source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + tt.text})}
				reconciler.Guards.AllowInUse = true
				if diff := cmp.Diff(tt.want, refused(t, reconciler)); diff != "" {
					t.Fatalf("what is refused (-want +got):\n%s", diff)
				}
				if len(tt.want) == 0 {
					return
				}
				// What is refused is not done, but where it is allowed.
				before := writes(server)
				pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
				if after := writes(server); after != before || pass.Verdict() != sync.Partial {
					t.Errorf("%d writes, and the pass is %s", after-before, pass.Verdict())
				}
				reconciler.Guards.AllowSelf = true
				if pass := reconciler.Plan(context.Background(), sync.TriggerRequest); len(pass.Problems()) > 0 || !pass.Plan.HasChanges() {
					t.Errorf("allowed, the plan is %v", sketch(pass.Plan))
				}
			})
		}
	}
}

// refusals are what keeps changes of aksync's own access from a plan.
func refusals(t *testing.T, pass *sync.Pass) []string {
	t.Helper()
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	var refused []string
	for _, problem := range pass.Plan.Problems {
		text, found := strings.CutSuffix(problem.Message, "; if it is meant, allow it with --allow-self")
		if !found {
			t.Fatalf("another problem: %v", problem)
		}
		refused = append(refused, strings.Replace(strings.TrimPrefix(text, "the "), " is left as it is", "", 1))
	}
	return refused
}

// refused is refusals of a plan: the same where no list is read that can be spared.
func refused(t *testing.T, reconciler *sync.Reconciler) []string {
	t.Helper()
	narrow := *reconciler
	narrow.API = crowded{API: reconciler.API}
	refused := refusals(t, reconciler.Plan(context.Background(), sync.TriggerRequest))
	if diff := cmp.Diff(refused, refusals(t, narrow.Plan(context.Background(), sync.TriggerRequest))); diff != "" {
		t.Errorf("what is refused of a crowded server's (-of lists +of a crowded server):\n%s", diff)
	}
	return refused
}

func writes(server *devserver.Server) int {
	all := server.Requests()
	return all["POST"] + all["PUT"] + all["PATCH"] + all["DELETE"]
}

// Until 2025.10 authentik empties a role when it is written, and aksync gives it back;
// but not where it needs the role for that.
func TestSelfIsNotEmptied(t *testing.T) {
	for _, version := range versions {
		weak := roleEntry("r", "attrs: {permissions: [authentik_core.view_user]}") + roleEntry("s", "attrs: {permissions: [authentik_core.view_user]}") +
			groupEntry("low", "attrs: {roles: ["+aRole("r")+"], users: ["+aUser("akadmin")+"]}") + groupEntry(admins, "attrs: {users: []}")
		reconciler, server, source := startedAt(t, version, weak)
		text := ""
		for _, role := range server.All("authentik_rbac.role") {
			if name := role["name"]; name == "r" || name == "s" {
				text += object("authentik_rbac.role", fmt.Sprintf("pk: %s", role["pk"]), fmt.Sprintf("attrs: {name: new-%s}", name))
			}
		}
		source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + text})}
		var want []string
		if schema.Before(version, "2025.12") {
			want = []string{`role "r": authentik empties its permissions when it is written, and aksync's own user "akadmin" could not give them back`}
		}
		if diff := cmp.Diff(want, refused(t, reconciler)); diff != "" {
			t.Errorf("%s: what is refused (-want +got):\n%s", version, diff)
		}
	}
}

// A group that takes another one below it takes it from where it was.
func TestSelfIsNotMoved(t *testing.T) {
	second := groupEntry("top", "attrs: {is_superuser: true}") +
		groupEntry("mid", "attrs: {users: ["+aUser("akadmin")+"], parent: "+aGroup("top")+"}") + groupEntry(admins, "attrs: {users: []}")
	reconciler, _, source := startedAt(t, "2025.10.4", second)
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + groupEntry("thief", "attrs: {children: ["+aGroup("mid")+"]}")})}
	want := []string{`group "thief": ` + noSuperuser}
	if diff := cmp.Diff(want, refused(t, reconciler)); diff != "" {
		t.Errorf("what is refused (-want +got):\n%s", diff)
	}
}

// What prunes and what a saved plan says is held up as well.
func TestSelfPrunedAndSaved(t *testing.T) {
	reconciler, _, source := startedAt(t, "2025.10.4", tokenEntry("mine", "attrs: {user: "+aUser("akadmin")+", intent: api}")+tokenEntry("keep", "attrs: {user: "+aUser("akadmin")+", intent: api}"))
	glob, err := sync.ParseGlob("mi*")
	if err != nil {
		t.Fatal(err)
	}
	reconciler.Guards.Prune = []sync.Glob{glob}
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + tokenEntry("keep", "attrs: {}")})}
	want := []string{`token "mine": it is a token of aksync's own user "akadmin", perhaps the one in use, and would be deleted`}
	if diff := cmp.Diff(want, refused(t, reconciler)); diff != "" {
		t.Errorf("what is refused of what is pruned (-want +got):\n%s", diff)
	}
	weak := roleEntry("r", "attrs: {permissions: [authentik_core.view_user, authentik_core.change_user]}") +
		groupEntry("low", "attrs: {roles: ["+aRole("r")+"], users: ["+aUser("akadmin")+"]}") + groupEntry(admins, "attrs: {users: []}")
	reconciler, _, source = startedAt(t, "2025.10.4", weak)
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + roleEntry("r", "attrs: {permissions: [authentik_core.view_user]}")})}
	reconciler.Guards.AllowSelf = true
	var file bytes.Buffer
	if err := reconciler.Plan(context.Background(), sync.TriggerRequest).Plan.Save(&file, "x"); err != nil {
		t.Fatal(err)
	}
	saved, err := sync.LoadPlan(&file)
	if err != nil {
		t.Fatal(err)
	}
	reconciler.Guards.AllowSelf = false
	want = []string{`role "r": aksync's own user "akadmin" would lose authentik_core.change_user`}
	if diff := cmp.Diff(want, refusals(t, reconciler.ApplySaved(context.Background(), saved, false))); diff != "" {
		t.Errorf("what is refused of what is saved (-want +got):\n%s", diff)
	}
}

// Who aksync is is asked once, and only where that could matter.
func TestSelfIsAskedSeldom(t *testing.T) {
	for _, tt := range []struct {
		name, setup, text string
		want              int
	}{
		{"nothing of people", "", entry("name: a", inbuilt), 0},
		{"people come", "", userEntry("new", "attrs: {name: new, groups: ["+aGroup(admins)+"]}"), 0},
		{"people go", userEntry("a", "attrs: {name: a}") + userEntry("b", "attrs: {name: b}"), userEntry("a", "state: absent") + userEntry("b", "state: absent"), 1},
		{"groups go", groupEntry("a", "attrs: {}"), groupEntry("a", "state: absent"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reconciler, _, source := startedAt(t, "2025.10.4", tt.setup)
			asked := &asking{API: reconciler.API}
			reconciler.API, reconciler.Guards.AllowInUse = asked, true
			source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + tt.text})}
			if pass := reconciler.Plan(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems())
			}
			if asked.gets != tt.want || asked.retrieves != 0 {
				t.Errorf("it was asked %d times, and for %d objects: want %d and none", asked.gets, asked.retrieves, tt.want)
			}
		})
	}
}

// Where nobody says who aksync is, nothing that could be its own is touched.
func TestSelfUnknown(t *testing.T) {
	reconciler, _, source := startedAt(t, "2025.10.4", userEntry("a", "attrs: {name: a}"))
	reconciler.API = &asking{API: reconciler.API, fails: true}
	source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + userEntry("a", "state: absent") + userEntry("b", "attrs: {name: b}")})}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	want := []string{`user "a": whether aksync's own access goes with it can't be said: the answer of core/users/me names no user`}
	if diff := cmp.Diff(want, refusals(t, pass)); diff != "" {
		t.Errorf("what is refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"create b username:<nil>->b name:<nil>->b"}, sketch(&sync.Plan{Changes: pass.Plan.Changes})); diff != "" {
		t.Errorf("the rest (-want +got):\n%s", diff)
	}
}

// Somebody who may not look at himself is told what goes without; the rest is left.
func TestSelfUnseen(t *testing.T) {
	weak := roleEntry("r", "attrs: {permissions: [authentik_core.view_user]}") + roleEntry("s", "attrs: {permissions: [authentik_core.view_user]}") +
		groupEntry("low", "attrs: {roles: ["+aRole("r")+"], users: ["+aUser("akadmin")+"]}") + groupEntry(admins, "attrs: {users: []}")
	for _, version := range versions {
		reconciler, _, source := startedAt(t, version, weak)
		reconciler.Guards.AllowInUse = true
		reconciler.API = &asking{API: reconciler.API, hides: "core/users"}
		source.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + roleEntry("r", "state: absent") + roleEntry("s", "state: absent")})}
		want := []string{`role "r": whether aksync's own user "akadmin" has its rights by it can't be said: asking for the user 1: not for you`}
		if diff := cmp.Diff(want, refused(t, reconciler)); diff != "" {
			t.Errorf("%s: what is refused (-want +got):\n%s", version, diff)
		}
	}
}

// asking counts what is asked for one by one; or answers nonsense, or not at all what
// is at a path.
type asking struct {
	sync.API
	gets, retrieves int
	fails           bool
	hides           string
}

func (a *asking) Get(ctx context.Context, path string) (any, error) {
	a.gets++
	if a.fails {
		return map[string]any{}, nil
	}
	return a.API.Get(ctx, path)
}

func (a *asking) Retrieve(ctx context.Context, path, key string) (schema.Object, error) {
	a.retrieves++
	if path == a.hides {
		return nil, errors.New("not for you")
	}
	return a.API.Retrieve(ctx, path, key)
}
