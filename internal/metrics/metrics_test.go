package metrics

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const model = "authentik_stages_password.passwordstage"

// exercised are metrics of which each method has been called.
func exercised() *Metrics {
	m := New("1.2.3", "abcdef0")
	m.InitModel(model)
	m.ObserveSync(sync.TriggerStart, sync.Success, time.Unix(1000, 0), 1500*time.Millisecond)
	m.SetObjects(model, sync.Tally{InSync: 5, Drifted: 2, Amiss: 1})
	m.AddChange(model, sync.Update, true)
	m.SetBlueprints(func(state tree.FileState) int {
		return map[tree.FileState]int{tree.Valid: 3, tree.Invalid: 1, tree.Disabled: 2}[state]
	})
	m.SetContested(1)
	m.SetUnmanaged(map[string]int{model: 4, "authentik_core.group": 1})
	m.DropUnmanaged("authentik_core.group")
	m.SetLeader(true)
	m.ObserveRequest("GET", "/stages/password/{pk}/", "200", 45*time.Millisecond)
	m.ObserveRequest("GET", "/stages/password/{pk}/", CodeError, time.Second)
	m.AddWatchEvent()
	return m
}

// contract is the table of metrics that users rely on.
var contract = map[string]string{
	"aksync_build_info":                     "GAUGE goversion,revision,version",
	"aksync_syncs_total":                    "COUNTER result,trigger",
	"aksync_sync_duration_seconds":          "HISTOGRAM ",
	"aksync_last_sync_timestamp_seconds":    "GAUGE ",
	"aksync_last_success_timestamp_seconds": "GAUGE ",
	"aksync_objects":                        "GAUGE model,state",
	"aksync_changes_total":                  "COUNTER action,model,result",
	"aksync_blueprints":                     "GAUGE state",
	"aksync_api_requests_total":             "COUNTER code,endpoint,method",
	"aksync_api_request_duration_seconds":   "HISTOGRAM endpoint,method",
	"aksync_watch_events_total":             "COUNTER ",
	// Beyond the contract:
	"aksync_unmanaged_objects": "GAUGE model",
	"aksync_contested_fields":  "GAUGE ",
	"aksync_leader":            "GAUGE ",
}

// The labels are exactly these, so none can hold an object's or a file's name.
func TestMetricsAreTheContracts(t *testing.T) {
	families, err := exercised().Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var runtimes []string
	for _, family := range families {
		prefix, _, _ := strings.Cut(family.GetName(), "_")
		if prefix != namespace {
			runtimes = append(runtimes, prefix)
			continue
		}
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, pair := range metric.GetLabel() {
				labels = append(labels, pair.GetName())
			}
			slices.Sort(labels)
			entry := family.GetType().String() + " " + strings.Join(labels, ",")
			if known, ok := got[family.GetName()]; ok && known != entry {
				t.Errorf("%s has series of different shapes: %s and %s", family.GetName(), known, entry)
			}
			got[family.GetName()] = entry
		}
	}
	if diff := cmp.Diff(contract, got); diff != "" {
		t.Errorf("metrics (-contract +served):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"go", "process"}, slices.Compact(runtimes)); diff != "" {
		t.Errorf("beside aksync's own (-want +got):\n%s", diff)
	}
}

func TestLint(t *testing.T) {
	problems, err := testutil.GatherAndLint(exercised().Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestValues(t *testing.T) {
	m := exercised()
	m.ObserveSync(sync.TriggerFile, sync.Partial, time.Unix(2000, 0), time.Second)
	m.ObserveSync(sync.TriggerFile, sync.Unmade, time.Unix(3000, 0), time.Second)
	want := `
# HELP aksync_api_requests_total Requests to authentik's API, by status code, or error where there was no answer.
# TYPE aksync_api_requests_total counter
aksync_api_requests_total{code="200",endpoint="/stages/password/{pk}/",method="GET"} 1
aksync_api_requests_total{code="error",endpoint="/stages/password/{pk}/",method="GET"} 1
# HELP aksync_blueprints Blueprint files.
# TYPE aksync_blueprints gauge
aksync_blueprints{state="disabled"} 2
aksync_blueprints{state="invalid"} 1
aksync_blueprints{state="valid"} 3
# HELP aksync_build_info Always 1; the labels say which build of aksync this is.
# TYPE aksync_build_info gauge
aksync_build_info{goversion="` + runtime.Version() + `",revision="abcdef0",version="1.2.3"} 1
# HELP aksync_changes_total Changes to objects in authentik.
# TYPE aksync_changes_total counter
aksync_changes_total{action="create",model="authentik_stages_password.passwordstage",result="failure"} 0
aksync_changes_total{action="create",model="authentik_stages_password.passwordstage",result="success"} 0
aksync_changes_total{action="delete",model="authentik_stages_password.passwordstage",result="failure"} 0
aksync_changes_total{action="delete",model="authentik_stages_password.passwordstage",result="success"} 0
aksync_changes_total{action="update",model="authentik_stages_password.passwordstage",result="failure"} 0
aksync_changes_total{action="update",model="authentik_stages_password.passwordstage",result="success"} 1
# HELP aksync_last_success_timestamp_seconds When the last pass without any failure ended, as Unix time; 0 before the first.
# TYPE aksync_last_success_timestamp_seconds gauge
aksync_last_success_timestamp_seconds 1001.5
# HELP aksync_last_sync_timestamp_seconds When the last pass ended, as Unix time; 0 before the first.
# TYPE aksync_last_sync_timestamp_seconds gauge
aksync_last_sync_timestamp_seconds 3001
# HELP aksync_objects Objects that blueprints declare, as the last pass left them.
# TYPE aksync_objects gauge
aksync_objects{model="authentik_stages_password.passwordstage",state="drifted"} 2
aksync_objects{model="authentik_stages_password.passwordstage",state="failed"} 1
aksync_objects{model="authentik_stages_password.passwordstage",state="in_sync"} 5
# HELP aksync_syncs_total Passes over all blueprints, by what set them off and how they ended.
# TYPE aksync_syncs_total counter
aksync_syncs_total{result="failure",trigger="file"} 1
aksync_syncs_total{result="failure",trigger="interval"} 0
aksync_syncs_total{result="failure",trigger="request"} 0
aksync_syncs_total{result="failure",trigger="start"} 0
aksync_syncs_total{result="partial",trigger="file"} 1
aksync_syncs_total{result="partial",trigger="interval"} 0
aksync_syncs_total{result="partial",trigger="request"} 0
aksync_syncs_total{result="partial",trigger="start"} 0
aksync_syncs_total{result="success",trigger="file"} 0
aksync_syncs_total{result="success",trigger="interval"} 0
aksync_syncs_total{result="success",trigger="request"} 0
aksync_syncs_total{result="success",trigger="start"} 1
# HELP aksync_watch_events_total File events on watched paths, before they are gathered into passes.
# TYPE aksync_watch_events_total counter
aksync_watch_events_total 1
`
	err := testutil.GatherAndCompare(m.Gatherer(), strings.NewReader(want),
		"aksync_api_requests_total", "aksync_blueprints", "aksync_build_info", "aksync_changes_total",
		"aksync_last_success_timestamp_seconds", "aksync_last_sync_timestamp_seconds", "aksync_objects",
		"aksync_syncs_total", "aksync_watch_events_total")
	if err != nil {
		t.Error(err)
	}
}

func TestDurations(t *testing.T) {
	families, err := exercised().Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	type sample struct {
		Count uint64
		Sum   float64
	}
	got := map[string]sample{}
	for _, family := range families {
		if h := family.GetMetric()[0].GetHistogram(); h != nil && strings.HasPrefix(family.GetName(), namespace) {
			got[family.GetName()] = sample{h.GetSampleCount(), h.GetSampleSum()}
		}
	}
	want := map[string]sample{
		"aksync_sync_duration_seconds":        {1, 1.5},
		"aksync_api_request_duration_seconds": {2, 1.045},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
