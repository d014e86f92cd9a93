package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	gosync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// permitting is a server of a version, what it was asked, and what a hook does before
// something is permitted.
type permitting struct {
	sync.API
	t      *testing.T
	s      *schema.Schema
	server *devserver.Server
	before func()
	mutex  gosync.Mutex // of what follows: changes are made side by side
	asked  int
	given  []string
}

func (p *permitting) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if strings.Contains(path, "assigned_by") {
		p.asked++
	}
	return p.API.List(ctx, path, id, query, most)
}

func (p *permitting) Act(ctx context.Context, method, path, key, action string, body schema.Object) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if action == "assign" && p.before != nil {
		p.before()
	}
	if body["object_pk"] != nil {
		p.given = append(p.given, fmt.Sprint(body["permissions"]))
	}
	return p.API.Act(ctx, method, path, key, action, body)
}

func permits(t *testing.T, version string) *permitting {
	t.Helper()
	reconciler, server, _ := startedAt(t, version, "")
	return &permitting{API: reconciler.API, t: t, s: reconciler.Schema, server: server}
}

func (p *permitting) apply(text string) *sync.Pass {
	p.t.Helper()
	p.asked, p.given = 0, nil
	reconciler := &sync.Reconciler{Schema: p.s, API: p, Parallelism: 4}
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(p.t, p.s, map[string]string{"a.yaml": text})}}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	slices.Sort(p.given)
	return pass
}

// held are the permissions of a role for single objects, and for all.
func (p *permitting) held(role string) (single, all []string) {
	p.t.Helper()
	for _, object := range p.server.All("authentik_rbac.role") {
		if object["name"] != role {
			continue
		}
		id := fmt.Sprint(object["pk"])
		list := func(path string, query url.Values) []schema.Object {
			objects, err := p.API.List(context.Background(), path, "id", query, 0)
			if err != nil {
				p.t.Fatal(err)
			}
			return objects
		}
		for _, object := range list("rbac/permissions/roles", url.Values{"uuid": {id}}) {
			single = append(single, fmt.Sprint(object["codename"]))
		}
		for _, object := range list("rbac/permissions", url.Values{"role": {id}}) {
			all = append(all, fmt.Sprint(object["codename"]))
		}
	}
	slices.Sort(single)
	slices.Sort(all)
	return single, all
}

const permitted = head + `
- {model: authentik_rbac.role, id: ops, identifiers: {name: ops}, attrs: {permissions: [authentik_core.view_group]}}
- model: authentik_core.application
  identifiers: {slug: wiki}
  attrs: {name: Wiki}
  permissions:
  - {permission: view_application, role: !KeyOf ops}
  - {permission: authentik_core.change_application, role: !Find [authentik_rbac.role, [name, ops]]}
- model: authentik_core.application
  state: created
  identifiers: {slug: other}
  attrs: {name: Other}
  permissions: [{permission: view_application, role: !KeyOf ops}]
`

// Permissions for single objects are given, in the form of the server's version, and
// never taken away; one request tells of all that somebody has.
func TestPermissionsOfObjects(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			p := permits(t, version)
			names := []string{"[change_application view_application]", "[view_application]"}
			if !schema.Before(version, "2026.2") {
				names = []string{"[authentik_core.change_application authentik_core.view_application]", "[authentik_core.view_application]"}
			}
			pass := p.apply(permitted)
			if pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
			}
			if diff := cmp.Diff(names, p.given); diff != "" {
				t.Errorf("permitted what was not wanted (-want +got):\n%s", diff)
			}
			// authentik's own engine refuses bare names where its API does.
			if warned, want := len(pass.Warnings()), 2; schema.Before(version, "2026.2") != (warned == 0) || warned != 0 && warned != want {
				t.Errorf("the warnings are %v", pass.Warnings())
			}
			single, all := p.held("ops")
			if diff := cmp.Diff([]string{"change_application", "view_application", "view_application"}, single); diff != "" {
				t.Errorf("for single objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"view_group"}, all); diff != "" {
				t.Errorf("for all objects (-want +got):\n%s", diff)
			}

			if pass := p.apply(permitted); pass.Plan.HasChanges() || p.asked != 1 {
				t.Errorf("again: %d requests for permissions, %v, want one and no changes", p.asked, sketch(pass.Plan))
			}
			// What no blueprint says stays, also where another one speaks of the object.
			less := strings.Replace(permitted, "  - {permission: view_application, role: !KeyOf ops}\n", "", 1)
			if pass := p.apply(strings.Replace(less, "name: Wiki", "name: Renamed", 1)); pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
			}
			if again, _ := p.held("ops"); !slices.Equal(single, again) {
				t.Errorf("the role had %v and has %v", single, again)
			}
			// state: created leaves an object alone, and still permits.
			more := strings.Replace(permitted, "permissions: [{permission: view_application", "permissions: [{permission: delete_application", 1)
			pass = p.apply(strings.Replace(more, "name: Other", "name: Never", 1))
			if changes := sketch(pass.Plan); len(p.given) != 1 || !strings.Contains(p.given[0], "delete_application") {
				t.Errorf("permitted %v by %v, want delete_application", p.given, changes)
			}
		})
	}
}

// An object that goes while something is permitted leaves nobody with the permission
// for all objects, as servers from 2025.12 on give it.
func TestAnObjectThatGoesLeavesNoPermissionForAll(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			p := permits(t, version)
			if pass := p.apply(head + "- {model: authentik_core.application, identifiers: {slug: wiki}, attrs: {name: Wiki}}\n"); pass.Verdict() != sync.Success {
				t.Fatal(pass.Problems())
			}
			p.before = func() {
				if err := p.API.Delete(context.Background(), "core/applications", "wiki"); err != nil {
					t.Error(err)
				}
				p.before = nil
			}
			p.apply(head + `
- {model: authentik_rbac.role, id: ops, identifiers: {name: ops}, attrs: {}}
- {model: authentik_core.application, identifiers: {slug: wiki}, attrs: {name: Wiki}, permissions: [{permission: view_application, role: !KeyOf ops}]}
`)
			if single, all := p.held("ops"); len(single)+len(all) > 0 {
				t.Errorf("the role has %v and %v: want nothing", single, all)
			}
		})
	}
}

func TestMistakesInPermissions(t *testing.T) {
	for _, test := range []struct{ version, permission, want string }{
		{"2025.10.4", "{permission: view_aplication, role: !KeyOf ops}", `authentik_core.application has no permission "view_aplication": did you mean "view_application"?`},
		{"2025.10.4", "{permission: authentik_flows.view_flow, role: !KeyOf ops}", "whose permissions begin with authentik_core"},
		{"2025.10.4", "{permission: view_application}", "nobody is permitted it"},
		{"2025.10.4", "{permission: view_application, role: !KeyOf group}", "refers to authentik_core.group: want authentik_rbac.role"},
		{"2025.10.4", "{permission: view_application, role: 11111111-1111-4111-8111-111111111111}", "there is no role with the primary key"},
		{"2025.10.4", "{permission: view_application, user: 99999}", "there is no user with the primary key"},
		{"2025.10.4", "{permission: view_application, role: nobody}", "want "},
		{"2025.12.4", "{permission: view_application, user: !Find [authentik_core.user, [username, akadmin]]}", "permit it to a role"},
	} {
		p := permits(t, test.version)
		text := head + `
- {model: authentik_rbac.role, id: ops, identifiers: {name: ops}, attrs: {}}
- {model: authentik_core.group, id: group, identifiers: {name: group}, attrs: {}}
- {model: authentik_core.application, id: wiki, identifiers: {slug: wiki}, attrs: {name: Wiki}, permissions: [` + test.permission + `]}
`
		problems := fmt.Sprint(fileProblems(t, p.s, text), p.apply(text).Problems())
		if !strings.Contains(problems, test.want) || !strings.Contains(problems, "permissions[0]") {
			t.Errorf("%s on %s: %s, want %q and its place", test.permission, test.version, problems, test.want)
		}
		if _, err := p.API.Retrieve(context.Background(), "core/applications", "wiki"); err == nil {
			t.Errorf("%s on %s: the application was made all the same", test.permission, test.version)
		}
	}
}

// fileProblems are what is wrong with a blueprint before any server is asked.
func fileProblems(t *testing.T, s *schema.Schema, text string) tree.Problems {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := blueprint.NewReader(blueprint.Options{Schema: s}).Read(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	return set.Problems()
}

// A permission for one object by which somebody can get further rights is warned of.
func TestPowersOverOneObject(t *testing.T) {
	for codename, want := range map[string]bool{"change_group": true, "view_group": false} {
		p := permits(t, "2025.10.4")
		pass := p.apply(head + `
- {model: authentik_rbac.role, id: ops, identifiers: {name: ops}, attrs: {}}
- {model: authentik_core.group, identifiers: {name: admins}, attrs: {}, permissions: [{permission: ` + codename + `, role: !KeyOf ops}]}
`)
		warned := false
		for _, change := range pass.Plan.Changes {
			warned = warned || change.Permits != nil && strings.Contains(fmt.Sprint(change.Warnings), "authentik_core."+codename)
		}
		if warned != want {
			t.Errorf("%s: warned is %t, want %t: %v", codename, warned, want, sketch(pass.Plan))
		}
	}
}

func TestAUserIsPermitted(t *testing.T) {
	p := permits(t, "2025.10.4")
	text := head + `
- {model: authentik_core.user, id: u, identifiers: {username: u}, attrs: {name: U}}
- {model: authentik_core.application, identifiers: {slug: wiki}, attrs: {name: Wiki}, permissions: [{permission: view_application, user: !KeyOf u}]}
`
	for _, want := range []int{1, 0} {
		if pass := p.apply(text); pass.Verdict() != sync.Success || len(p.given) != want {
			t.Errorf("%v %v: permitted %v, want %d", pass.Err, pass.Problems(), p.given, want)
		}
	}
}

// unreadable is a server that does not tell what a role is permitted.
type unreadable struct{ sync.API }

func (u unreadable) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if strings.HasPrefix(path, "rbac/permissions") {
		return nil, errors.New("refused for a test")
	}
	return u.API.List(ctx, path, id, query, most)
}

// What can't be compared of one object keeps no other one from its change.
func TestPermissionsThatCanNotBeReadConcernTheirObjectsAlone(t *testing.T) {
	p := permits(t, "2025.10.4")
	if pass := p.apply(permitted); pass.Verdict() != sync.Success {
		t.Fatal(pass.Problems())
	}
	p.API = unreadable{p.API}
	pass := p.apply(permitted + "- {model: authentik_core.group, identifiers: {name: g}, attrs: {}}\n")
	problems := fmt.Sprint(pass.Problems())
	for _, place := range []string{"a.yaml:4:", "a.yaml:9:", "a.yaml:15:"} {
		if !strings.Contains(problems, place) {
			t.Errorf("the problems are %s: want one at %s", problems, place)
		}
	}
	if made := outcomes(pass.Report); len(made) != 1 || made[0] != "create g done" {
		t.Errorf("done: %q, want the group", made)
	}
}
