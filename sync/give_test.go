package sync_test

import (
	"context"
	"slices"
	"strings"
	gosync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// acts notes the requests of their own that fields are set by.
type acts struct {
	sync.API
	mutex  gosync.Mutex // of values: changes are made side by side
	values []string
}

func (a *acts) Act(ctx context.Context, method, path, key, action string, body schema.Object) error {
	a.mutex.Lock()
	for name, value := range body {
		if text, isText := value.(string); isText {
			a.values = append(a.values, action+" "+name+"="+text)
		}
	}
	a.mutex.Unlock()
	return a.API.Act(ctx, method, path, key, action, body)
}

// The icon of an LDAP source is in no answer: it is set when something else of the
// source changes. A password is not.
func TestWhatGoesAlong(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	reconciler, _ := started(t, s, sync.Desired{})
	noted := &acts{API: reconciler.API}
	reconciler.API = noted
	source := "- {model: authentik_sources_ldap.ldapsource, identifiers: {slug: l}, attrs: {name: NAME, server_uri: 'ldap://l', base_dn: 'dc=l', sync_users: false, sync_groups: false, icon: 'https://l/ICON.png'}}\n"
	user := "- {model: authentik_core.user, identifiers: {username: u}, attrs: {name: NAME, password: ICON}}\n"
	for _, step := range []struct {
		name, icon string
		want       []string
	}{
		{"A", "a", []string{"set_icon_url url=https://l/a.png", "set_password password=a"}},
		{"A", "b", nil},
		{"B", "b", []string{"set_icon_url url=https://l/b.png"}},
	} {
		text := strings.NewReplacer("NAME", step.name, "ICON", step.icon).Replace(head + source + user)
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
		noted.values = nil
		if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
			t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
		}
		slices.Sort(noted.values)
		if diff := cmp.Diff(step.want, noted.values); diff != "" {
			t.Errorf("named %s with the icon %s, set what was not wanted (-want +got):\n%s", step.name, step.icon, diff)
		}
	}
}

// granting is an API that notes how many elements each request grants.
type granting struct {
	sync.API
	mutex  gosync.Mutex
	counts []int
}

func (g *granting) Act(ctx context.Context, method, path, key, action string, body schema.Object) error {
	if list, isList := body["permissions"].([]any); isList {
		g.mutex.Lock()
		g.counts = append(g.counts, len(list))
		g.mutex.Unlock()
	}
	return g.API.Act(ctx, method, path, key, action, body)
}

// A role with many permissions is granted them by several requests, none of which takes
// too long.
func TestManyGrants(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	var names []string
	for _, kind := range s.Managed() {
		_, model, _ := strings.Cut(kind.Model, ".")
		names = append(names, kind.App()+".view_"+model)
	}
	names = names[:60]
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head +
		"- {model: authentik_rbac.role, identifiers: {name: readers}, attrs: {permissions: [" + strings.Join(names, ", ") + "]}}\n"}))
	noted := &granting{API: reconciler.API}
	reconciler.API = noted
	for range 2 {
		if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
			t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
		}
	}
	if len(noted.counts) != 2 || slices.Max(noted.counts) > 55 { // some have a twin
		t.Errorf("granted so many at a time: %v", noted.counts)
	}
}
