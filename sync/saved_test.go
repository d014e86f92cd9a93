package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/sync"
)

// savedPlan plans and saves, and reads the saved plan again.
func savedPlan(t *testing.T, reconciler *sync.Reconciler) *sync.SavedPlan {
	t.Helper()
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	var file, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&file, &again} {
		if err := pass.Plan.Save(w, "https://auth.example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if file.String() != again.String() {
		t.Error("the same plan is saved as other bytes")
	}
	saved, err := sync.LoadPlan(&file)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestSavedPlan(t *testing.T) {
	put := func(t *testing.T, server *devserver.Server, pk, name string, attempts int64) {
		t.Helper()
		fields := map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}, "failed_attempts_before_cancel": attempts}
		if _, err := server.Put(stageModel, pk, fields); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name     string
		meantime func(t *testing.T, server *devserver.Server)
		partial  bool
		want     []string
		refused  bool
	}{
		{
			name:     "what was planned is done",
			meantime: func(*testing.T, *devserver.Server) {},
			want:     []string{"update a done", "create new done", "delete b done"},
		},
		{
			name:     "an object that has moved is named, and nothing is done",
			meantime: func(t *testing.T, server *devserver.Server) { put(t, server, pk1, "a", 9) },
			want: []string{
				"nothing is changed, since something has moved since the plan was made: make it again, or do the rest with --partial",
				`a.yaml:3:3: entries[0]: the password stage "a" has moved since the plan was made: failed_attempts_before_cancel was 5 and is 9`},
			refused: true,
		},
		{
			name:     "or the rest is done",
			meantime: func(t *testing.T, server *devserver.Server) { put(t, server, pk1, "a", 9) },
			partial:  true,
			want: []string{"create new done", "delete b done",
				`a.yaml:3:3: entries[0]: the password stage "a" has moved since the plan was made: failed_attempts_before_cancel was 5 and is 9`},
		},
		{
			name: "an object that is gone, and one that is there now",
			meantime: func(t *testing.T, server *devserver.Server) {
				server.Remove(stageModel, pk2)
				put(t, server, pk3, "new", 5)
			},
			partial: true,
			want: []string{"update a done",
				`a.yaml:4:3: entries[1]: the password stage "b" has moved since the plan was made: it is gone`,
				`a.yaml:5:3: entries[2]: the password stage "new" has moved since the plan was made: it exists now`},
		},
		{
			name: "one that somebody has begun to use",
			meantime: func(t *testing.T, server *devserver.Server) {
				flow, _ := server.All(flowModel)[0]["pk"].(string)
				if err := server.Bind(stageModel, pk2, flow, 7); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"update a done", "create new done",
				`a.yaml:4:3: entries[1]: the password stage "b" is used by Flow Welcome to authentik! (default-authentication-flow), ` +
					`and would be missing there: take it out first, or allow it with --allow-in-use`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head +
				entry("name: a", "failed_attempts_before_cancel: 3") + entry("name: b", "", "state: absent") + entry("name: new", inbuilt)}))
			put(t, server, pk1, "a", 5)
			put(t, server, pk2, "b", 5)
			saved := savedPlan(t, reconciler)
			tt.meantime(t, server)
			pass := reconciler.ApplySaved(context.Background(), saved, tt.partial)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			if (pass.Report == nil) != tt.refused {
				t.Fatalf("the refusal is %q", pass.Plan.Refusal)
			}
			var got []string
			if pass.Report != nil {
				got = outcomes(pass.Report)
			}
			got = append(got, sketch(&sync.Plan{Problems: pass.Problems()})...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSavedPlanIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "this is no saved plan",
		"{}":                   `has the format ""`,
		`{"aksync_plan": "9"}`: `has the format "9"`,
		`{"bogus": 1}`:         "bogus",
	} {
		if _, err := sync.LoadPlan(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", text, err, want)
		}
	}
	s := withIdentification(t)
	reconciler, _ := started(t, s, sync.Desired{})
	for _, tt := range []struct {
		saved sync.SavedPlan
		want  string
	}{
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: "a.b"}}}, "does not manage"},
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: flowModel}}}, "does not manage"},
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: stageModel, After: []int{0}}}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: stageModel, After: []int{-1}}}}, "damaged"},
	} {
		if pass := reconciler.ApplySaved(context.Background(), &tt.saved, false); pass.Err == nil || !strings.Contains(fmt.Sprint(pass.Err), tt.want) {
			t.Errorf("the error is %v, want %q", pass.Err, tt.want)
		}
	}
}

// What is known only after apply can't be saved, and is said to be so.
func TestSavedPlanNeedsKnownValues(t *testing.T) {
	s := withIdentification(t)
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: secret", inbuilt, "id: s") +
		"- {model: " + identificationModel + ", identifiers: {name: who}, attrs: {password_stage: !KeyOf s}}\n"}))
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	err := pass.Plan.Save(&bytes.Buffer{}, "")
	if err == nil || !strings.Contains(err.Error(), "a.yaml:4:114: entries[1].attrs.password_stage: is known only after apply") {
		t.Errorf("the error is %v", err)
	}
}
