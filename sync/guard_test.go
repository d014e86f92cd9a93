package sync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func limit(t *testing.T, text string) sync.Limit {
	t.Helper()
	parsed, err := sync.ParseLimit(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestParseLimit(t *testing.T) {
	for _, text := range []string{"", "0", "5", "0%", "30%", "100%"} {
		if parsed, err := sync.ParseLimit(text); err != nil || parsed.String() != text {
			t.Errorf("%q is read as %q, %v", text, parsed, err)
		}
	}
	for _, text := range []string{"-1", "x", "%", "101%", "1.5", "5 %"} {
		if _, err := sync.ParseLimit(text); err == nil {
			t.Errorf("%q is taken for a limit", text)
		}
	}
}

// twelve live stages, of which the blueprints delete some and change some.
func planOfTwelve(t *testing.T, deletes, updates int, guards sync.Guards) *sync.Plan {
	t.Helper()
	s := withIdentification(t)
	text := head
	var live []schema.Object
	for i := range 12 {
		name := fmt.Sprintf("s%02d", i)
		live = append(live, stage(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), name, nil))
		switch {
		case i < deletes:
			text += entry("name: "+name, "", "state: absent")
		case i < deletes+updates:
			text += entry("name: "+name, "failed_attempts_before_cancel: 3")
		default:
			text += entry("name: "+name, "")
		}
	}
	return guards.Limit(sync.MakePlan(s, read(t, s, map[string]string{"a.yaml": text}),
		sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: live})}))
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name             string
		deletes, updates int
		guards           sync.Guards
		want             string
	}{
		{"no limits", 12, 0, sync.Guards{}, ""},
		{"the default lets 3 of 12 go", 3, 9, sync.Guards{MaxDeletes: sync.DefaultMaxDeletes()}, ""},
		{"the default stops at 4 of 12", 4, 0, sync.Guards{MaxDeletes: sync.DefaultMaxDeletes()},
			"this pass would delete 4 objects of 12 live ones, and --max-deletes 30% allows 3: nothing is changed; if it is meant, allow it with --max-deletes 4"},
		{"a number of deletions", 2, 0, sync.Guards{MaxDeletes: limit(t, "1")},
			"this pass would delete 2 objects of 12 live ones, and --max-deletes 1 allows 1: nothing is changed; if it is meant, allow it with --max-deletes 2"},
		{"no deletion at all", 1, 0, sync.Guards{MaxDeletes: limit(t, "0")},
			"this pass would delete 1 objects of 12 live ones, and --max-deletes 0 allows 0: nothing is changed; if it is meant, allow it with --max-deletes 1"},
		{"changes are deletions and updates", 2, 5, sync.Guards{MaxChanges: limit(t, "50%")},
			"this pass would change 7 objects beside 12 live ones, and --max-changes 50% allows 6: nothing is changed; if it is meant, allow it with --max-changes 7"},
		{"just as many changes as allowed", 2, 4, sync.Guards{MaxChanges: limit(t, "50%")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan := planOfTwelve(t, tt.deletes, tt.updates, tt.guards)
			if plan.Refusal != tt.want {
				t.Errorf("the refusal is %q, want %q", plan.Refusal, tt.want)
			}
		})
	}
	t.Run("few objects have no default limit", func(t *testing.T) {
		s := withIdentification(t)
		desired := read(t, s, map[string]string{"a.yaml": head + entry("name: a", "", "state: absent")})
		plan := sync.Guards{MaxDeletes: sync.DefaultMaxDeletes()}.Limit(
			sync.MakePlan(s, desired, sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: {stage(pk1, "a", nil)}})}))
		if plan.Refusal != "" {
			t.Errorf("the refusal is %q", plan.Refusal)
		}
	})
}

// A plan that a guard refuses changes nothing.
func TestRefusedPlanIsNotApplied(t *testing.T) {
	s := withIdentification(t)
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt) + entry("name: b", inbuilt)}))
	reconciler.Guards.MaxChanges = limit(t, "1")
	before := server.Requests()
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Verdict() != sync.Partial || pass.Report != nil || !strings.Contains(fmt.Sprint(pass.Problems()), "--max-changes 1 allows 1") {
		t.Errorf("the pass is %s: %v", pass.Verdict(), pass.Problems())
	}
	if after := server.Requests(); after["POST"] != before["POST"] {
		t.Error("something was created")
	}
}

func TestPrune(t *testing.T) {
	const declared = "- {model: " + stageModel + ", identifiers: {name: keep-a}, attrs: {}}\n"
	tests := []struct {
		name  string
		files map[string]string
		globs []string
		want  []string
	}{
		{"what matches and is declared nowhere", map[string]string{"a.yaml": head + declared}, []string{"keep-*"},
			[]string{"no_op keep-a", "delete keep-b"}},
		{"more than one glob", map[string]string{"a.yaml": head + declared}, []string{"x", "o?her", "keep-c"},
			[]string{"no_op keep-a", "delete other"}},
		{"no glob", map[string]string{"a.yaml": head + declared}, nil, []string{"no_op keep-a"}},
		{"declared by pk", map[string]string{"a.yaml": head + declared + entry("pk: "+pk2, "")}, []string{"*"},
			[]string{"no_op keep-a", "no_op keep-b", "delete other"}},
		{"an entry with an error still speaks of its object", map[string]string{"a.yaml": head + declared +
			entry("name: keep-b", "configure_flow: !Find [authentik_flows.flow, [slug, none]]")}, []string{"keep-*"},
			[]string{"no_op keep-a", `a.yaml:4:105: entries[1].attrs.configure_flow: !Find: no flow has slug "none": want one that exists`}},
		{"an invalid file", map[string]string{"a.yaml": head + declared, "b.yaml": head + entry("name: z", "bogus: 1")}, []string{"*"},
			[]string{"no_op keep-a"}},
		{"an entry whose conditions are false", map[string]string{"a.yaml": head + declared + entry("name: keep-b", "", "conditions: [false]")}, []string{"keep-*"},
			[]string{"no_op keep-a"}},
		{"a file that is switched off", map[string]string{"a.yaml": head + declared,
			"b.yaml": "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: 'false'}}\n" + head + entry("name: keep-b", "")}, []string{"keep-*"},
			[]string{"no_op keep-a"}},
		{"no blueprint at all", map[string]string{"a.txt": ""}, []string{"*"}, []string{}},
		{"blueprints of other models only", map[string]string{"a.yaml": head + "- {model: authentik_flows.flow, identifiers: {slug: x}, state: absent}\n"}, []string{"*"},
			[]string{"no_op x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			live := sync.Live{Kinds: listings(map[string][]schema.Object{
				stageModel: {stage(pk1, "keep-a", nil), stage(pk2, "keep-b", nil), stage(pk3, "other", nil)}, flowModel: nil,
			})}
			var globs []sync.Glob
			for _, text := range tt.globs {
				glob, err := sync.ParseGlob(text)
				if err != nil {
					t.Fatal(err)
				}
				globs = append(globs, glob)
			}
			plan := sync.MakePlan(s, read(t, s, tt.files), live, globs...)
			if diff := cmp.Diff(tt.want, sketch(plan)); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := sync.ParseGlob("["); err == nil {
		t.Error("a broken glob is taken")
	}
}

// What is in use is deleted only if that is allowed, and what waits for it is
// not done either.
func TestInUse(t *testing.T) {
	s := withIdentification(t)
	text := head + entry("name: default-authentication-password", "", "state: absent") + entry("name: free", "", "state: absent") +
		entry("pk: "+pk1, "name: default-authentication-password")
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint("allowed ", allowed), func(t *testing.T) {
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
			reconciler.Guards.AllowInUse = allowed
			for pk, name := range map[string]string{pk1: "heir", pk2: "free"} {
				if _, err := server.Put(stageModel, pk, map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
					t.Fatal(err)
				}
			}
			pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			got := append(outcomes(pass.Report), sketch(&sync.Plan{Problems: pass.Problems()})...)
			want := []string{"delete default-authentication-password done", "update heir done", "delete free done"}
			if !allowed {
				want = []string{
					"delete free done",
					`a.yaml:3:3: entries[0]: the password stage "default-authentication-password" is used by ` +
						`Flow Welcome to authentik! (default-authentication-flow), and would be missing there: take it out first, or allow it with --allow-in-use`,
					`a.yaml:5:3: entries[2]: it waits for the password stage "default-authentication-password", which can't be done: put that right first`,
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
