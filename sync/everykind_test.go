package sync_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aksync/aksync/internal/exemplar"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Every kind that the API creates is created, changed field by field, and deleted,
// and after each step nothing is left to do, whether objects are listed or asked for one
// by one. The embedded server takes what a real
// one takes, and turns down what that turns down.
func TestEveryKind(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	for _, kind := range s.Managed() {
		if !kind.Create || kind.Enterprise || exemplar.Untried(kind) != "" {
			continue
		}
		t.Run(kind.Model, func(t *testing.T) {
			reconciler, server := started(t, s, sync.Desired{})
			reconciler.Guards.AllowSelf = true // the embedded server knows one user, and gives him all tokens
			e := &everyKind{Exemplar: exemplar.Of(t, s, server, kind), t: t, schema: s, kind: kind}
			state := func(step string, fields map[string]any, state string, changes int) {
				t.Helper()
				e.settle(reconciler, step, e.entry(fields, state), changes)
			}
			least := e.Least()
			state("least", least, "present", 1)
			full := e.Fields(0, func(*schema.Field) bool { return true })
			state("full", full, "present", -1)
			other := e.Fields(1, func(*schema.Field) bool { return true })
			for _, field := range kind.Fields.Fields {
				if value, has := other[field.Name]; has && field.Shown() && !e.Names(field.Name) {
					full[field.Name] = value
					state("changing "+field.Name, full, "present", -1)
				}
			}
			state("deleting", full, "absent", 1)
		})
	}
}

// everyKind goes through the steps with objects of one kind.
type everyKind struct {
	*exemplar.Exemplar
	t      *testing.T
	schema *schema.Schema
	kind   *schema.Kind
}

// entry is a blueprint of the one object.
func (e *everyKind) entry(fields map[string]any, state string) string {
	identifiers, attrs := map[string]any{}, map[string]any{}
	for name, value := range fields {
		if e.Names(name) {
			identifiers[name] = value
		} else {
			attrs[name] = value
		}
	}
	text, err := json.Marshal(map[string]any{"version": 1, "entries": []any{map[string]any{
		"model": e.kind.Model, "state": state, "identifiers": identifiers, "attrs": attrs,
	}}})
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// settle applies a blueprint and plans it again: nothing is left to do. changes is
// how many there have to be, -1 for any number.
func (e *everyKind) settle(reconciler *sync.Reconciler, step, text string, changes int) {
	e.t.Helper()
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(e.t, e.schema, map[string]string{"a.yaml": text})}}
	reconciler.Guards.AllowInUse = true
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || pass.Verdict() != sync.Success {
		e.t.Fatalf("%s: the pass is %s: %v %v %v\n%s", step, pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report), text)
	}
	if changes >= 0 && len(pass.Report.Results) != changes {
		e.t.Fatalf("%s: %d changes, want %d", step, len(pass.Report.Results), changes)
	}
	api := reconciler.API
	defer func() { reconciler.API = api }()
	for _, reconciler.API = range []sync.API{api, crowded{API: api}} {
		again := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if again.Err != nil || again.Plan.HasChanges() || len(again.Plan.Problems) > 0 {
			e.t.Fatalf("%s: the next plan is not empty: %v %v", step, sketch(again.Plan), again.Err)
		}
	}
}
