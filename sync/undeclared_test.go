package sync_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const tokenModel = "authentik_core.token"

// Whatever no blueprint declares is the same after a pass: permissions of roles and
// users, which each write of them empties up to 2025.10, and those for single objects;
// members, parents and roles of groups; whose a token is and what it is for.
func TestTheUndeclaredStays(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom(versions).Draw(t, "version")
		server := devtest.Seeded(t, devserver.Config{Schema: s, Version: version})
		client := devtest.Client(t, server, devserver.DevToken)
		w := &people{t: t, s: s.At(version), version: version, server: server, client: client}
		w.populate()
		before := w.state()

		text, declared := w.blueprint()
		reconciler := &sync.Reconciler{Schema: s, API: client, Parallelism: 4}
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: written(t, s, folder, text)}}
		pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
		if pass.Err != nil || pass.Verdict() != sync.Success {
			t.Fatalf("the pass is %s: %v %v %v\n%s", pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report), text)
		}
		if diff := cmp.Diff(declaredOut(before, declared), declaredOut(w.state(), declared)); diff != "" {
			t.Fatalf("what nobody declares has changed (-before +after):\n%s\n%s", diff, text)
		}
		for _, check := range w.checks {
			check()
		}
		if again := reconciler.Plan(context.Background(), sync.TriggerRequest); again.Plan.HasChanges() {
			t.Fatalf("the next plan is not empty: %v\n%s", sketch(again.Plan), text)
		}
	})
}

// written reads a blueprint from a file in the folder.
func written(t *rapid.T, s *schema.Schema, folder, text string) sync.Desired {
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return desiredOf(t, s, folder)
}

// people is a server with users, groups, roles and tokens.
type people struct {
	t       *rapid.T
	s       *schema.Schema
	version string
	server  *devserver.Server
	client  *authentik.Client
	users   []any
	groups  []string
	roles   []string
	// checks are made after the pass, of what can't be compared by name.
	checks []func()
}

var somePermissions = []string{"authentik_core.view_user", "authentik_core.view_application", "authentik_flows.view_flow", "authentik_core.change_group"}

func (w *people) put(model string, fields map[string]any) string {
	pk, err := w.server.Put(model, "", fields)
	if err != nil {
		w.t.Fatal(err)
	}
	return pk
}

func (w *people) populate() {
	for i := range 3 {
		pk := w.put(userModel, map[string]any{"username": fmt.Sprintf("u%d", i), "name": "U", "type": "internal", "path": "users", "is_active": true, "attributes": map[string]any{"n": int64(i)}})
		w.users = append(w.users, tree.PlainJSON(w.server.Get(userModel, pk)["pk"]))
		w.groups = append(w.groups, w.put(groupModel, map[string]any{"name": fmt.Sprintf("g%d", i), "is_superuser": i == 0, "attributes": map[string]any{}}))
		role := w.put(roleModel, map[string]any{"name": fmt.Sprintf("r%d", i)})
		w.roles = append(w.roles, role)
		w.grant("roles", role)
		if w.s.Kind(userModel).Fields.Field("permissions") != nil {
			w.grant("users", pk)
		}
		w.put(tokenModel, map[string]any{"identifier": fmt.Sprintf("t%d", i), "user": w.users[i%len(w.users)], "intent": "app_password", "expiring": false, "description": "d"})
	}
	for i, group := range w.groups {
		if rapid.Bool().Draw(w.t, "has a role") {
			w.patch("core/groups", group, map[string]any{"roles": []any{w.roles[i]}})
		}
		if i > 0 && rapid.Bool().Draw(w.t, "has a parent") {
			w.adopt(w.groups[i-1], group)
		}
		for _, role := range w.roles {
			if rapid.Bool().Draw(w.t, "is permitted something with the group") {
				w.permit(role, group)
			}
		}
		members := []any{}
		for _, user := range w.users {
			if rapid.Bool().Draw(w.t, "is a member") {
				members = append(members, user)
			}
		}
		w.patch("core/groups", group, map[string]any{"users": members})
	}
}

func (w *people) patch(path, key string, body map[string]any) {
	if _, err := w.client.Patch(context.Background(), path, key, body); err != nil {
		w.t.Fatalf("%s %s %v: %v", path, key, body, err)
	}
}

// adopt makes a group the parent of another one: one of several from 2025.12 on.
func (w *people) adopt(parent, child string) {
	if w.s.Kind(groupModel).Fields.Field("parents") != nil {
		w.patch("core/groups", child, map[string]any{"parents": []any{parent}})
		return
	}
	w.patch("core/groups", child, map[string]any{"parent": parent})
}

// permit permits a role something with a group.
func (w *people) permit(role, group string) {
	kind, of := w.s.Kind(groupModel), w.s.Kind(roleModel)
	request := of.Holds.Request(of, role, kind, group, of.Holds.Names(kind, []string{"view_group"}, w.version))
	if err := w.client.Act(context.Background(), request.Method, request.Path, request.Key, request.Action, request.Body); err != nil {
		w.t.Fatal(err)
	}
}

func (w *people) grant(to, pk string) {
	var granted []any
	for _, permission := range somePermissions {
		if rapid.Bool().Draw(w.t, "is granted") {
			granted = append(granted, permission)
		}
	}
	if len(granted) == 0 {
		return
	}
	err := w.client.Act(context.Background(), http.MethodPost, "rbac/permissions/assigned_by_"+to, pk, "assign", map[string]any{"permissions": granted})
	if err != nil {
		w.t.Fatal(err)
	}
}

// state is all that can be told of the objects, by what it is about.
func (w *people) state() map[string]string {
	state := map[string]string{}
	for _, model := range []string{userModel, groupModel, roleModel, tokenModel} {
		kind := w.s.Kind(model)
		for _, object := range w.server.All(model) {
			for _, field := range kind.Fields.Fields {
				key := fmt.Sprintf("%s %v %s", model, object[kind.Key], field.Name)
				switch value := object[field.Name].(type) {
				case []any:
					words := make([]string, len(value))
					for i, element := range value {
						words[i] = fmt.Sprint(element)
					}
					slices.Sort(words)
					state[key] = strings.Join(words, " ")
				default:
					state[key] = fmt.Sprint(value)
				}
				if field.Via.Lists() {
					state[key] = w.granted(field.Via, fmt.Sprint(object[kind.ID]))
				}
			}
			if model == roleModel {
				state[fmt.Sprintf("%s %v objects", model, object[kind.Key])] = w.permitted(fmt.Sprint(object[kind.ID]))
			}
		}
	}
	return state
}

// permitted are the permissions of a role for single objects.
func (w *people) permitted(role string) string {
	objects, err := w.client.List(context.Background(), "rbac/permissions/roles", "id", url.Values{"uuid": {role}}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, fmt.Sprint(object["codename"], " ", object["object_pk"]))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (w *people) granted(via *schema.Via, id string) string {
	path, query, err := via.ReadFrom(id)
	if err != nil {
		w.t.Fatal(err)
	}
	objects, err := w.client.List(context.Background(), path, "id", query, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, via.Element(object))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// blueprint declares some fields of some objects, and says which.
func (w *people) blueprint() (text string, declared map[string]bool) {
	declared = map[string]bool{}
	text = head
	for _, one := range []struct {
		model, key, name string
		values           []string
	}{
		{userModel, "username", "u0", []string{"name: New", "email: a@example.com", "is_active: false", "attributes: {a: b}"}},
		{userModel, "username", "u1", []string{"path: other", "password: new"}},
		{groupModel, "name", "g0", []string{"attributes: {x: 1}", "is_superuser: false"}},
		{roleModel, "name", "r0", []string{"permissions: [authentik_core.view_user]"}},
		{tokenModel, "identifier", "t0", []string{"description: new"}},
		{tokenModel, "identifier", "t1", []string{"expiring: false"}},
	} {
		var attrs []string
		for _, value := range one.values {
			if rapid.Bool().Draw(w.t, one.name+" has "+value) {
				attrs = append(attrs, value)
				name, _, _ := strings.Cut(value, ":")
				declared[one.model+" "+one.name+" "+name] = true
			}
		}
		text += fmt.Sprintf("- {model: %s, identifiers: {%s: %s}, attrs: {%s}}\n", one.model, one.key, one.name, strings.Join(attrs, ", "))
	}
	if rapid.Bool().Draw(w.t, "a role is permitted more") {
		text += fmt.Sprintf("- {model: %s, identifiers: {name: g2}, attrs: {attributes: {y: 1}}, permissions: [{permission: change_group, role: %s}]}\n", groupModel, w.roles[2])
		declared[roleModel+" r2 objects"], declared[groupModel+" g2 attributes"] = true, true
		w.permittedMore()
	}
	if rapid.Bool().Draw(w.t, "a token goes") {
		text += fmt.Sprintf("- {model: %s, state: absent, identifiers: {identifier: t2}}\n", tokenModel)
		for _, field := range w.s.Kind(tokenModel).Fields.Fields {
			declared[tokenModel+" t2 "+field.Name] = true
		}
	}
	if rapid.Bool().Draw(w.t, "a role is renamed") {
		text += fmt.Sprintf("- {model: %s, identifiers: {pk: %s}, attrs: {name: renamed}}\n", roleModel, w.roles[1])
		for _, field := range []string{"name", "permissions", "objects"} {
			declared[roleModel+" r1 "+field], declared[roleModel+" renamed "+field] = true, true
		}
		w.renamed()
	}
	return text, declared
}

// renamed makes sure that the permissions of the role that is renamed stay: they are
// compared apart, since the role has another name afterwards.
func (w *people) renamed() {
	permissions := w.s.Kind(roleModel).Fields.Field("permissions")
	has := func() string { return w.granted(permissions.Via, w.roles[1]) + "; " + w.permitted(w.roles[1]) }
	before := has()
	w.checks = append(w.checks, func() {
		if after := has(); after != before {
			w.t.Errorf("the role that was renamed had %q and has %q", before, after)
		}
	})
}

// permittedMore makes sure that a role has what it is permitted beside what it had.
func (w *people) permittedMore() {
	before := w.permitted(w.roles[2])
	w.checks = append(w.checks, func() {
		after := w.permitted(w.roles[2])
		had := 0
		for one := range strings.SplitSeq(before, ", ") {
			if !strings.Contains(after, one) {
				w.t.Errorf("the role was permitted %q and is %q", before, after)
			}
			if one != "" {
				had++
			}
		}
		if strings.Count(after, "_group") != had+1 || !strings.Contains(after, "change_group "+w.groups[2]) {
			w.t.Errorf("the role was permitted %q and is %q: want one more", before, after)
		}
	})
}

func declaredOut(state map[string]string, declared map[string]bool) map[string]string {
	rest := map[string]string{}
	for key, value := range state {
		if !declared[key] {
			rest[key] = value
		}
	}
	return rest
}
