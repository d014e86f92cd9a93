package sync_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// An entry that is not there any more takes its object along, and nothing else does:
// what counts is whether anything speaks of the object now.
func TestRemoved(t *testing.T) {
	const (
		pk4   = "00000000-0000-4000-8000-000000000004"
		other = "- {model: authentik_flows.flow, identifiers: {slug: other}, state: absent}\n"
		off   = "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: 'false'}}\n"
	)
	gone := entry("name: a", inbuilt)
	tests := []struct {
		name      string
		then, now string
		files     map[string]string // beside now
		want      []string
		warning   string
	}{
		{name: "gone", then: gone, want: []string{"delete a"}},
		{name: "never there", then: entry("name: z", inbuilt), want: []string{}},
		{name: "nobody's", then: other, want: []string{}},
		{name: "only created", then: entry("name: a", inbuilt, "state: created") + entry("name: b", inbuilt, "state: must_created"), want: []string{}},
		{name: "absent then", then: entry("name: a", "", "state: absent"), want: []string{}},
		{name: "without its conditions then", then: entry("name: a", inbuilt, "conditions: [!Find [authentik_flows.flow, [slug, none]]]"), want: []string{}},
		{name: "found in another way now", then: gone, now: entry("pk: "+pk1, ""), want: []string{"no_op a"}},
		{name: "found in another way then", then: entry("pk: "+pk1, ""), now: entry("name: a", ""), want: []string{"no_op a"}},
		{name: "renamed", then: gone, now: entry("pk: "+pk1, "name: a2"), want: []string{"update a name:a->a2"}},
		{name: "another in its place", then: gone, now: entry("name: z", inbuilt), want: []string{"create z name:<nil>->z backends:<nil>->[InbuiltBackend]", "delete a"}},
		{name: "absent now", then: gone, now: entry("name: a", "", "state: absent"), want: []string{"delete a"}},
		{name: "conditions are false now", then: gone, now: entry("name: a", "", "conditions: [false]"), want: []string{}},
		{name: "in a file that is switched off now", then: gone, files: map[string]string{"b.yaml": off + head + gone}, want: []string{}},
		{name: "with an error in the plan now", then: gone, now: entry("name: a", "configure_flow: !Find [authentik_flows.flow, [slug, none]]"),
			want: []string{`now.yaml:4:100: entries[1].attrs.configure_flow: !Find: no flow has slug "none": want one that exists`}},
		{name: "an invalid file", then: gone, files: map[string]string{"b.yaml": head + entry("name: z", "bogus: 1")}, want: []string{}},
		{name: "several are like that", then: entry("failed_attempts_before_cancel: 5", ""), want: []string{},
			warning: "then.yaml:3:3: nothing is deleted, since what this was can't be said: 3 objects are a password stage with failed_attempts_before_cancel 5 (a, b, c)"},
		{name: "an alias of an export", then: entry("pk: 11111111-0000-4000-8000-000000000000, name: a", ""), want: []string{"delete a"}},
		{name: "an alias that the attrs explain", then: entry("pk: 11111111-0000-4000-8000-000000000000", "name: a"), want: []string{"delete a"}},
		{name: "the pk of another one", then: entry("pk: "+pk1+", name: b", ""), want: []string{},
			warning: "then.yaml:3:3: nothing is deleted, since what this was can't be said: the password stage with the pk " + pk1 + " is another one now"},
		{name: "what refers to what goes too", then: "- {model: authentik_flows.flow, id: f, identifiers: {slug: live}}\n" +
			entry("configure_flow: !KeyOf f", ""), want: []string{"delete d", "delete live after:d"}},
		{name: "found by what this pass changes", then: entry("configure_flow: !Find [authentik_flows.flow, [slug, live]]", ""),
			now: "- {model: authentik_flows.flow, identifiers: {pk: " + flowPK + "}, attrs: {slug: newer}}\n", want: []string{"update live slug:live->newer", "delete d"}},
		{name: "still referred to", then: "- {model: authentik_flows.flow, identifiers: {slug: live}}\n", now: entry("name: b", "configure_flow: !Find [authentik_flows.flow, [slug, live]]"),
			want:    []string{"update b configure_flow:<nil>->" + flowPK},
			warning: `then.yaml:3:3: the flow "live" stays, since now.yaml:4:100 refers to it: take the reference out, too`},
		{name: "still referred to by its key", then: "- {model: authentik_flows.flow, identifiers: {slug: live}}\n", now: entry("name: b", "configure_flow: "+flowPK),
			want:    []string{"update b configure_flow:<nil>->" + flowPK},
			warning: `then.yaml:3:3: the flow "live" stays, since now.yaml:4:100 refers to it: take the reference out, too`},
		{name: "twice", then: gone + entry("pk: "+pk1, ""), want: []string{"delete a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			then := read(t, s, map[string]string{"then.yaml": head + tt.then})
			files := map[string]string{"now.yaml": head + other + tt.now}
			for name, text := range tt.files {
				files[name] = text
			}
			desired := read(t, s, files)
			for _, old := range then.Entries {
				desired.Removed = append(desired.Removed, sync.Removed{Entry: old})
			}
			live := sync.Live{Kinds: listings(map[string][]schema.Object{
				stageModel: {
					stage(pk1, "a", nil), stage(pk2, "b", nil), stage(pk3, "c", nil),
					stage(pk4, "d", map[string]any{"configure_flow": flowPK, "failed_attempts_before_cancel": int64(6)}),
				},
				flowModel: {flow(flowPK, "live", "authentication")},
			})}
			plan := sync.MakePlan(s, desired, live)
			if diff := cmp.Diff(append([]string{}, tt.want...), slices.DeleteFunc(sketch(plan), func(line string) bool { return line == "no_op other" })); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
			warning := ""
			for _, one := range plan.Warnings {
				warning = one.Error()
			}
			if warning != tt.warning {
				t.Errorf("the warning is %s, want %s", warning, tt.warning)
			}
		})
	}
}
