package depict_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/depict"
	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	flow     = "authentik_flows.flow"
	binding  = "authentik_flows.flowstagebinding"
	stage    = "authentik_stages_dummy.dummystage"
	policies = "authentik_policies.policybinding"
	policy   = "authentik_policies_dummy.dummypolicy"
	group    = "authentik_core.group"
)

func load(t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// server holds a flow with so many stages, in no order, of which the first has a policy.
func server(stages int) map[string][]schema.Object {
	objects := map[string][]schema.Object{
		flow:   {{"pk": "f", "slug": "login", "policybindingmodel_ptr_id": "fp"}},
		policy: {{"pk": "p", "name": "office"}},
		group:  {{"pk": "g", "name": "alone"}},
	}
	for i := range stages {
		n := (i*7 + 3) % stages
		objects[stage] = append(objects[stage], schema.Object{"pk": fmt.Sprint("s", n), "name": fmt.Sprint("stage-", n)})
		objects[binding] = append(objects[binding], schema.Object{
			"pk": fmt.Sprint("b", n), "target": "f", "stage": fmt.Sprint("s", n), "order": int64(n), "policybindingmodel_ptr_id": fmt.Sprint("bp", n)})
	}
	objects[policies] = []schema.Object{{"pk": "pb", "target": "bp0", "policy": "p", "order": int64(0), "enabled": false}}
	return objects
}

func draw(t *testing.T, set *depict.Set, choices ...depict.Choice) graph.Picture {
	t.Helper()
	picture, err := set.Picture(depict.Options{Of: choices, Most: 2000})
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// lines are the edges of a graph for people.
func lines(g graph.Graph) []string {
	var lines []string
	for _, e := range g.Edges {
		name := func(n graph.Node) string {
			return strings.TrimSpace(strings.Trim(string(rune(n.Mark)), "\x00") + n.Name)
		}
		lines = append(lines, fmt.Sprintf("%s -%s%s> %s", name(g.Nodes[e.From]), strings.Trim(string(rune(e.Mark)), "\x00"), e.Label, name(g.Nodes[e.To])))
	}
	return lines
}

// A flow has its bindings in their order, with their policies and stages; what belongs
// to nothing is told of.
func TestLive(t *testing.T) {
	picture := draw(t, depict.Live(load(t), server(3)))
	want := []string{
		"login -> order 0", "order 0 -stage> stage-0", "order 0 -order 0, off> office",
		"login -> order 1", "order 1 -stage> stage-1", "login -> order 2", "order 2 -stage> stage-2",
	}
	if len(picture.Graphs) != 1 || !slices.Equal(lines(picture.Graphs[0]), want) {
		t.Errorf("it draws %+v", picture.Graphs)
	}
	if len(picture.Notes) != 1 || !strings.Contains(picture.Notes[0], "1 more object") {
		t.Errorf("the notes are %q", picture.Notes)
	}
}

// Of many nobody reads all.
func TestMany(t *testing.T) {
	picture := draw(t, depict.Live(load(t), server(200)))
	nodes, _ := picture.Size()
	last := picture.Graphs[0].Nodes[len(picture.Graphs[0].Nodes)-1]
	if more := slices.ContainsFunc(picture.Graphs[0].Nodes, func(n graph.Node) bool { return n.Name == "… 140 more" }); !more || nodes > 130 {
		t.Errorf("it draws %d boxes, the last is %+v", nodes, last)
	}
	_, err := depict.Live(load(t), server(200)).Picture(depict.Options{Most: 50})
	tooLarge := (*depict.TooLargeError)(nil)
	if !errors.As(err, &tooLarge) || !strings.Contains(err.Error(), "flow:login") {
		t.Errorf("the error is %v", err)
	}
}

func TestChoices(t *testing.T) {
	s := load(t)
	set := depict.Live(s, server(2))
	picture := draw(t, set, depict.Choice{Kind: s.Kind(stage), Glob: "*-1"})
	if want := []string{"order 1 -stage> stage-1"}; !slices.Equal(lines(picture.Graphs[0]), want) {
		t.Errorf("it draws %q", lines(picture.Graphs[0]))
	}
	for glob, want := range map[string]string{"lgin": `did you mean "login"?`, "[": "is no glob"} {
		_, err := set.Picture(depict.Options{Of: []depict.Choice{{Kind: s.Kind(flow), Glob: glob}}, Most: 10})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", glob, err)
		}
	}
}

// changed is a plan that changes which flow a stage refers to, takes another one out of
// the flow, and adds one.
func changed() *sync.Plan {
	const password = "authentik_stages_password.passwordstage"
	return &sync.Plan{Version: "2025.10.4", Names: map[sync.Pointer]sync.Named{
		{Model: flow, Key: "f"}:                            {Model: flow, Title: "flow", Name: "login", PK: "f"},
		{Model: flow, Key: "old"}:                          {Model: flow, Title: "flow", Name: "before", PK: "old"},
		{Model: flow, Key: "new"}:                          {Model: flow, Title: "flow", Name: "after", PK: "new"},
		{Model: "authentik_flows.stage", Key: "s1"}:        {Model: stage, Title: "dummy stage", Name: "stage-1", PK: "s1"},
		{Model: "authentik_flows.stage", Key: "unrelated"}: {Model: stage, Title: "dummy stage", Name: "unrelated", PK: "unrelated"},
	}, Changes: []*sync.Change{
		{ID: 1, Action: sync.Update, Model: password, Name: "password", PK: "pw", Users: []schema.User{{Model: flow, ID: "f", Name: "login"}},
			Live: map[string]any{"configure_flow": "old"}, Declared: map[string]any{"configure_flow": "new"}},
		{ID: 2, Action: sync.Delete, Model: binding, Name: "login → stage-1", PK: "b1", Live: map[string]any{"target": "f", "stage": "s1", "order": int64(1)}},
		{ID: 3, Action: sync.Create, Model: stage, Name: "new", Declared: map[string]any{"name": "new"}},
		{ID: 4, Action: sync.Create, Model: binding, Name: "login → new", Declared: map[string]any{"target": "f", "stage": tree.ID{Change: 3}, "order": int64(5)}},
		{ID: 5, Action: sync.NoOp, Model: stage, Name: "unrelated", PK: "unrelated"},
	}}
}

func TestPlan(t *testing.T) {
	picture := draw(t, depict.Plan(load(t), changed()))
	want := []string{
		"login -uses> ~password", "~password --configure_flow> before", "~password -+configure_flow> after",
		"login -> -order 1", "-order 1 -stage> stage-1", "login -> +order 5", "+order 5 -stage> +new",
	}
	if len(picture.Graphs) != 1 || !slices.Equal(lines(picture.Graphs[0]), want) {
		t.Errorf("it draws %+v", picture.Graphs)
	}
}

// A plan within what the server holds shows what stays around it, and no flow in which
// nothing changes.
func TestChange(t *testing.T) {
	s := load(t)
	objects := server(2)
	objects[flow] = append(objects[flow], schema.Object{"pk": "other", "slug": "other"})
	set := depict.Live(s, objects)
	set.Change(changed())
	picture := draw(t, set)
	if len(picture.Graphs) != 1 {
		t.Fatalf("it draws %d graphs", len(picture.Graphs))
	}
	got := strings.Join(lines(picture.Graphs[0]), "\n")
	for _, want := range []string{"order 0 -stage> stage-0", "login -> -order 1", "login -> +order 5"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if none := draw(t, depict.Plan(s, &sync.Plan{Version: "2025.10.4"})); !none.IsEmpty() || !slices.Contains(none.Notes, "Nothing changes.") {
		t.Errorf("of nothing it draws %+v", none)
	}
}

// What a picture of a server needs is what can be listed, and neither tokens nor events.
func TestNeeds(t *testing.T) {
	s := load(t)
	needs := depict.Needs(s, nil)
	for model, want := range map[string]bool{flow: true, binding: true, policies: true, group: true, "authentik_core.application": true, "authentik_events.event": false} {
		if slices.Contains(needs, model) != want {
			t.Errorf("%s is among them: %v", model, !want)
		}
	}
	for _, model := range needs {
		if s.Kind(model).Path == "" {
			t.Errorf("%s can't be listed", model)
		}
	}
	for _, tt := range []struct {
		choices    []depict.Choice
		want, lack []string
	}{
		{[]depict.Choice{{Kind: s.Kind(flow), Glob: "x"}},
			[]string{flow, binding, policies, policy, stage, group, "authentik_providers_oauth2.oauth2provider", "authentik_brands.brand"},
			[]string{"authentik_core.application", "authentik_outposts.outpost"}},
		{[]depict.Choice{{Kind: s.Kind("authentik_core.application"), Glob: "x"}},
			[]string{"authentik_core.application", policies, group, flow, "authentik_providers_oauth2.scopemapping"},
			[]string{binding, stage, "authentik_sources_ldap.ldapsource"}},
		{[]depict.Choice{{Kind: s.Kind(group), Glob: "x"}, {Glob: "y"}}, needs, nil},
	} {
		narrow := depict.Needs(s, tt.choices)
		for _, model := range tt.want {
			if !slices.Contains(narrow, model) {
				t.Errorf("%v: %s is missing", tt.choices, model)
			}
		}
		for _, model := range tt.lack {
			if slices.Contains(narrow, model) {
				t.Errorf("%v: %s is of no use", tt.choices, model)
			}
		}
	}
}

// A picture of something chosen is the same whether only what it needs was listed or all.
func TestNeedsSuffice(t *testing.T) {
	s := load(t)
	all := server(3)
	all["authentik_core.application"] = []schema.Object{{"pk": "a", "slug": "mail", "provider": int64(1), "policybindingmodel_ptr_id": "ap"}}
	all["authentik_providers_proxy.proxyprovider"] = []schema.Object{{"pk": int64(1), "name": "mail", "authorization_flow": "f"}}
	all[policies] = append(all[policies], schema.Object{"pk": "pa", "target": "ap", "group": "g", "order": int64(0)}, schema.Object{"pk": "pf", "target": "fp", "policy": "p", "order": int64(0)})
	for model, objects := range all {
		kind := s.Kind(model)
		if kind.Key == "" {
			continue
		}
		choice := depict.Choice{Kind: kind, Glob: objects[0][kind.Key].(string)}
		listed := map[string][]schema.Object{}
		for _, model := range depict.Needs(s, []depict.Choice{choice}) {
			listed[model] = all[model]
		}
		want, got := draw(t, depict.Live(s, all), choice), draw(t, depict.Live(s, listed), choice)
		if !slices.Equal(lines(got.Graphs[0]), lines(want.Graphs[0])) || len(want.Graphs[0].Nodes) < 2 {
			t.Errorf("%s: of what it needs it draws\n%q\nof all\n%q", model, lines(got.Graphs[0]), lines(want.Graphs[0]))
		}
	}
}

// What has a name of its own is a box that says what it is, though things are bound to it
// as to a binding.
func TestEntitlement(t *testing.T) {
	s := load(t)
	const entitlement = "authentik_core.applicationentitlement"
	picture := draw(t, depict.Live(s, map[string][]schema.Object{
		"authentik_core.application": {{"pk": "a", "slug": "mail"}},
		entitlement:                  {{"pk": "e", "name": "admins", "app": "a", "pbm_uuid": "e"}},
		group:                        {{"pk": "g", "name": "staff"}},
		policies:                     {{"pk": "p", "target": "e", "group": "g", "order": int64(0)}},
	}))
	want := graph.Node{Kind: "application entitlement", Name: "admins"}
	if len(picture.Graphs) != 1 || !slices.Contains(picture.Graphs[0].Nodes, want) {
		t.Errorf("%+v", picture.Graphs)
	}
}
