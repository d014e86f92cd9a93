package sync_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func identification(pk, name string, passwordStage any) schema.Object {
	return schema.Object{
		"pk": pk, "name": name, "user_fields": []any{}, "password_stage": passwordStage,
		"case_insensitive_matching": true, "flow_set": []any{},
	}
}

// who is an entry of an identification stage.
func who(identifiers, attrs string, more ...string) string {
	return strings.Replace(entry(identifiers, attrs, more...), stageModel, identificationModel, 1)
}

func find(where string) string { return "!Find [" + stageModel + ", " + where + "]" }

// References, names and deletions see the objects as they are after the pass.
func TestPlanSeesWhatComesAfter(t *testing.T) {
	const pk4 = "00000000-0000-4000-8000-000000000004"
	tests := []struct {
		name   string
		text   string
		stages []schema.Object
		whos   []schema.Object
		want   []string
	}{
		{
			name:   "what the pass deletes is not found",
			text:   entry("name: a", "", "state: absent") + who("name: w", "password_stage: "+find("[name, a]")),
			stages: []schema.Object{stage(pk1, "a", nil)}, whos: []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"delete a",
				`a.yaml:4:112: entries[1].attrs.password_stage: !Find: the password stage with name "a" is deleted by the entry at a.yaml:3:3: want one that stays`,
			},
		},
		{
			name:   "nor is it a key to refer to",
			text:   entry("name: a", "", "state: absent") + who("name: w", "password_stage: "+pk1),
			stages: []schema.Object{stage(pk1, "a", nil)}, whos: []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"delete a",
				`a.yaml:4:112: entries[1].attrs.password_stage: the password stage "a" is deleted by the entry at a.yaml:3:3: want one that stays`,
			},
		},
		{
			name:   "a key of an object that is not there is refused",
			text:   who("name: w", "password_stage: "+pk1),
			stages: []schema.Object{stage(pk2, "a", nil)}, whos: []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"a.yaml:3:112: entries[0].attrs.password_stage: no password stage has the pk " + pk1 + ": want one that exists",
			},
		},
		{
			name:   "a new name is found, the old one is not",
			text:   entry("pk: "+pk1, "name: new") + who("name: v", "password_stage: "+find("[name, new]")) + who("name: w", "password_stage: "+find("[name, old]")),
			stages: []schema.Object{stage(pk1, "old", nil)}, whos: []schema.Object{identification(pk3, "v", nil), identification(pk4, "w", nil)},
			want: []string{
				"update old name:old->new",
				"update v password_stage:<nil>->" + pk1,
				`a.yaml:5:112: entries[2].attrs.password_stage: !Find: no password stage has name "old" any more, by the entry at a.yaml:3:3: want it as it is then`,
			},
		},
		{
			name: "what is found by a field that is changed is found by its new value",
			text: entry("name: a", "failed_attempts_before_cancel: 7") + who("name: v", "password_stage: "+find("[failed_attempts_before_cancel, 7]")) +
				who("name: w", "password_stage: "+find("[failed_attempts_before_cancel, 5]")),
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			whos:   []schema.Object{identification(pk3, "v", nil), identification(pk4, "w", nil)},
			want: []string{
				"update a failed_attempts_before_cancel:5->7",
				"update v password_stage:<nil>->" + pk1,
				"update w password_stage:<nil>->" + pk2,
			},
		},
		{
			name: "two that are yet to be created are two",
			text: entry("name: a", inbuilt+", failed_attempts_before_cancel: 7") + entry("name: b", inbuilt+", failed_attempts_before_cancel: 7") +
				who("name: w", "password_stage: "+find("[failed_attempts_before_cancel, 7]")),
			whos: []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"create a name:<nil>->a backends:<nil>->[InbuiltBackend] failed_attempts_before_cancel:<nil>->7",
				"create b name:<nil>->b backends:<nil>->[InbuiltBackend] failed_attempts_before_cancel:<nil>->7",
				"a.yaml:5:112: entries[2].attrs.password_stage: !Find: 2 objects are a password stage with failed_attempts_before_cancel 7, " +
					"one by the entry at a.yaml:3:3, one by the entry at a.yaml:4:3: want conditions that only one meets",
			},
		},
		{
			name:   "one that is there and one that is yet to be created are two",
			text:   entry("name: a", inbuilt+", failed_attempts_before_cancel: 7") + who("name: w", "password_stage: "+find("[failed_attempts_before_cancel, 7]")),
			stages: []schema.Object{stage(pk1, "b", map[string]any{"failed_attempts_before_cancel": int64(7)})},
			whos:   []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"create a name:<nil>->a backends:<nil>->[InbuiltBackend] failed_attempts_before_cancel:<nil>->7",
				"a.yaml:4:112: entries[1].attrs.password_stage: !Find: 2 objects are a password stage with failed_attempts_before_cancel 7 (b), " +
					"one by the entry at a.yaml:3:3: want conditions that only one meets",
			},
		},
		{
			name:   "one entry renames what another one calls by its old name",
			text:   entry("pk: "+pk1, "name: new") + entry("name: old", inbuilt),
			stages: []schema.Object{stage(pk1, "old", nil)},
			want: []string{
				`a.yaml:4:72: entries[1].identifiers.name: the password stage "old" has another name at a.yaml:3:123: want one of the two`,
			},
		},
		{
			name:   "users go before what they use",
			text:   entry("name: a", "", "state: absent") + who("name: w", "", "state: absent"),
			stages: []schema.Object{stage(pk1, "a", nil)}, whos: []schema.Object{identification(pk4, "w", pk1)},
			want: []string{"delete w", "delete a after:w"},
		},
		{
			name:   "or are given something else",
			text:   entry("name: a", "", "state: absent") + who("name: w", "password_stage: null"),
			stages: []schema.Object{stage(pk1, "a", nil)}, whos: []schema.Object{identification(pk4, "w", pk1)},
			want: []string{"update w password_stage:" + pk1 + "-><nil>", "delete a after:w"},
		},
		{
			name: "a value that depends on what is created is taken apart while planning",
			text: entry("name: first", inbuilt, "id: first") +
				who("name: w", "password_stage: !If [!KeyOf first, "+find("[name, other]")+", null]") +
				who("name: x", "password_stage: !If [!KeyOf first, !KeyOf first, null]"),
			stages: []schema.Object{stage(pk1, "other", nil)}, whos: []schema.Object{identification(pk4, "w", nil)},
			want: []string{
				"create first name:<nil>->first backends:<nil>->[InbuiltBackend]",
				"update w password_stage:<nil>->" + pk1,
				"create x name:<nil>->x password_stage:<nil>->? after:first",
			},
		},
		{
			name: "identifiers are any fields, all of which hold",
			text: entry("name: a, failed_attempts_before_cancel: 5", "allow_show_password: true") + entry("failed_attempts_before_cancel: 7", "allow_show_password: true") +
				entry("allow_show_password: false", "failed_attempts_before_cancel: 1"),
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", map[string]any{"failed_attempts_before_cancel": int64(7)})},
			want: []string{
				"update a allow_show_password:false->true",
				"update b allow_show_password:false->true",
				"a.yaml:5:3: entries[2].identifiers: 2 objects are a password stage with allow_show_password false (a, b): want identifiers that only one has",
			},
		},
		{
			name: "entries whose identifiers mean the same new object are one",
			text: entry("name: a", inbuilt+", failed_attempts_before_cancel: 7", "id: one") + entry("name: a, failed_attempts_before_cancel: 7", "allow_show_password: true", "id: two") +
				who("name: v", "password_stage: !KeyOf one") + who("name: w", "password_stage: !KeyOf two"),
			want: []string{
				"create a name:<nil>->a backends:<nil>->[InbuiltBackend] failed_attempts_before_cancel:<nil>->7 allow_show_password:<nil>->true",
				"create v name:<nil>->v password_stage:<nil>->? after:a",
				"create w name:<nil>->w password_stage:<nil>->? after:a",
			},
		},
		{
			name: "a pk that is nowhere is an alias where a name finds or makes the object",
			text: entry("pk: "+pk1+", name: a", inbuilt) + who("name: w", "password_stage: "+pk1),
			want: []string{
				"create a name:<nil>->a backends:<nil>->[InbuiltBackend]",
				"create w name:<nil>->w password_stage:<nil>->? after:a",
			},
		},
		{
			name: "of entries that refer to each other in a circle, one is left as it is",
			text: entry("name: a", inbuilt+", failed_attempts_before_cancel: !AtIndex [!FindObject ["+stageModel+", [name, b]], failed_attempts_before_cancel]") +
				entry("name: b", inbuilt+", failed_attempts_before_cancel: !AtIndex [!FindObject ["+stageModel+", [name, a]], failed_attempts_before_cancel]"),
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			want: []string{
				"no_op a",
				"a.yaml:4:173: entries[1].attrs.failed_attempts_before_cancel: !FindObject: the entries refer to each other in a circle",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			live := sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: tt.stages, identificationModel: tt.whos, flowModel: nil})}
			desired := read(t, s, map[string]string{"a.yaml": head + tt.text})
			if len(desired.Frozen) > 0 {
				t.Fatal("the blueprint is invalid")
			}
			plan := sync.MakePlan(s, desired, live)
			if diff := cmp.Diff(tt.want, sketch(plan)); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
		})
	}
}

// A kind that can't be listed stops what depends on it, and nothing else.
func TestPlanWithoutOneKind(t *testing.T) {
	s := withIdentification(t)
	desired := read(t, s, map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3") + entry("name: b", inbuilt) +
		who("name: v", "case_insensitive_matching: false") + who("name: w", "password_stage: "+find("[name, a]"))})
	live := sync.Live{Kinds: listings(map[string][]schema.Object{identificationModel: {identification(pk3, "v", nil)}})}
	live.Kinds[stageModel] = sync.Listing{Err: errors.New("listing each password stage: 403 Forbidden")}
	want := []string{
		"update v case_insensitive_matching:true->false",
		"listing each password stage: 403 Forbidden: what blueprints say of " + stageModel + " is left as it is (2 declared)",
		"a.yaml:6:112: entries[3].attrs.password_stage: !Find: listing each password stage: 403 Forbidden",
	}
	plan := sync.MakePlan(s, desired, live)
	if diff := cmp.Diff(want, sketch(plan)); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{stageModel: 2, identificationModel: 1}, plan.Failed); diff != "" {
		t.Errorf("what failed (-want +got):\n%s", diff)
	}
}

// Limits that are a share count for each kind too.
func TestLimitsOfAKind(t *testing.T) {
	s := withIdentification(t)
	text := head
	var stages, whos []schema.Object
	for i := range 100 {
		stages = append(stages, stage(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprint("s", i), nil))
	}
	for i := range 12 {
		whos = append(whos, identification(fmt.Sprintf("00000000-0000-4000-9000-%012d", i), fmt.Sprint("w", i), nil))
		text += who(fmt.Sprint("name: w", i), "", "state: absent")
	}
	text += entry("name: s0", "")
	plan := sync.MakePlan(s, read(t, s, map[string]string{"a.yaml": text}), sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: stages, identificationModel: whos})})
	const want = "this pass would delete 12 objects of the kind identification stage of 12 live ones of it, and --max-deletes 30% allows 3: " +
		"nothing is changed; if it is meant, allow it with --max-deletes 12"
	if got := (sync.Guards{MaxDeletes: sync.DefaultMaxDeletes()}).Limit(plan).Refusal; got != want {
		t.Errorf("the refusal is %q", got)
	}
	if plan.Refusal != "" || len(plan.Problems) > 0 {
		t.Error("the guard has changed the plan that it was given")
	}
}

// BenchmarkFindAmongNew looks up thousands of objects that are yet to be created.
func BenchmarkFindAmongNew(b *testing.B) {
	s := withIdentification(b)
	var text strings.Builder
	text.WriteString(head)
	for i := range 4000 {
		text.WriteString(entry(fmt.Sprintf("name: s%d", i), inbuilt))
		text.WriteString(who(fmt.Sprintf("name: w%d", i), "password_stage: "+find(fmt.Sprintf("[name, s%d]", i))))
	}
	desired := read(b, s, map[string]string{"a.yaml": text.String()})
	live := sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: nil, identificationModel: nil})}
	for b.Loop() {
		if plan := sync.MakePlan(s, desired, live); len(plan.Changes) != 8000 {
			b.Fatal(sketch(plan)[:3])
		}
	}
}

// Lists that merely look alike are not the same identifiers.
func TestIdentifiersThatLookAlike(t *testing.T) {
	s := withIdentification(t)
	text := head + entry("name: a, backends: [authentik.core.auth.InbuiltBackend, authentik.core.auth.TokenBackend]", "") +
		who("name: w, user_fields: [username, email]", "") + who("name: w, user_fields: [email, username]", "")
	plan := sync.MakePlan(s, read(t, s, map[string]string{"a.yaml": text}), sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: nil, identificationModel: nil})})
	if len(plan.Changes) != 2 || len(plan.Problems) != 1 || !strings.Contains(plan.Problems[0].Message, `"w" is the name that the identification stage at a.yaml:4:3 takes`) {
		t.Errorf("the plan is %v", sketch(plan))
	}
}
