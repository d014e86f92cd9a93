package sync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	gosync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// crowded is an API of a server that has so many objects of each kind that no list of
// them is read where some of them will do; but for those of some paths.
type crowded struct {
	sync.API
	roomy map[string]bool
}

// more is how many objects there are beside those that anybody asks for.
const more = 1 << 30

type tooLongError struct {
	error
	count int
}

func (e tooLongError) TooLong() (count int, is bool) { return e.count, true }

func (c crowded) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	filters := maps.Clone(query)
	maps.DeleteFunc(filters, func(name string, _ []string) bool {
		return name == "superuser_full_list" || strings.HasPrefix(name, "include_")
	})
	if most > 0 && len(filters) == 0 && !c.roomy[path] {
		objects, err := c.API.List(ctx, path, id, query, 0)
		if err != nil {
			return nil, err
		}
		return nil, tooLongError{errors.New("too many"), more + len(objects)}
	}
	return c.API.List(ctx, path, id, query, most)
}

// One user of thousands is asked for by itself: the version, the first page, and the
// user. All of them are read by pages.
func TestRequestsOfOneAmongThousands(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const there = 2000
	user := func(i int) string { return fmt.Sprintf("user-%04d", i) }
	declaring := func(count int) string {
		text := head
		for i := range count {
			text += fmt.Sprintf("- {model: %s, identifiers: {username: %s}, attrs: {name: N}}\n", userModel, user(i*there/count))
		}
		return text
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	for i := range there {
		put(t, server, userModel, "", map[string]any{"username": user(i), "name": "N", "path": "users"})
	}
	for _, tt := range []struct {
		name     string
		text     string
		requests int
	}{
		{"one", declaring(1), 3},
		{"some", declaring(30), 2 + 30},
		{"many", declaring(100), 1 + there/200 + 1},
		{"one that is not there", head + "- {model: " + userModel + ", identifiers: {username: nobody}, state: absent}\n", 3},
		{"one by its primary key", head + "- {model: " + userModel + ", identifiers: {pk: 77}, attrs: {name: N}}\n", 3},
		{"one that a field refers to", head + "- {model: " + groupModel + ", identifiers: {name: g}, attrs: {users: [!Find [" + userModel + ", [username, user-0007]]]}}\n", 4},
		{"one that a condition finds", head + "- {model: " + groupModel + ", identifiers: {name: g}, conditions: [!Find [" + userModel + ", [username, nobody]]]}\n", 4},
		{"one by what says nothing alone", head + "- {model: " + userModel + ", identifiers: {email: nobody@example.com}, state: absent}\n", 1 + 1 + there/200 + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reconciler := &sync.Reconciler{
				Schema: s, API: devtest.Client(t, server, devserver.DevToken), Parallelism: 8,
				Source: &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": tt.text})}},
			}
			before := server.Requests()["GET"]
			pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
			if pass.Err != nil || len(pass.Plan.Problems) > 0 {
				t.Fatal(pass.Err, pass.Problems())
			}
			if took := server.Requests()["GET"] - before; took != tt.requests {
				t.Errorf("%d requests, want %d", took, tt.requests)
			}
			if live := pass.Plan.Live[userModel]; live != len(server.All(userModel)) {
				t.Errorf("limits are a share of %d users, want %d", live, len(server.All(userModel)))
			}
		})
	}
}

// A filter that the server ignores, or that it calls wrong, is not relied on.
func TestFiltersThatCanNotBeTrusted(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	text := head + "- {model: " + groupModel + ", identifiers: {name: g-007}, attrs: {is_superuser: false}}\n"
	for name, spoil := range map[string]func(url.Values) error{
		"ignored": func(query url.Values) error { query.Del("name"); return nil },
		"wrong": func(query url.Values) error {
			if query.Has("name") {
				return invalid{unknownOutcome{}}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
			for i := range 300 {
				put(t, server, groupModel, "", map[string]any{"name": fmt.Sprintf("g-%03d", i)})
			}
			reconciler.API = spoiling{reconciler.API, spoil}
			pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
			if pass.Err != nil || len(pass.Plan.Problems) > 0 || pass.Plan.HasChanges() {
				t.Error(pass.Err, pass.Problems(), sketch(pass.Plan))
			}
		})
	}
}

// spoiling is an API that does something to what lists are asked with.
type spoiling struct {
	sync.API
	spoil func(url.Values) error
}

func (s spoiling) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if err := s.spoil(query); err != nil {
		return nil, err
	}
	return s.API.List(ctx, path, id, query, most)
}

// invalid is the error of a query that the server turns down.
type invalid struct{ unknownOutcome }

func (invalid) Validation() bool { return true }

// One application of a thousand, with its provider, its group and its bindings, takes a
// page and a look for each kind; nothing that it does not speak of is read.
func TestRequestsOfOneApplicationAmongMany(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const many = 500
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	flow := server.All(flowModel)[0]["pk"]
	for i := range many {
		name := fmt.Sprintf("app-%04d", i)
		made := func(model string, fields map[string]any) string {
			pk, err := server.Put(model, "", fields)
			if err != nil {
				t.Fatal(err)
			}
			return pk
		}
		provider := made("authentik_providers_oauth2.oauth2provider", map[string]any{"name": name, "client_id": name, "authorization_flow": flow, "invalidation_flow": flow, "redirect_uris": []any{}})
		app := made(applicationModel, map[string]any{"slug": name, "name": name, "provider": provider})
		group := made(groupModel, map[string]any{"name": name})
		made(policyBindingModel, map[string]any{"target": app, "group": group, "order": 0})
	}
	text := head + `- {model: authentik_providers_oauth2.oauth2provider, id: p, identifiers: {name: app-0007}, attrs: {authorization_flow: !Find [authentik_flows.flow, [pk, ` + fmt.Sprint(flow) + `]], invalidation_flow: ` + fmt.Sprint(flow) + `, redirect_uris: []}}
- {model: authentik_core.application, id: a, identifiers: {slug: app-0007}, attrs: {name: app-0007, provider: !KeyOf p}}
- {model: authentik_core.group, id: g, identifiers: {name: app-0007}}
- {model: authentik_policies.policybinding, identifiers: {target: !KeyOf a, group: !KeyOf g}, attrs: {order: 0}}
`
	reconciler := &sync.Reconciler{
		Schema: s, API: devtest.Client(t, server, devserver.DevToken), Parallelism: 8,
		Source: &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}},
	}
	before := server.Requests()["GET"]
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || len(pass.Plan.Problems) > 0 || pass.Plan.HasChanges() {
		t.Fatal(pass.Err, pass.Problems(), sketch(pass.Plan))
	}
	// The version, the flows, and two for each of five kinds: the list of all providers
	// says which are what.
	if took := server.Requests()["GET"] - before; took != 12 {
		t.Errorf("%d requests, want 12", took)
	}
}

// recording is an API that notes the paths of objects that are asked for.
type recording struct {
	sync.API
	mutex gosync.Mutex
	paths []string
}

func (r *recording) Retrieve(ctx context.Context, path, key string) (schema.Object, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.paths = append(r.paths, path+"/"+key)
	return r.API.Retrieve(ctx, path, key)
}

// What no object has for its key may be the path of something else: it is not asked for.
func TestOnlyKeysAreAskedFor(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	for _, pk := range []string{"me", "'2/../3'", "!Format ['%s', me]", "424242"} {
		text := head + "- {model: " + groupModel + ", identifiers: {name: g}, attrs: {users: [!Find [" + userModel + ", [pk, " + pk + "]]]}}\n"
		api := &recording{API: crowded{API: devtest.Client(t, server, devserver.DevToken)}}
		reconciler := &sync.Reconciler{Schema: s, API: api, Parallelism: 8}
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
		pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if pass.Err != nil || len(pass.Plan.Problems) != 1 || !strings.Contains(pass.Plan.Problems[0].Message, "no user has pk") {
			t.Errorf("%s: %v %v", pk, pass.Err, pass.Problems())
		}
		var want []string
		if pk == "424242" {
			want = []string{"core/users/424242"}
		}
		if diff := cmp.Diff(want, api.paths); diff != "" {
			t.Errorf("%s: what was asked for (-want +got):\n%s", pk, diff)
		}
	}
}

// What a change refers to is asked for once where only its name is lacking, and not for
// what stays as it is; where it can't be had its key does.
func TestNamesOfWhatChangesReferTo(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	groups := map[string]string{}
	for _, name := range []string{"old", "new", "other"} {
		groups[name], _ = server.Put(groupModel, "", map[string]any{"name": name})
	}
	app, _ := server.Put(applicationModel, "", map[string]any{"slug": "a", "name": "A"})
	for order, group := range []string{"old", "other"} {
		put(t, server, policyBindingModel, "", map[string]any{"target": app, "group": groups[group], "order": int64(order)})
	}
	text := head + "- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, a]], order: 0}, attrs: {group: !Find [" + groupModel + ", [name, new]]}}\n" +
		"- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, a]], order: 1}, attrs: {enabled: true}}\n"
	for _, known := range []bool{true, false} {
		api := &recording{API: crowded{API: devtest.Client(t, server, devserver.DevToken)}}
		reconciler := &sync.Reconciler{Schema: s, API: api, Parallelism: 8}
		if !known {
			reconciler.API = &forgetful{recording: api, key: groups["old"]}
		}
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
		pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if pass.Err != nil || len(pass.Problems()) > 0 {
			t.Fatal(pass.Err, pass.Problems())
		}
		named, is := pass.Plan.Names[sync.Pointer{Model: groupModel, Key: groups["old"]}]
		if is != known || known && (named.Name != "old" || pass.Plan.Changes[0].Name != "a → old, order 0") {
			t.Errorf("the group is called %v, and the binding %q", named, pass.Plan.Changes[0].Name)
		}
		for _, path := range api.paths {
			if strings.HasSuffix(path, groups["other"]) {
				t.Errorf("%v were asked for: want none of what stays", api.paths)
			}
		}
	}
}

// forgetful fails to give one object.
type forgetful struct {
	*recording
	key string
}

func (f *forgetful) Retrieve(ctx context.Context, path, key string) (schema.Object, error) {
	if key == f.key {
		return nil, errors.New("not now")
	}
	return f.recording.Retrieve(ctx, path, key)
}
