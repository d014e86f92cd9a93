package sync_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Primary keys for tests.
const (
	pk1    = "00000000-0000-4000-8000-000000000001"
	pk2    = "00000000-0000-4000-8000-000000000002"
	pk3    = "00000000-0000-4000-8000-000000000003"
	flowPK = "00000000-0000-4000-8000-00000000f001"
)

const (
	stageModel = "authentik_stages_password.passwordstage"
	flowModel  = "authentik_flows.flow"
)

// withIdentification is the schema with a kind of its own in the place of
// identification stages, whose objects refer to password stages.
func withIdentification(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load(os.DirFS(filepath.Join("..", "schema", "testdata")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read reads blueprints given as text, in the order of their names.
func read(t testing.TB, s *schema.Schema, files map[string]string) sync.Desired {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	return desiredOf(t, s, ".")
}

// desiredOf reads the blueprints below a path.
func desiredOf(t interface{ Fatal(...any) }, s *schema.Schema, path string) sync.Desired {
	set, err := blueprint.NewReader(blueprint.Options{Schema: s}).Read(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	var desired sync.Desired
	for _, file := range set.Files {
		desired.Silent = append(desired.Silent, file.Silent...)
		if file.Status == tree.Invalid {
			desired.Frozen = append(desired.Frozen, file.Entries...)
			desired.Incomplete = true
			continue
		}
		desired.Entries = append(desired.Entries, file.Entries...)
	}
	return desired
}

// stage is a live password stage; over changes its fields.
func stage(pk, name string, over map[string]any) schema.Object {
	object := schema.Object{
		"pk": pk, "name": name, "component": "ak-stage-password-form",
		"verbose_name": "Password Stage", "verbose_name_plural": "Password Stages",
		"meta_model_name": stageModel, "flow_set": []any{},
		"backends":       []any{"authentik.core.auth.InbuiltBackend"},
		"configure_flow": nil, "failed_attempts_before_cancel": int64(5), "allow_show_password": false,
	}
	for field, value := range over {
		object[field] = value
	}
	return object
}

func flow(pk, slug, designation string) schema.Object {
	return schema.Object{
		"pk": pk, "policybindingmodel_ptr_id": pk, "name": slug, "slug": slug, "title": slug,
		"designation": designation, "background": "", "stages": []any{}, "policies": []any{},
		"cache_count": int64(0), "policy_engine_mode": "any", "compatibility_mode": false,
		"export_url": "", "layout": "stacked", "denied_action": "message_continue", "authentication": "none",
	}
}

// boundTo is the flow_set of a stage that a flow uses.
func boundTo(slug string) map[string]any {
	set := flow(flowPK, slug, "authentication")
	for _, field := range []string{"stages", "policies", "cache_count", "authentication"} {
		delete(set, field)
	}
	return map[string]any{"flow_set": []any{map[string]any(set)}}
}

func without(object schema.Object, field string) schema.Object {
	delete(object, field)
	return object
}

// listings gives the objects as a server lists them.
func listings(objects map[string][]schema.Object) map[string]sync.Listing {
	listings := map[string]sync.Listing{}
	for model, list := range objects {
		listings[model] = sync.Listing{Objects: list}
	}
	return listings
}

// sketch gives a plan in a few words a change, and its problems.
func sketch(plan *sync.Plan) []string {
	lines := []string{}
	names := map[int]string{}
	for _, change := range plan.Changes {
		names[change.ID] = change.Name
	}
	for _, change := range plan.Changes {
		words := []string{string(change.Action), change.Name}
		for _, field := range change.Fields {
			after := fmt.Sprint(field.After)
			if field.KnownAfterApply() {
				after = "?"
			}
			words = append(words, fmt.Sprintf("%s:%v->%s", field.Name, field.Before, strings.ReplaceAll(after, "authentik.core.auth.", "")))
		}
		for _, before := range change.After {
			words = append(words, "after:"+names[before])
		}
		lines = append(lines, strings.Join(words, " "))
	}
	for _, problem := range plan.Problems {
		lines = append(lines, problem.Error())
	}
	return lines
}

const head = "version: 1\nentries:\n"

// entry is a YAML entry of a password stage at the head of a list.
func entry(identifiers, attrs string, more ...string) string {
	return fmt.Sprintf("- {model: %s, identifiers: {%s}, attrs: {%s}%s}\n",
		stageModel, identifiers, attrs, strings.Join(append([]string{""}, more...), ", "))
}

const inbuilt = "backends: [authentik.core.auth.InbuiltBackend]"

func TestPlan(t *testing.T) {
	tests := []struct {
		name    string
		files   map[string]string
		stages  []schema.Object
		flows   []schema.Object
		version string
		want    []string
	}{
		{
			name:  "what is not there is created with what is declared",
			files: map[string]string{"a.yaml": head + entry("name: a", inbuilt)},
			want:  []string{"create a name:<nil>->a backends:<nil>->[InbuiltBackend]"},
		},
		{
			name:   "what is as declared stays",
			files:  map[string]string{"a.yaml": head + entry("name: a", inbuilt)},
			stages: []schema.Object{stage(pk1, "a", map[string]any{"failed_attempts_before_cancel": int64(9)})},
			want:   []string{"no_op a"},
		},
		{
			name: "values are compared as the server would store them",
			files: map[string]string{"a.yaml": head + entry(`name: a`,
				`failed_attempts_before_cancel: "5", allow_show_password: "no", configure_flow: "0000000000004000800000000000F001"`)},
			stages: []schema.Object{stage(pk1, "a", map[string]any{"configure_flow": flowPK})},
			want:   []string{"no_op a"},
		},
		{
			name:   "an empty configure_flow is none",
			files:  map[string]string{"a.yaml": head + entry("name: a", `configure_flow: ""`)},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want:   []string{"no_op a"},
		},
		{
			name:   "only the declared fields that differ are changed",
			files:  map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3, allow_show_password: false")},
			stages: []schema.Object{stage(pk1, "a", map[string]any{"backends": []any{"authentik.core.auth.TokenBackend"}})},
			want:   []string{"update a failed_attempts_before_cancel:5->3"},
		},
		{
			name: "the order of backends counts",
			files: map[string]string{"a.yaml": head + entry("name: a",
				"backends: [authentik.core.auth.TokenBackend, authentik.core.auth.InbuiltBackend]")},
			stages: []schema.Object{stage(pk1, "a", map[string]any{"backends": []any{"authentik.core.auth.InbuiltBackend", "authentik.core.auth.TokenBackend"}})},
			want:   []string{"update a backends:[authentik.core.auth.InbuiltBackend authentik.core.auth.TokenBackend]->[TokenBackend InbuiltBackend]"},
		},
		{
			name:  "without backends nothing can be created",
			files: map[string]string{"a.yaml": head + entry("name: a", "")},
			want:  []string{"a.yaml:3:3: entries[0].attrs: backends is missing: want a list of at least one backend"},
		},
		{
			name:   "created leaves what is there alone",
			files:  map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3", "state: created")},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want:   []string{"no_op a"},
		},
		{
			name: "must_created refuses what is there",
			files: map[string]string{"a.yaml": head +
				entry("name: a", inbuilt, "state: must_created") + entry("name: b", inbuilt, "state: must_created")},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want: []string{
				"create b name:<nil>->b backends:<nil>->[InbuiltBackend]",
				`a.yaml:3:140: entries[0].state: the password stage "a" exists already: must_created allows only a new one, use created or present`,
			},
		},
		{
			name: "absent deletes what is there, last of all",
			files: map[string]string{"a.yaml": head +
				entry("name: gone", "", "state: absent") + entry("name: a", "", "state: absent") + entry("name: b", inbuilt)},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want:   []string{"no_op gone", "create b name:<nil>->b backends:<nil>->[InbuiltBackend]", "delete a"},
		},
		{
			name: "a pk finds, and a name in attrs then renames",
			files: map[string]string{"a.yaml": head +
				entry("pk: "+pk1, "name: b") + entry("pk: "+pk2+", name: c", "")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "c", nil)},
			want:   []string{"update a name:a->b", "no_op c"},
		},
		{
			name:  "a pk that is nowhere can't be created, but can be absent",
			files: map[string]string{"a.yaml": head + entry("pk: "+pk1, inbuilt) + entry("pk: "+pk2, "", "state: absent")},
			want: []string{
				"no_op " + pk2,
				"a.yaml:3:70: entries[0].identifiers.pk: no password stage has the pk " + pk1 + ": an object can't be created with a given pk, find it by name",
			},
		},
		{
			name: "pk and name have to be of one object",
			files: map[string]string{"a.yaml": head +
				entry("pk: "+pk1+", name: b", "") + entry("pk: "+pk1+", name: x", "")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			want: []string{
				`a.yaml:3:114: entries[0].identifiers.name: name "b" is that of the password stage with the pk ` + pk2 + `, not ` + pk1 + `: want identifiers that find one object`,
				`a.yaml:4:114: entries[1].identifiers.name: the password stage with the pk ` + pk1 + ` has the name "a", not "x": to change it put it into attrs`,
			},
		},
		{
			name: "two entries of one object that agree are one",
			files: map[string]string{
				"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3, "+inbuilt),
				"b.yaml": head + entry("name: a", "allow_show_password: true, "+inbuilt),
			},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want:   []string{"update a failed_attempts_before_cancel:5->3 allow_show_password:false->true"},
		},
		{
			name: "two entries of one object that disagree are none",
			files: map[string]string{
				"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3"),
				"b.yaml": head + entry("pk: "+pk1, "failed_attempts_before_cancel: 4"),
			},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want: []string{`b.yaml:3:148: entries[0].attrs.failed_attempts_before_cancel: ` +
				`the password stage "a" has another failed_attempts_before_cancel at a.yaml:3:115: want one of the two`},
		},
		{
			name: "two entries of one object with different states are none",
			files: map[string]string{"a.yaml": head +
				entry("name: a", inbuilt) + entry("name: a", "", "state: absent")},
			stages: []schema.Object{stage(pk1, "a", nil)},
			want: []string{`a.yaml:4:3: entries[1]: the password stage "a" is declared absent here and present at a.yaml:3:3: ` +
				`want one of the two`},
		},
		{
			name: "references find flows",
			files: map[string]string{"a.yaml": head +
				"- {model: authentik_flows.flow, id: f, identifiers: {slug: setup}}\n" +
				entry("name: a", "configure_flow: !Find [authentik_flows.flow, [slug, setup]]") +
				entry("name: b", "configure_flow: !KeyOf f")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", map[string]any{"configure_flow": flowPK})},
			flows:  []schema.Object{flow(flowPK, "setup", "stage_configuration"), flow(pk3, "login", "authentication")},
			want:   []string{"no_op setup", "update a configure_flow:<nil>->" + flowPK, "no_op b"},
		},
		{
			name: "a reference that finds nothing, or more than one, is an error",
			files: map[string]string{"a.yaml": head +
				entry("name: a", "configure_flow: !Find [authentik_flows.flow, [slug, setpu]]") +
				entry("name: b", "configure_flow: !Find [authentik_flows.flow, [designation, authentication]]")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			flows:  []schema.Object{flow(flowPK, "setup", "authentication"), flow(pk3, "login", "authentication")},
			want: []string{
				`a.yaml:3:100: entries[0].attrs.configure_flow: !Find: no flow has slug "setpu": did you mean "setup"?`,
				`a.yaml:4:100: entries[1].attrs.configure_flow: !Find: 2 objects are a flow with designation "authentication" (setup, login): want conditions that only one meets`,
			},
		},
		{
			name: "what an invalid file speaks of is left alone",
			files: map[string]string{
				"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: x"),
				"b.yaml": head + entry("pk: "+pk1, "failed_attempts_before_cancel: 3") + entry("name: b", "failed_attempts_before_cancel: 3"),
			},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			want: []string{
				"update b failed_attempts_before_cancel:5->3",
				"b.yaml:3:3: entries[0]: this password stage is declared at a.yaml:3:3 too, in a file with errors: it is left as it is until they are put right",
			},
		},
		{
			name:    "a backend that the server does not have yet is refused",
			files:   map[string]string{"a.yaml": head + entry("name: a", "backends: [authentik.sources.kerberos.auth.KerberosBackend]")},
			version: "2024.8.6",
			want:    []string{`a.yaml:3:95: entries[0].attrs.backends[0]: "authentik.sources.kerberos.auth.KerberosBackend" needs authentik 2024.10: this one is 2024.8.6`},
		},
		{
			name: "a field that the server has otherwise than aksync knows stops those that declare it",
			files: map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3, allow_show_password: true") +
				entry("name: b", "failed_attempts_before_cancel: 3")},
			stages:  []schema.Object{stage(pk1, "a", map[string]any{"allow_show_password": "perhaps"}), stage(pk2, "b", map[string]any{"allow_show_password": "perhaps"})},
			version: "2025.10.4",
			want: []string{
				"update b failed_attempts_before_cancel:5->3",
				`a.yaml:3:139: entries[0].attrs.allow_show_password: the server's password stage has another kind of value there than aksync knows ` +
					`("perhaps" is not taken here: want true or false): leave the field out, or use an aksync that knows authentik 2025.10.4`,
			},
		},
		{
			name: "a field that the server has not got stops those that declare it",
			files: map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3, allow_show_password: true") +
				entry("name: b", "failed_attempts_before_cancel: 3")},
			stages:  []schema.Object{without(stage(pk1, "a", nil), "allow_show_password"), without(stage(pk2, "b", nil), "allow_show_password")},
			version: "2024.2.1",
			want: []string{
				"update b failed_attempts_before_cancel:5->3",
				"a.yaml:3:139: entries[0].attrs.allow_show_password: no password stage of this server, authentik 2024.2.1, has allow_show_password: leave it out",
			},
		},
		{
			name:   "an object without a primary key stops those that speak of it",
			files:  map[string]string{"a.yaml": head + entry("name: a", "failed_attempts_before_cancel: 3") + entry("name: b", "failed_attempts_before_cancel: 3")},
			stages: []schema.Object{stage("nonsense", "a", nil), stage(pk2, "b", nil)},
			want: []string{
				"update b failed_attempts_before_cancel:5->3",
				`a.yaml:3:3: entries[0]: the server's answer for a password stage is not as aksync knows it: its pk is "nonsense"`,
			},
		},
		{
			name: "names are handed on in order",
			files: map[string]string{"a.yaml": head +
				entry("pk: "+pk1, "name: b") + entry("pk: "+pk2, "name: c") + entry("pk: "+pk3, "", "state: absent")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil), stage(pk3, "c", nil)},
			want:   []string{"delete c", "update b name:b->c after:c", "update a name:a->b after:b"},
		},
		{
			name:   "names can't be swapped",
			files:  map[string]string{"a.yaml": head + entry("pk: "+pk1, "name: b") + entry("pk: "+pk2, "name: a")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			want: []string{
				"a.yaml:3:3: entries[0]: its change waits for itself in a circle: make it in two steps",
				"a.yaml:4:3: entries[1]: its change waits for itself in a circle: make it in two steps",
			},
		},
		{
			name:   "a name that another object has can't be taken",
			files:  map[string]string{"a.yaml": head + entry("pk: "+pk1, "name: b")},
			stages: []schema.Object{stage(pk1, "a", nil), stage(pk2, "b", nil)},
			want:   []string{`a.yaml:3:3: entries[0]: "b" is the name of another password stage: want another name`},
		},
		{
			name: "conditions that the server decides",
			files: map[string]string{"a.yaml": head +
				entry("name: a", inbuilt, "conditions: [!If [!Find [authentik_flows.flow, [slug, setup]], true, false]]") +
				entry("name: b", inbuilt, "conditions: [!If [!Find [authentik_flows.flow, [slug, setup]], false, true]]")},
			flows: []schema.Object{flow(flowPK, "setup", "authentication")},
			want:  []string{"create a name:<nil>->a backends:<nil>->[InbuiltBackend]"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			live := sync.Live{
				Version: tt.version,
				Kinds:   listings(map[string][]schema.Object{stageModel: tt.stages, flowModel: tt.flows}),
			}
			desired := read(t, s, tt.files)
			// Entries are shared: planning against another server must not
			// leave anything in them.
			sync.MakePlan(s, desired, sync.Live{Version: "2025.10.4", Kinds: listings(map[string][]schema.Object{
				stageModel: {stage(pk3, "a", nil)}, flowModel: {flow(pk2, "setup", "authentication")},
			})})
			plan := sync.MakePlan(s, desired, live)
			if diff := cmp.Diff(tt.want, sketch(plan)); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(sketch(plan), sketch(sync.MakePlan(s, desired, live))); diff != "" {
				t.Errorf("the same input gave another plan:\n%s", diff)
			}
		})
	}
}

// An object that refers to one which this pass creates waits for it, whatever
// their order; "kinds are data" is shown by the kind being a test's own file.
func TestPlanKnownAfterApply(t *testing.T) {
	s := withIdentification(t)
	const identification = "authentik_stages_identification.identificationstage"
	files := map[string]string{
		"a.yaml": head + "- {model: " + identification + ", identifiers: {name: login}, attrs: {password_stage: !Find [" + stageModel + ", [name, secret]]}}\n",
		"b.yaml": head + entry("name: secret", inbuilt, "id: s") +
			"- {model: " + identification + ", identifiers: {name: other}, attrs: {password_stage: !KeyOf s}}\n",
		"c.yaml": head + entry("name: broken", "", "id: s") +
			"- {model: " + identification + ", identifiers: {name: orphan}, attrs: {password_stage: !KeyOf s}}\n",
	}
	live := sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: nil, identification: nil})}
	want := []string{
		"create secret name:<nil>->secret backends:<nil>->[InbuiltBackend]",
		"create login name:<nil>->login password_stage:<nil>->? after:secret",
		"create other name:<nil>->other password_stage:<nil>->? after:secret",
		"c.yaml:3:3: entries[0].attrs: backends is missing: want a list of at least one backend",
		`c.yaml:4:3: entries[1]: it refers to the password stage "broken", which can't be planned: put that right first`,
	}
	if diff := cmp.Diff(want, sketch(sync.MakePlan(s, read(t, s, files), live))); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
}

// A plan says which further objects it needs to know.
func TestPlanNeeds(t *testing.T) {
	s := withIdentification(t)
	desired := read(t, s, map[string]string{"a.yaml": head + entry("name: a", "configure_flow: !Find [authentik_flows.flow, [slug, x]]")})
	plan := sync.MakePlan(s, desired, sync.Live{Kinds: listings(map[string][]schema.Object{stageModel: nil})})
	if diff := cmp.Diff(sync.Needs{flowModel: {Questions: []sync.Question{{Field: "slug", Value: "x"}}}}, plan.Needs); diff != "" {
		t.Errorf("the needs (-want +got):\n%s", diff)
	}
}

// What uses a stage is part of its change.
func TestPlanUsedBy(t *testing.T) {
	s := withIdentification(t)
	desired := read(t, s, map[string]string{"a.yaml": head + entry("name: a", "", "state: absent")})
	plan := sync.MakePlan(s, desired, sync.Live{Kinds: listings(map[string][]schema.Object{
		stageModel: {stage(pk1, "a", boundTo("login"))},
	})})
	if len(plan.Changes) != 1 || len(plan.Warnings) > 0 {
		t.Fatalf("the plan is %v, with warnings %v", sketch(plan), plan.Warnings)
	}
	if diff := cmp.Diff([]string{"login"}, plan.Changes[0].UserNames()); diff != "" {
		t.Errorf("what uses the stage (-want +got):\n%s", diff)
	}
}
