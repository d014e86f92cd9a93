package sync_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// thousand gives entries of a thousand stages, each with a reference.
func thousand(t testing.TB, s *schema.Schema) sync.Desired {
	t.Helper()
	text := head
	for i := range 1000 {
		text += entry(fmt.Sprintf("name: stage-%04d", i),
			inbuilt+", configure_flow: !Find [authentik_flows.flow, [slug, default-password-change]]")
	}
	return read(t, s, map[string]string{"thousand.yaml": text})
}

// started is a reconciler for a fresh embedded server.
func started(t testing.TB, s *schema.Schema, desired sync.Desired) (*sync.Reconciler, *devserver.Server) {
	t.Helper()
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	return &sync.Reconciler{
		Schema: s, API: devtest.Client(t, server, devserver.DevToken), Parallelism: 8,
		Source: &sourceOf{read: &sync.Blueprints{Desired: desired}},
	}, server
}

// The cost follows the change: what a pass over a thousand objects asks of the
// server is a handful of pages, and one write for each change.
func TestRequestsOfAThousandObjects(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, thousand(t, s))
	// pass makes one and gives how many requests it took, by method.
	pass := func(change func()) map[string]int {
		t.Helper()
		change()
		before := server.Requests()
		if pass := reconciler.Apply(context.Background(), sync.TriggerInterval); pass.Verdict() != sync.Success {
			t.Fatalf("the pass is a %s: %v %v", pass.Verdict(), pass.Err, pass.Problems())
		}
		took := server.Requests()
		for method, count := range before {
			if took[method] -= count; took[method] == 0 {
				delete(took, method)
			}
		}
		return took
	}
	// The version, the flows, and one page of the stage that is there.
	if diff := cmp.Diff(map[string]int{"GET": 3, "POST": 1000}, pass(func() {})); diff != "" {
		t.Errorf("creating all (-want +took):\n%s", diff)
	}
	// The version, the flows, and six pages of 1001 stages.
	if diff := cmp.Diff(map[string]int{"GET": 8}, pass(func() {})); diff != "" {
		t.Errorf("without changes (-want +took):\n%s", diff)
	}
	drift := func() {
		for _, object := range server.All(stageModel)[1:11] {
			fields, _ := tree.FromJSON(map[string]any(object)).Plain().(map[string]any)
			fields["backends"] = []any{"authentik.core.auth.TokenBackend"}
			if _, err := server.Put(stageModel, fields["pk"].(string), fields); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"GET": 8, "PUT": 10}, pass(drift)); diff != "" {
		t.Errorf("ten objects drifted (-want +took):\n%s", diff)
	}
}

// liveThousand is what is live of the thousand; over changes the fields of each.
func liveThousand(over map[string]any) sync.Live {
	live := sync.Live{Version: "2025.10.4", Kinds: listings(map[string][]schema.Object{
		flowModel: {flow(flowPK, "default-password-change", "stage_configuration")},
	})}
	var stages []schema.Object
	for i := range 1000 {
		object := stage(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprintf("stage-%04d", i), map[string]any{"configure_flow": flowPK})
		maps.Copy(object, over)
		stages = append(stages, object)
	}
	live.Kinds[stageModel] = sync.Listing{Objects: stages}
	return live
}

// benchmarkPlan plans a thousand objects, as many of which change as is said.
func benchmarkPlan(b *testing.B, changes int, live sync.Live) {
	s := withIdentification(b)
	desired := thousand(b, s)
	b.ReportAllocs()
	for b.Loop() {
		plan := sync.MakePlan(s, desired, live)
		changed := 0
		for _, change := range plan.Changes {
			if change.Action == sync.Update && len(change.Fields) == 2 {
				changed++
			}
		}
		if len(plan.Changes) != 1000 || changed != changes {
			b.Fatal(sketch(plan)[:3])
		}
	}
}

func BenchmarkPlanThousand(b *testing.B) { benchmarkPlan(b, 0, liveThousand(nil)) }

// BenchmarkCompareThousand plans a thousand objects, all of which differ in two
// fields.
func BenchmarkCompareThousand(b *testing.B) {
	benchmarkPlan(b, 1000, liveThousand(map[string]any{"configure_flow": nil, "backends": []any{"authentik.core.auth.TokenBackend"}}))
}
