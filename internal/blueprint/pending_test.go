package blueprint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// TestPending evaluates expressions around references: first without a server,
// then with its answers.
func TestPending(t *testing.T) {
	const find = "!Find [authentik_flows.flow, [slug, x]]"
	answers := func(r tree.Reference) (tree.Value, error) {
		switch {
		case r.Tag == tree.TagFindObject:
			return tree.Value{Data: tree.Map{{Key: tree.Value{Data: "slug"}, Value: tree.Value{Data: "x"}}, {Key: tree.Value{Data: "n"}, Value: tree.Value{Data: int64(3)}}}}, nil
		case r.Tag == tree.TagKeyOf:
			return tree.Value{Data: "pk-of-" + r.Target.Identifiers[0].Value.Data.(string)}, nil
		default:
			return tree.Value{Data: "pk-" + fmt.Sprint(r.Where[0].Value.Data)}, nil
		}
	}
	for _, test := range []struct {
		expression string
		references int
		want       any
	}{
		{find, 1, "pk-x"},
		{"!Find [AUTHENTIK_flows.Flow, [slug, !Format [\"%s\", x]]]", 1, "pk-x"},
		{"[" + find + ", 5]", 1, []any{"pk-x", int64(5)}},
		{"{a: {b: " + find + "}}", 1, map[string]any{"a": map[string]any{"b": "pk-x"}}},
		{"!Format [\"%s-%s\", " + find + ", !Env SET]", 1, "pk-x-value"},
		{"!If [" + find + ", {a: " + find + "}, no]", 1, map[string]any{"a": "pk-x"}},
		{"!If [true, " + find + ", no]", 1, "pk-x"},
		{"!If [true, {a: [" + find + "]}, no]", 1, map[string]any{"a": []any{"pk-x"}}},
		{"!Condition [AND, " + find + "]", 1, true},
		{"!AtIndex [!FindObject [authentik_flows.flow, [slug, x]], n]", 1, int64(3)},
		{"!FindObject [authentik_flows.flow, [slug, x]]", 1, map[string]any{"slug": "x", "n": int64(3)}},
		{"!Find [authentik_flows.flow, [slug, !AtIndex [!FindObject [authentik_flows.flow, [slug, y]], slug]]]", 1, "pk-x"},
		{"!Enumerate [[a, b], SEQ, !Find [authentik_flows.flow, [slug, !Value 0]]]", 2, []any{"pk-a", "pk-b"}},
		{"!Enumerate [[a, b], SEQ, !Format [\"%s:%s\", !Index 0, !Find [authentik_flows.flow, [slug, !Value 0]]]]", 2, []any{"0:pk-a", "1:pk-b"}},
		{"!Enumerate [[a, b], MAP, [!Find [authentik_flows.flow, [slug, !Value 0]], !Index 0]]", 1, map[string]any{"pk-a": int64(0), "pk-b": int64(1)}},
		{"!Enumerate [!FindObject [authentik_flows.flow, [slug, x]], MAP, [!Value 0, !Index 0]]", 1, map[string]any{"x": "slug", "3": "n"}},
		{"!Enumerate [[[a], [b]], SEQ, !Enumerate [!Value 1, SEQ, !Format [\"%s%s\", !Index 1, !Find [authentik_flows.flow, [slug, !Value 0]]]]]", 2, []any{[]any{"0pk-a"}, []any{"1pk-b"}}},
		{"!KeyOf flow", 1, "pk-of-slug-of-flow"},
		{"!Format [\"%s\", !KeyOf flow]", 1, "pk-of-slug-of-flow"},
		{"!Context reference", 1, "pk-x"},
	} {
		t.Run(test.expression, func(t *testing.T) {
			file := readOne(t, blueprint.Options{Schema: loaded(t, freeSchema), LookupEnv: environment(map[string]string{"SET": "value"})}, "x.yaml",
				"context: {reference: "+find+"}\nentries:\n- {model: authentik_flows.flow, id: flow, identifiers: {slug: !Format [\"%s\", slug-of-flow]}}\n"+
					"- model: authentik_core.group\n  identifiers: {name: a}\n  attrs:\n    attributes: "+test.expression+"\n")
			value := attributes(file)
			if !value.HasPending() {
				t.Fatalf("it is %v without a server", value.Plain())
			}
			if got := len(references(value)); got != test.references {
				t.Errorf("want %d references, got %d", test.references, got)
			}
			for range 2 { // resolving changes nothing
				resolved, err := value.Resolve(answers)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, resolved.Plain()); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
}

func references(v tree.Value) []tree.Reference {
	var all []tree.Reference
	switch data := v.Data.(type) {
	case tree.Pending:
		return data.References()
	case tree.List:
		for _, element := range data {
			all = append(all, references(element)...)
		}
	case tree.Map:
		for _, member := range data {
			all = append(all, references(member.Value)...)
		}
	}
	return all
}

// TestServerContext wants the values of the server's context to be known when a
// server is asked, wherever they stand, unless the blueprint has its own.
func TestServerContext(t *testing.T) {
	models := tree.Value{Data: tree.Map{
		tree.Member(tree.Place{}, "flow", tree.Value{Data: "authentik_flows"}),
		tree.Member(tree.Place{}, "group", tree.Value{Data: "authentik_core"}),
	}}
	answers := func(r tree.Reference) (tree.Value, error) {
		switch r.Context {
		case "goauthentik.io/rbac/models":
			return models, nil
		case "goauthentik.io/enterprise/licensed":
			return tree.Value{Data: true}, nil
		}
		return tree.Value{}, fmt.Errorf("asked for %+v", r)
	}
	for _, test := range []struct {
		expression string
		want       any
	}{
		{"!Context goauthentik.io/enterprise/licensed", true},
		{"!Context [goauthentik.io/enterprise/licensed, false]", true},
		{"!Context goauthentik.io/rbac/models", map[string]any{"flow": "authentik_flows", "group": "authentik_core"}},
		{"!Enumerate [!Context goauthentik.io/rbac/models, SEQ, !Format [\"%s.view_%s\", !Value 0, !Index 0]]", []any{"authentik_flows.view_flow", "authentik_core.view_group"}},
		{"!Format [\"%s\", !Context goauthentik.io/rbac/models]", "{'flow': 'authentik_flows', 'group': 'authentik_core'}"},
		{"!If [!Context goauthentik.io/enterprise/licensed, {a: !Context alias}, no]", map[string]any{"a": true}},
		{"!AtIndex [!Context goauthentik.io/rbac/models, group]", "authentik_core"},
		{"!Condition [NAND, !Context goauthentik.io/enterprise/licensed]", false},
	} {
		t.Run(test.expression, func(t *testing.T) {
			file := readOne(t, blueprint.Options{Schema: loaded(t, freeSchema)}, "x.yaml",
				"context: {alias: !Context goauthentik.io/enterprise/licensed}\nentries:\n- model: authentik_core.group\n"+
					"  conditions: [!Context goauthentik.io/enterprise/licensed]\n  identifiers: {name: a}\n  attrs:\n    attributes: "+test.expression+"\n")
			if conditions := file.Entries[0].Conditions; len(conditions) != 1 || !conditions[0].HasPending() {
				t.Errorf("got the conditions %v", conditions)
			}
			value := attributes(file)
			if !value.HasPending() {
				t.Fatalf("it is %v without a server", value.Plain())
			}
			for _, r := range value.References() {
				if r.Tag != tree.TagContext || r.Model != "" || r.Place.Line == 0 {
					t.Errorf("got the reference %+v", r)
				}
			}
			resolved, err := value.Resolve(answers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, resolved.Plain()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	own := readOne(t, blueprint.Options{}, "x.yaml", "context: {goauthentik.io/enterprise/licensed: false}\nentries:\n- model: "+stageModel+
		"\n  identifiers: {name: a}\n  attrs: {allow_show_password: !Context goauthentik.io/enterprise/licensed}\n")
	if got := attrs(t, own)["allow_show_password"]; got != false {
		t.Errorf("with the blueprint's own context it is %v", got)
	}
}

// TestWholeReference wants a reference with nothing around it to say so, with
// its condition as the server would store it.
func TestWholeReference(t *testing.T) {
	file := readOne(t, blueprint.Options{}, "x.yaml", "entries:\n- model: "+stageModel+"\n  identifiers: {name: a}\n  attrs:\n    configure_flow: !Find [authentik_flows.Flow, [slug, 12], [compatibility_mode, \"yes\"]]\n")
	value, _ := file.Entries[0].Attrs.Get("configure_flow")
	whole, isWhole := value.Data.(tree.WholeReference)
	if !isWhole {
		t.Fatalf("got %T", value.Data)
	}
	place := func(column int) tree.Place { return tree.Place{File: "x.yaml", Line: 5, Column: column} }
	want := tree.Reference{
		Place: place(21), Tag: tree.TagFind, Model: "authentik_flows.flow",
		Where: []tree.Condition{
			{Place: place(50), Field: "slug", Value: tree.Value{Place: place(57), Data: "12"}},
			{Place: place(62), Field: "compatibility_mode", Value: tree.Value{Place: place(83), Data: true}},
		},
	}
	if diff := cmp.Diff(want, whole.Whole()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestFailedLookup wants the lookup's own error, with the place of the
// reference.
func TestFailedLookup(t *testing.T) {
	gone := errors.New("no flow has the slug x")
	for _, expression := range []string{"!Find [authentik_flows.flow, [slug, x]]", "!If [true, !If [!Find [authentik_flows.flow, [slug, x]], null, null], null]"} {
		file := readOne(t, blueprint.Options{}, "x.yaml", "entries:\n- model: "+stageModel+"\n  identifiers: {name: a}\n  attrs:\n    configure_flow: "+expression+"\n")
		value, _ := file.Entries[0].Attrs.Get("configure_flow")
		_, err := value.Resolve(func(tree.Reference) (tree.Value, error) { return tree.Value{}, gone })
		var problem tree.Problem
		if !errors.Is(err, gone) || !errors.As(err, &problem) || problem.Place.Line != 5 {
			t.Errorf("%s: got %v", expression, err)
		}
	}
}

// TestPendingConditions wants conditions that need a server to stay for the
// plan.
func TestPendingConditions(t *testing.T) {
	file := readOne(t, blueprint.Options{}, "x.yaml", "entries:\n- model: "+stageModel+"\n  conditions: [true, !Find [authentik_flows.flow, [slug, x]]]\n  identifiers: {name: a}\n")
	if got := len(file.Entries[0].Conditions); got != 1 {
		t.Errorf("want 1 condition, got %d", got)
	}
}

// TestProblemWhenResolved wants what only an answer brings to light to be a
// problem with its place and path.
func TestProblemWhenResolved(t *testing.T) {
	file := readOne(t, blueprint.Options{}, "x.yaml", "entries:\n- model: "+stageModel+"\n  identifiers: {name: a}\n  attrs:\n    configure_flow: !AtIndex [!FindObject [authentik_flows.flow, [slug, x]], nothing]\n")
	value, _ := file.Entries[0].Attrs.Get("configure_flow")
	_, err := value.Resolve(func(tree.Reference) (tree.Value, error) { return tree.Value{Data: tree.Map{}}, nil })
	want := "x.yaml:5:21: entries[0].attrs.configure_flow: the mapping has no \"nothing\": want one of its keys, or a default"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
