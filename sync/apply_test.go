package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	gosync "sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const identificationModel = "authentik_stages_identification.identificationstage"

// outcomes gives each result in a few words.
func outcomes(report *sync.Report) []string {
	lines := []string{}
	for _, result := range report.Results {
		line := string(result.Change.Action) + " " + result.Change.Name + " " + string(result.Outcome)
		if result.Err != nil {
			line += ": " + result.Err.Error()
		}
		lines = append(lines, line)
	}
	return lines
}

// A kind that the schema has only from a test's CUE file is planned, created
// with the primary key of what was created before it, updated and deleted;
// what waits for a failure is skipped and names it.
func TestApplyDependents(t *testing.T) {
	s := withIdentification(t)
	identification := func(name, stage string) string {
		return "- {model: " + identificationModel + ", identifiers: {name: " + name + "}, attrs: {user_fields: [email], password_stage: " + stage + "}}\n"
	}
	desired := read(t, s, map[string]string{
		"a.yaml": head + identification("who", "!Find ["+stageModel+", [name, secret]]"),
		"b.yaml": head + entry("name: secret", inbuilt) +
			entry("name: default-authentication-login", inbuilt, "id: taken") + identification("orphan", "!KeyOf taken"),
	})
	reconciler, server := started(t, s, desired)
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	got := outcomes(pass.Report)
	want := []string{
		"create secret done",
		"create who done",
		"create default-authentication-login failed: POST /api/v3/stages/password/: 400 Bad Request: name: stage with this name already exists." +
			`: if the name "default-authentication-login" is taken, it is by a password stage that this token may not see, or an object of another kind, since each stage has a name of its own`,
		`create orphan skipped: skipped, since the password stage "default-authentication-login" failed, which it waits for`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the outcomes (-want +got):\n%s", diff)
	}
	var secret any
	for _, object := range server.All(stageModel) {
		if object["name"] == "secret" {
			secret = object["pk"]
		}
	}
	if who := named(server.All(identificationModel), "who"); len(who) != 1 || who[0]["password_stage"] != secret {
		t.Errorf("the identification stages are %v, want one that refers to %v", who, secret)
	}
	tally := pass.Tally()
	if tally[stageModel] != (sync.Tally{InSync: 1, Amiss: 1}) || tally[identificationModel] != (sync.Tally{InSync: 1, Amiss: 1}) {
		t.Errorf("the tally is %v", tally)
	}
}

// bundles is a kind whose objects each refer to several others.
var bundles = fstest.MapFS{"bundle.cue": {Data: []byte(`package schema
kinds: "authentik_x.bundle": {
	title: "bundle", managed: true, path: "x/bundles", key: "name"
	fields: {
		name: {type: "text", min: 1, required: true, trim: true}
		stages: {type: "list", set: true, element: type: "uuid", refers: "authentik_stages_password.passwordstage", default: []}
	}
	readOnly: pk: type: "uuid"
}`)}}

// An object waits for all that it refers to, also where there are more such
// objects than changes at a time.
func TestApplyWaitsForEachReference(t *testing.T) {
	s, err := schema.Load(bundles)
	if err != nil {
		t.Fatal(err)
	}
	text := head
	for i := range 4 {
		text += fmt.Sprintf("- {model: authentik_x.bundle, identifiers: {name: b%d}, attrs: {stages: "+
			"[!Find [%[2]s, [name, first]], !Find [%[2]s, [name, second]]]}}\n", i, stageModel)
	}
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text + entry("name: second", inbuilt) + entry("name: first", inbuilt)}))
	reconciler.Parallelism = 2
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Err != nil || pass.Verdict() != sync.Success || len(server.All("authentik_x.bundle")) != 4 {
		t.Fatalf("the pass is %s: %v %v %v", pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report))
	}
}

// tampered is an API whose writes or reads a test gets in the way of.
type tampered struct {
	sync.API
	beforeCreate, beforeUpdate func(body schema.Object) error
	afterUpdate                func(answer schema.Object, err error) (schema.Object, error)
}

func (a *tampered) Create(ctx context.Context, path string, body schema.Object) (schema.Object, error) {
	if a.beforeCreate != nil {
		if err := a.beforeCreate(body); err != nil {
			return nil, err
		}
	}
	return a.API.Create(ctx, path, body)
}

func (a *tampered) Update(ctx context.Context, path, key string, body schema.Object) (schema.Object, error) {
	if a.beforeUpdate != nil {
		if err := a.beforeUpdate(body); err != nil {
			return nil, err
		}
	}
	answer, err := a.API.Update(ctx, path, key, body)
	if a.afterUpdate != nil {
		return a.afterUpdate(answer, err)
	}
	return answer, err
}

// unknownOutcome is a write that got no answer.
type unknownOutcome struct{}

func (unknownOutcome) Error() string         { return "no answer" }
func (unknownOutcome) NotFound() bool        { return false }
func (unknownOutcome) Validation() bool      { return false }
func (unknownOutcome) Rejected() bool        { return false }
func (unknownOutcome) MayHaveHappened() bool { return true }
func (unknownOutcome) NoAnswer() bool        { return true }

func TestApplyWhileOthersWrite(t *testing.T) {
	const model = stageModel
	s := withIdentification(t)
	type world struct {
		*tampered
		server *devserver.Server
	}
	set := func(t *testing.T, w world, pk string, fields map[string]any) {
		t.Helper()
		all := map[string]any{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}}
		for field, value := range fields {
			all[field] = value
		}
		if _, err := w.server.Put(model, pk, all); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		attrs  string
		live   bool
		tamper func(t *testing.T, w world)
		want   []string
		end    map[string]any
	}{
		{
			name: "what is not declared is read just before the PUT", attrs: "failed_attempts_before_cancel: 3", live: true,
			tamper: func(t *testing.T, w world) {
				w.retrieved(func() { set(t, w, pk1, map[string]any{"backends": []any{"authentik.core.auth.TokenBackend"}}) })
			},
			want: []string{"update a done"},
			end:  map[string]any{"failed_attempts_before_cancel": int64(3), "backends": []any{"authentik.core.auth.TokenBackend"}},
		},
		{
			name: "an object that somebody has deleted meanwhile is an error", attrs: "failed_attempts_before_cancel: 3", live: true,
			tamper: func(_ *testing.T, w world) { w.retrieved(func() { w.server.Remove(model, pk1) }) },
			want: []string{"update a failed: somebody else has deleted the password stage meanwhile: the next pass looks again: " +
				"GET /api/v3/stages/password/" + pk1 + "/: 404 Not Found: No PasswordStage matches the given query."},
		},
		{
			name: "a field that the server does not take is an error", attrs: "allow_show_password: true, " + inbuilt, live: true,
			tamper: func(_ *testing.T, w world) {
				w.beforeUpdate = func(body schema.Object) error { delete(body, "allow_show_password"); return nil }
			},
			want: []string{"update a failed: the server did not take allow_show_password: it answered allow_show_password false"},
			end:  map[string]any{"allow_show_password": false},
		},
		{
			name: "a PUT without an answer is repeated if nothing has moved", attrs: "failed_attempts_before_cancel: 3, " + inbuilt, live: true,
			tamper: func(_ *testing.T, w world) {
				var once gosync.Once
				w.beforeUpdate = func(schema.Object) (err error) {
					once.Do(func() { err = unknownOutcome{} })
					return err
				}
			},
			want: []string{"update a done"},
			end:  map[string]any{"failed_attempts_before_cancel": int64(3)},
		},
		{
			name: "a PUT without an answer is not repeated over somebody else's change", attrs: "failed_attempts_before_cancel: 3, " + inbuilt, live: true,
			tamper: func(t *testing.T, w world) {
				w.beforeUpdate = func(schema.Object) error {
					set(t, w, pk1, map[string]any{"failed_attempts_before_cancel": int64(9)})
					return unknownOutcome{}
				}
			},
			want: []string{"update a failed: no answer; somebody else has changed it meanwhile: the next pass looks again"},
			end:  map[string]any{"failed_attempts_before_cancel": int64(9)},
		},
		{
			name: "a PUT whose answer was lost is looked up", attrs: "failed_attempts_before_cancel: 3, " + inbuilt, live: true,
			tamper: func(t *testing.T, w world) {
				times := 0
				w.afterUpdate = func(schema.Object, error) (schema.Object, error) {
					if times++; times > 1 {
						t.Error("the PUT was repeated")
					}
					return nil, unknownOutcome{}
				}
			},
			want: []string{"update a done"},
			end:  map[string]any{"failed_attempts_before_cancel": int64(3)},
		},
		{
			name: "a creation that meets the object takes it over", attrs: "failed_attempts_before_cancel: 3, " + inbuilt,
			tamper: func(t *testing.T, w world) {
				w.beforeCreate = func(schema.Object) error {
					set(t, w, pk1, map[string]any{"allow_show_password": true})
					return nil
				}
			},
			want: []string{"create a done"},
			end:  map[string]any{"failed_attempts_before_cancel": int64(3), "allow_show_password": true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", tt.attrs)}))
			w := world{&tampered{API: reconciler.API}, server}
			reconciler.API = w.tampered
			if tt.live {
				set(t, w, pk1, nil)
			}
			tt.tamper(t, w)
			pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			if diff := cmp.Diff(tt.want, outcomes(pass.Report)); diff != "" {
				t.Errorf("the outcomes (-want +got):\n%s", diff)
			}
			live := stages(server, s.Kind(model))["a"]
			for field, want := range tt.end {
				if diff := cmp.Diff(want, live[field]); diff != "" {
					t.Errorf("%s in the end (-want +got):\n%s", field, diff)
				}
			}
		})
	}
}

// retrieved calls do before the first GET of a single object.
func (a *tampered) retrieved(do func()) {
	var once gosync.Once
	a.API = &retrieving{a.API, func() { once.Do(do) }}
}

type retrieving struct {
	sync.API
	before func()
}

func (r *retrieving) Retrieve(ctx context.Context, path, key string) (schema.Object, error) {
	r.before()
	return r.API.Retrieve(ctx, path, key)
}

// When a pass is ended the change under way is finished, and the rest skipped.
func TestApplyEndsAfterTheChangeUnderWay(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt) + entry("name: b", inbuilt)}))
	ctx, end := context.WithCancel(context.Background())
	reconciler.API = &tampered{API: reconciler.API, beforeCreate: func(schema.Object) error { end(); return nil }}
	reconciler.Parallelism = 1
	pass := reconciler.Apply(ctx, sync.TriggerInterval)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	done, skipped := pass.Report.Count(sync.Done), pass.Report.Count(sync.Skipped)
	if done != 1 || skipped != 1 {
		t.Errorf("%d changes are done and %d skipped: %v", done, skipped, outcomes(pass.Report))
	}
	if created := len(server.All(stageModel)) - 1; created != 1 {
		t.Errorf("%d stages were created", created)
	}
}

// Where the server has gone away, the rest is left to the next pass.
func TestApplyGivesUp(t *testing.T) {
	s := withIdentification(t)
	reconciler, _ := started(t, s, thousand(t, s))
	var tried atomic.Int32
	reconciler.API = &tampered{API: reconciler.API, beforeCreate: func(schema.Object) error { tried.Add(1); return unreached{} }}
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Err != nil || !pass.Report.GaveUp || tried.Load() > 20 || pass.Report.Count(sync.Skipped) < 980 {
		t.Fatalf("%d changes were tried, %d skipped: %v", tried.Load(), pass.Report.Count(sync.Skipped), pass.Err)
	}
	if last := outcomes(pass.Report)[999]; !strings.HasSuffix(last, "skipped, since the server does not answer any more: the next pass goes on") {
		t.Errorf("the last change is %s", last)
	}
}

// unreached is a request that was never sent.
type unreached struct{ unknownOutcome }

func (unreached) MayHaveHappened() bool { return false }

// Where another replica may begin to write, what is under way is let go of.
func TestApplyStopsNow(t *testing.T) {
	s := withIdentification(t)
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt)}))
	ctx, end := context.WithCancel(context.Background())
	now := make(chan struct{})
	reconciler.API = &hanging{API: reconciler.API, reached: func() { end(); close(now) }}
	reconciler.StopNow = now
	pass := reconciler.Apply(ctx, sync.TriggerInterval)
	if got := outcomes(pass.Report); len(got) != 1 || got[0] != "create a failed: context canceled" {
		t.Errorf("the outcomes are %v", got)
	}
}

// hanging is an API whose creations go on until their context ends.
type hanging struct {
	sync.API
	reached func()
}

func (h *hanging) Create(ctx context.Context, _ string, _ schema.Object) (schema.Object, error) {
	h.reached()
	<-ctx.Done()
	return nil, ctx.Err()
}

// A server that answers something else is an error of the pass, or of the
// object, and nothing is written.
func TestPassWithoutServer(t *testing.T) {
	s := withIdentification(t)
	reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt)}))
	gone := httptest.NewServer(nil)
	gone.Close()
	client, err := authentik.New(authentik.Config{URL: gone.URL, Token: authentik.StaticToken("x"), RetryWait: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	reconciler.API = client
	pass := reconciler.Apply(context.Background(), sync.TriggerStart)
	if _, isAPI := errors.AsType[*authentik.Error](pass.Err); !isAPI || pass.Verdict() != sync.Unmade || !strings.Contains(pass.Err.Error(), "refused") {
		t.Errorf("the pass is a %s, with the error %v", pass.Verdict(), pass.Err)
	}
}

// named returns those of the objects that have the name.
func named(objects []schema.Object, name string) []schema.Object {
	return slices.DeleteFunc(objects, func(object schema.Object) bool { return object["name"] != name })
}
