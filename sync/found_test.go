package sync_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// What somebody else has done meanwhile is right, and is not said to be done here.
func TestWhatIsFoundDone(t *testing.T) {
	s := withIdentification(t)
	const text = "- {model: " + stageModel + ", identifiers: {name: gone}, state: absent}\n" +
		"- {model: " + stageModel + ", identifiers: {name: a}, attrs: {" + inbuilt + "}}\n" +
		"- {model: " + stageModel + ", identifiers: {name: b}, attrs: {allow_show_password: true}}\n"
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + text}))
	for pk, name := range map[string]string{pk1: "gone", pk2: "b"} {
		if _, err := server.Put(stageModel, pk, map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
			t.Fatal(err)
		}
	}
	late := *reconciler
	late.OnPlan = func(*sync.Pass) {
		if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
			t.Fatalf("the pass before is %s: %v", pass.Verdict(), pass.Problems())
		}
	}
	pass := late.Apply(context.Background(), sync.TriggerRequest)
	if pass.Verdict() != sync.Success {
		t.Errorf("the pass is %s: %v", pass.Verdict(), outcomes(pass.Report))
	}
	if diff := cmp.Diff([]string{"create a already", "update b already", "delete gone already"}, outcomes(pass.Report)); diff != "" {
		t.Errorf("the outcomes (-want +got):\n%s", diff)
	}
	if tally := pass.Tally()[stageModel]; tally != (sync.Tally{InSync: 3}) {
		t.Errorf("the tally is %+v", tally)
	}
}

// blind is an API whose lists show nothing of a kind, as for a token that may not
// see its objects.
type blind struct {
	sync.API
	path string
}

func (b *blind) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if path == b.path {
		return nil, nil
	}
	return b.API.List(ctx, path, id, query, most)
}

// An object that the token can't see is what a name may be taken by, and so is one
// of another kind: the error says so.
func TestANameIsTakenByWhatCantBeSeen(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt)}))
	if _, err := server.Put(stageModel, pk1, map[string]any{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
		t.Fatal(err)
	}
	reconciler.API = &blind{reconciler.API, "stages/password"}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	got := strings.Join(outcomes(pass.Report), "; ")
	const want = `if the name "a" is taken, it is by a password stage that this token may not see, or an object of another kind, since each stage has a name of its own`
	if !strings.Contains(got, want) {
		t.Errorf("the outcome is %s", got)
	}
}

// silentUse is an API that does not say of one object what uses it.
type silentUse struct {
	sync.API
	key string
}

func (u *silentUse) UsedBy(ctx context.Context, path, key string) ([]schema.Object, error) {
	if key == u.key {
		return nil, errors.New("500 Internal Server Error")
	}
	return u.API.UsedBy(ctx, path, key)
}

// A look-up of what uses an object that fails stops that deletion, and what waits
// for it, and nothing else.
func TestAUseThatCantBeAskedFor(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head +
		entry("name: a", "", "state: absent") + entry("name: b", "", "state: absent") + entry("name: c", inbuilt)}))
	for pk, name := range map[string]string{pk1: "a", pk2: "b"} {
		if _, err := server.Put(stageModel, pk, map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
			t.Fatal(err)
		}
	}
	reconciler.API = &silentUse{reconciler.API, pk1}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	want := []string{
		"create c done", "delete b done",
		`a.yaml:3:3: entries[0]: what uses the password stage "a" can't be said, so it is left as it is: 500 Internal Server Error`,
	}
	if diff := cmp.Diff(want, append(outcomes(pass.Report), sketch(&sync.Plan{Problems: pass.Problems()})...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What goes in the same pass, or is given something else, does not count as a user.
func TestUsersThatGo(t *testing.T) {
	s := withIdentification(t)
	for name, text := range map[string]string{
		"deleted":         entry("name: a", "", "state: absent") + who("name: w", "", "state: absent"),
		"deleted, before": who("name: w", "", "state: absent") + entry("name: a", "", "state: absent"),
		"changed":         entry("name: a", "", "state: absent") + who("name: w", "password_stage: null, user_fields: [email]"),
	} {
		t.Run(name, func(t *testing.T) {
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + text}))
			if _, err := server.Put(stageModel, pk1, map[string]any{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := server.Put(identificationModel, pk2, map[string]any{"name": "w", "password_stage": pk1, "user_fields": []any{"email"}}); err != nil {
				t.Fatal(err)
			}
			pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
			if pass.Verdict() != sync.Success || len(pass.Report.Results) != 2 || pass.Report.Results[1].Change.Name != "a" {
				t.Errorf("the pass is %s: %v, %v", pass.Verdict(), outcomes(pass.Report), pass.Problems())
			}
		})
	}
}
