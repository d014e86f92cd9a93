package sync_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// A plan knows what the objects are called that its changes refer to, and a saved one
// knows it too.
func TestNames(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head +
		entry("name: a", inbuilt+", configure_flow: !Find [authentik_flows.flow, [slug, default-authentication-flow]]", "id: a") +
		`- {model: authentik_flows.flowstagebinding, identifiers: {target: !Find [authentik_flows.flow, [slug, default-authentication-flow]], stage: !KeyOf a, order: 5}}
`}))
	var flow schema.Object
	for _, object := range server.All(flowModel) {
		if object["slug"] == "default-authentication-flow" {
			flow = object
		}
	}
	key, _ := flow["pk"].(string)
	want := map[sync.Pointer]sync.Named{{Model: flowModel, Key: key}: {Model: flowModel, Title: "flow", Name: "default-authentication-flow", PK: key}}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if len(pass.Problems()) > 0 || !reflect.DeepEqual(pass.Plan.Names, want) {
		t.Errorf("the names are %v, want %v (%v)", pass.Plan.Names, want, pass.Problems())
	}
	restored, err := savedPlan(t, reconciler).Plan(s)
	if err != nil || !reflect.DeepEqual(restored.Names, want) {
		t.Errorf("the names saved are %v, want %v (%v)", restored.Names, want, err)
	}
	if last := restored.Changes[len(restored.Changes)-1]; !reflect.DeepEqual(last.Declared["stage"], tree.ID{Change: restored.Changes[0].ID}) {
		t.Errorf("the binding is of %v", last.Declared["stage"])
	}
}

// What is bound to a binding is called the same before that is made and after.
func TestNameOfABindingToABinding(t *testing.T) {
	s := withIdentification(t)
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head + `
- {model: authentik_flows.flow, id: f, identifiers: {slug: f}, attrs: {name: F, title: F, designation: authorization}}
- {model: authentik_stages_dummy.dummystage, id: s, identifiers: {name: s}}
- {model: authentik_policies_dummy.dummypolicy, id: p, identifiers: {name: p}}
- {model: authentik_flows.flowstagebinding, id: b, identifiers: {target: !KeyOf f, stage: !KeyOf s, order: 10}}
- {model: authentik_policies.policybinding, identifiers: {target: !KeyOf b, policy: !KeyOf p, order: 0}}
`}))
	for range 2 {
		pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
		if len(pass.Problems()) > 0 {
			t.Fatal(pass.Problems())
		}
		last := pass.Plan.Changes[len(pass.Plan.Changes)-1]
		if want := "f → s, order 10 → p, order 0"; last.Name != want {
			t.Errorf("to %s it is called %q, want %q", last.Action, last.Name, want)
		}
	}
}
