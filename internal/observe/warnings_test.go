package observe

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// warned is a pass with a warning of a file and one of the plan.
func warned() *sync.Pass {
	return &sync.Pass{
		Blueprints: &sync.Blueprints{
			Files: []sync.Blueprint{{Path: "a.yaml", State: tree.Valid, Warnings: tree.Problems{{
				Place: tree.Place{File: "a.yaml", Line: 3, Column: 5}, Path: "entries[0].attrs.x", Message: "is given twice",
			}}}},
			Unmanaged: map[string]int{"authentik_events.event": 1}, Why: map[string]string{"authentik_events.event": "it goes by itself"},
		},
		Plan: &sync.Plan{Warnings: tree.Problems{{Message: "the server is odd"}}},
	}
}

// TestLogOfWarnings wants each warning to be told once, and again when it has gone and
// come back.
func TestLogOfWarnings(t *testing.T) {
	var out bytes.Buffer
	log := &Log{Log: zerolog.New(&out)}
	log.Planned(warned())
	log.Planned(warned())
	want := `{"level":"warn","message":"the server is odd"}
{"level":"warn","message":"a.yaml:3:5: entries[0].attrs.x: is given twice"}
{"level":"info","message":"1 entry of a model that aksync does not manage is left alone: authentik_events.event (1): it goes by itself."}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	log.Planned(&sync.Pass{Blueprints: &sync.Blueprints{}, Plan: &sync.Plan{}})
	out.Reset()
	log.Planned(warned())
	if !strings.Contains(out.String(), "is given twice") {
		t.Errorf("a warning that came back is not told: %s", out.String())
	}
}

// TestPageOfWarnings wants warnings beside the file that they are in.
func TestPageOfWarnings(t *testing.T) {
	page := NewPage(metrics.Status{}, func() time.Duration { return 0 })
	page.Passed(warned())
	want := []metrics.Blueprint{{File: "a.yaml", State: tree.Valid, Warnings: []string{"a.yaml:3:5: entries[0].attrs.x: is given twice"}}}
	if diff := cmp.Diff(want, page.Status().Blueprints); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPageHidesSecrets wants values that nobody is to see not to be on the page.
func TestPageHidesSecrets(t *testing.T) {
	lines := fewLines(report.NewNames(&sync.Plan{}), &sync.Change{Action: sync.Update, Fields: []sync.FieldChange{
		{Name: "client_secret", Before: "hidden", After: "hidden", Sensitive: true},
		{Name: "key_data", After: "hidden", Sensitive: true, WriteOnly: true},
	}})
	if diff := cmp.Diff([]report.Line{{Sign: "~", Text: "client_secret: (sensitive)"}, {Sign: "~", Text: "key_data: (write-only) -> (sensitive)"}}, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
