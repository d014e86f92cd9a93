package observe_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/checkout"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/observe"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// keeper is a History in a new folder.
func keeper(t *testing.T, logged *strings.Builder) (h *observe.History, folder string) {
	t.Helper()
	folder = t.TempDir()
	opened, err := history.Open(folder, "https://auth.example.com")
	if err != nil {
		t.Fatal(err)
	}
	events, err := opened.Log()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = events.Close(); _ = opened.Close() }) // once more does no harm
	return observe.NewHistory(events, zerolog.New(logged)), folder
}

func change(name string, action sync.Action) *sync.Change {
	return &sync.Change{Action: action, Model: "a.b", Name: name, PK: "1", Path: "entries[0]", Source: tree.Place{File: "folder/a.yaml", Line: 3, Column: 5}}
}

// Each change is kept with what it is for, and a failure once until it is another one.
func TestHistory(t *testing.T) {
	var logged strings.Builder
	h, folder := keeper(t, &logged)
	asked := 0
	h.Head = func(folder string) checkout.Head {
		asked++
		return checkout.Head{Commit: strings.Repeat("a", 40) + folder}
	}
	pass := func(trigger sync.Trigger, results ...sync.Result) {
		made := &sync.Pass{Trigger: trigger, Plan: &sync.Plan{}}
		h.Planned(made)
		for _, result := range results {
			h.Changed(result)
		}
		h.Passed(made)
	}
	edited, removed := change("edited", sync.Update), change("removed", sync.Delete)
	edited.Edited = true
	removed.Path = ""
	secret := change("secret", sync.Update)
	secret.Fields = []sync.FieldChange{{Name: "key", Before: "hidden", After: "hidden too", Sensitive: true}, {Name: "long", Before: strings.Repeat("x", 5000), After: int64(1)}}
	created := change("created", sync.Create)
	created.PK = ""
	broken := change("broken", sync.Update)
	fails := func(why string) sync.Result {
		return sync.Result{Change: broken, Outcome: sync.Failed, Err: errors.New(why)}
	}
	pass(sync.TriggerStart, sync.Result{Change: created, Outcome: sync.Done, PK: "7"}, sync.Result{Change: secret, Outcome: sync.Done})
	pass(sync.TriggerFile, sync.Result{Change: edited, Outcome: sync.Done}, fails("no"), sync.Result{Change: secret, Outcome: sync.Skipped})
	pass(sync.TriggerInterval, fails("no"), sync.Result{Change: secret, Outcome: sync.Already})
	pass(sync.TriggerInterval, fails("never"), sync.Result{Change: change("drifted", sync.Update), Outcome: sync.Done}, sync.Result{Change: removed, Outcome: sync.Done})

	var got []string
	damaged, err := history.Read(folder, func(e *history.Event) error {
		got = append(got, strings.Join([]string{e.Name, string(e.Trigger), string(e.Why), e.PK, string(e.Result), e.Error, strings.TrimLeft(e.Commit, "a")}, " "))
		return nil
	})
	if err != nil || damaged > 0 {
		t.Fatal(damaged, err)
	}
	want := []string{
		"created start first_pass 7 done  folder",
		"secret start first_pass 1 done  folder",
		"edited file edited 1 done  folder",
		"broken file drift 1 failed no folder",
		"broken interval drift 1 failed never folder",
		"drifted interval drift 1 done  folder",
		"removed interval removed 1 done  ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if asked != 3 {
		t.Errorf("the commit was asked for %d times in three passes that change something in one folder", asked)
	}
	last, err := history.Last(folder, history.Object{Model: "a.b", Name: "secret"}, 1)
	if err != nil || len(last) != 1 || len(last[0].Fields) != 2 {
		t.Fatal(last, err)
	}
	if key := last[0].Fields[0]; key.Before != "(sensitive)" || key.After != "(sensitive)" {
		t.Errorf("a secret is kept as %v", key)
	}
	if long, _ := last[0].Fields[1].Before.(string); !last[0].Fields[1].Folded || len(long) > 2100 || !strings.Contains(long, "…") {
		t.Errorf("a long value is kept as %d characters", len(long))
	}
	if logged.Len() > 0 {
		t.Errorf("it complains: %s", logged.String())
	}
}

// Where nothing can be kept, the daemon goes on and says so once.
func TestHistoryThatCannotBeKept(t *testing.T) {
	var logged strings.Builder
	h, _ := keeper(t, &logged)
	if err := h.Events.(*history.Log).Close(); err != nil {
		t.Fatal(err)
	}
	h.Head = func(string) checkout.Head { return checkout.Head{} }
	for range 3 {
		h.Changed(sync.Result{Change: change("x", sync.Update), Outcome: sync.Done})
	}
	if count := strings.Count(logged.String(), "the history of changes can't be kept"); count != 1 {
		t.Errorf("it says %d times that nothing can be kept: %s", count, filepath.ToSlash(logged.String()))
	}
}

// What refers to something that the same plan has created before it has that one's key and
// name, as they are known by then; of what was not created it is not.
func TestHistoryOfReferences(t *testing.T) {
	var logged strings.Builder
	h, folder := keeper(t, &logged)
	flow, stage, binding := change("login", sync.Create), change("password", sync.Create), change("login → password", sync.Create)
	flow.ID, stage.ID, binding.ID = 1, 2, 3
	flow.Model, flow.PK, stage.PK, binding.PK = "authentik_flows.flow", "", "", ""
	binding.Fields = []sync.FieldChange{
		{Name: "target", Refers: "authentik_flows.flow", After: tree.ID{Change: 1}},
		{Name: "stages", Refers: "authentik_flows.stage", After: []any{tree.ID{Change: 2}, "old"}},
	}
	made := &sync.Pass{Trigger: sync.TriggerFile, Plan: &sync.Plan{}}
	h.Planned(made)
	h.Changed(sync.Result{Change: flow, Outcome: sync.Done, PK: "f-key"})
	h.Changed(sync.Result{Change: stage, Outcome: sync.Failed, Err: errors.New("no")})
	h.Changed(sync.Result{Change: binding, Outcome: sync.Done, PK: "b-key"})
	h.Passed(made)
	var last history.Event
	if _, err := history.Read(folder, func(e *history.Event) error { last = *e; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := last.Fields[0].After; got != "f-key" {
		t.Errorf("the target is %v", got)
	}
	if got := last.Fields[1].After; got != nil || !last.Fields[1].KnownAfterApply {
		t.Errorf("the stages are %v", got)
	}
	if diff := cmp.Diff([]sync.SavedName{{Refers: "authentik_flows.flow", Key: "f-key", Model: "authentik_flows.flow", Name: "login", PK: "f-key"}}, last.Names); diff != "" {
		t.Error(diff)
	}
	if after := binding.Fields[0].After.(tree.ID); after.Known != nil {
		t.Errorf("the plan was changed: %+v", after)
	}
}
