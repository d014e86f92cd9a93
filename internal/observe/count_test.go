package observe

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/sync"
)

// TestCount wants the objects and changes of each model that blueprints declare, at
// 0 before its first change and after its last object, and none of other models.
func TestCount(t *testing.T) {
	const flow, group, user = "authentik_flows.flow", "authentik_core.group", "authentik_core.user"
	m := metrics.New("1", "a")
	c := NewCount(m)
	create := &sync.Change{Action: sync.Create, Model: flow}
	pass := &sync.Pass{Trigger: sync.TriggerStart, Plan: &sync.Plan{
		Changes: []*sync.Change{create, {Action: sync.NoOp, Model: group}}, Failed: map[string]int{user: 2},
	}}
	c.Planned(pass)
	before := series(t, m)
	for _, model := range []string{flow, group, user} {
		if value, has := before["changes "+model+" create success"]; !has || value != 0 {
			t.Errorf("before its first change %s has the series %v", model, before)
		}
	}
	result := sync.Result{Change: create, Outcome: sync.Done}
	c.Changed(result)
	pass.Report = &sync.Report{Results: []sync.Result{result}}
	c.Passed(pass)
	want := map[string]float64{"changes " + flow + " create success": 1, "objects " + flow + " in_sync": 1, "objects " + group + " in_sync": 1, "objects " + user + " failed": 2}
	if diff := cmp.Diff(want, positive(series(t, m))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	c.Passed(&sync.Pass{Plan: &sync.Plan{}})
	if diff := cmp.Diff(map[string]float64{"changes " + flow + " create success": 1}, positive(series(t, m))); diff != "" {
		t.Errorf("without blueprints (-want +got):\n%s", diff)
	}
	if len(series(t, m)) != len(before) {
		t.Error("series go, or come later than the plan")
	}
}

// TestCountOfWhatNobodyDeclares wants the models of which it is known, none of which it
// is not known any more, and what was known where a pass could not be made.
func TestCountOfWhatNobodyDeclares(t *testing.T) {
	const group, user = "unmanaged authentik_core.group", "unmanaged authentik_core.user"
	m := metrics.New("1", "a")
	c := NewCount(m)
	for _, step := range []struct {
		plan *sync.Plan
		want map[string]float64
	}{
		{&sync.Plan{Surveyed: &sync.Surveyed{Counts: map[string]int{"authentik_core.group": 2, "authentik_core.user": 0}}}, map[string]float64{group: 2, user: 0}},
		{nil, map[string]float64{group: 2, user: 0}},
		{&sync.Plan{Surveyed: &sync.Surveyed{Counts: map[string]int{"authentik_core.user": 5}}}, map[string]float64{user: 5}},
		{&sync.Plan{}, map[string]float64{}},
	} {
		c.Passed(&sync.Pass{Plan: step.plan})
		if diff := cmp.Diff(step.want, series(t, m)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func positive(series map[string]float64) map[string]float64 {
	some := maps.Clone(series)
	maps.DeleteFunc(some, func(_ string, value float64) bool { return value == 0 })
	return some
}

// series are those with a model, by their name's last word and their labels.
func series(t *testing.T, m *metrics.Metrics) map[string]float64 {
	t.Helper()
	families, err := prometheus.Gatherer(m.Gatherer()).Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			switch family.GetName() {
			case "aksync_objects":
				found["objects "+labels["model"]+" "+labels["state"]] = metric.GetGauge().GetValue()
			case "aksync_unmanaged_objects":
				found["unmanaged "+labels["model"]] = metric.GetGauge().GetValue()
			case "aksync_changes_total":
				found["changes "+labels["model"]+" "+labels["action"]+" "+labels["result"]] = metric.GetCounter().GetValue()
			}
		}
	}
	return found
}
