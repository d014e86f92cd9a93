package observe_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/observe"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	provider = "authentik_providers_oauth2.oauth2provider"
	appModel = "authentik_core.application"
	group    = "authentik_core.group"
)

// declares is a folder of one file, and the entries in it.
const declares = `version: 1
entries:
  - model: authentik_providers_oauth2.oauth2provider
    id: wiki
    identifiers: {name: wiki}
    attrs:
      client_secret: hunter2hunter2
      authorization_flow: !Find [authentik_flows.flow, [slug, consent]]
      redirect_uris: [{matching_mode: strict, url: "https://wiki.example.com/<b>"}]
  - model: authentik_core.application
    identifiers: {slug: wiki}
    attrs: {name: Wiki, provider: !KeyOf wiki}
  - model: authentik_core.group
    state: created
    identifiers: {name: staff}
    attrs: {is_superuser: false}
  - model: authentik_core.group
    identifiers: {name: "a*b"}
    attrs: {is_superuser: false}
  - model: authentik_core.application
    identifiers: {slug: second}
    attrs: {provider: !Find [authentik_providers_oauth2.oauth2provider, [client_secret, hunter3hunter3]]}
`

// looked is a page after a pass, and the entries of the pass.
func looked(t *testing.T, pass func(entries []*tree.Entry) *sync.Pass) (*observe.Page, []metrics.Object) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte(declares), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := blueprint.NewReader(blueprint.Options{Schema: s}).Read(t.Context(), []string{file})
	if err != nil {
		t.Fatal(err)
	}
	entries := set.Files[0].Entries
	if len(entries) != 5 || len(set.Files[0].Problems) > 0 {
		t.Fatal(set.Files[0].Problems)
	}
	page := observe.NewPage(metrics.Status{}, func() time.Duration { return 0 })
	page.Schema = s
	page.Passed(pass(entries))
	return page, page.Status().Objects
}

// of is a change of what an entry declares.
func of(entry *tree.Entry, action sync.Action, name, pk string) *sync.Change {
	return &sync.Change{Action: action, Model: entry.Model, Title: "kind", Name: name, PK: pk, Source: entry.Place, Path: entry.Path}
}

func made(entries []*tree.Entry, changes ...*sync.Change) *sync.Pass {
	return &sync.Pass{
		Blueprints: &sync.Blueprints{Desired: sync.Desired{Entries: entries}},
		Plan:       &sync.Plan{Version: "2025.10.4", Changes: changes, Names: map[sync.Pointer]sync.Named{}},
	}
}

// What is as declared is shown from the blueprint, without secrets, and with references
// by name.
func TestDetailOfWhatIsInSync(t *testing.T) {
	page, objects := looked(t, func(entries []*tree.Entry) *sync.Pass {
		return made(entries, of(entries[0], sync.NoOp, "wiki", "7"), of(entries[1], sync.NoOp, "wiki", "u"), of(entries[2], sync.NoOp, "staff", "g"), of(entries[3], sync.NoOp, "a*b", "h"), of(entries[4], sync.NoOp, "second", "v"))
	})
	got := map[string][]metrics.Field{}
	for _, o := range objects {
		detail := page.Detail(o)
		got[o.Model+" "+o.Name] = detail.Fields
		if everything := fmt.Sprintf("%+v", detail); strings.Contains(everything, "hunter") {
			t.Errorf("a secret is shown: %s", everything)
		}
		switch drawn := string(detail.Picture); {
		case o.Model == group && drawn != "":
			t.Errorf("%s stands alone, and has a picture", o.Name)
		case o.Model != group && (!strings.Contains(drawn, "OAuth2 provider</text>") || strings.Contains(drawn, "style=")):
			t.Errorf("%s has the picture %q", o.Name, drawn)
		}
	}
	same := func(name, declared string) metrics.Field {
		return metrics.Field{Name: name, Declared: []string{declared}, Same: true}
	}
	uncompared := []string{"(not compared: state created)"}
	want := map[string][]metrics.Field{
		provider + " wiki": {
			same("name", `"wiki"`), same("authorization_flow", "flow consent"), same("client_secret", "(sensitive)"),
			same("redirect_uris", `[{"matching_mode":"strict","url":"https://wiki.example.com/<b>"}]`),
		},
		appModel + " wiki":   {same("name", `"Wiki"`), same("slug", `"wiki"`), same("provider", "OAuth2 provider wiki")},
		appModel + " second": {same("slug", `"second"`), same("provider", "OAuth2 provider (sensitive)")},
		group + " staff": {
			{Name: "name", Declared: []string{`"staff"`}, Live: uncompared}, {Name: "is_superuser", Declared: []string{"false"}, Live: uncompared},
		},
		group + " a*b": {same("name", `"a*b"`), same("is_superuser", "false")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What drifted is shown with what is live, and what failed or was permitted to somebody
// is of the same object.
func TestDetailOfWhatDrifted(t *testing.T) {
	page, objects := looked(t, func(entries []*tree.Entry) *sync.Pass {
		drifted := of(entries[0], sync.Update, "wiki", "7")
		drifted.Fields = []sync.FieldChange{
			{Name: "name", Before: "wikki", After: "wiki"}, {Name: "client_secret", Before: "hunter1hunter1", After: "hunter2hunter2", Sensitive: true},
		}
		drifted.Declared = map[string]any{"name": "wiki", "client_secret": "hunter2hunter2", "client_id": "x"}
		drifted.Live = map[string]any{"name": "wikki", "client_secret": "hunter1hunter1", "client_id": "x", "client_type": "public"}
		permits := of(entries[0], sync.Update, "wiki", "7")
		permits.Source.Line++
		permits.Path, permits.Permits = "entries[0].permissions[0]", &sync.Permitting{}
		permits.Fields = []sync.FieldChange{{Name: "permissions", After: []any{"view"}}}
		fresh := of(entries[3], sync.Create, "a*b", "")
		fresh.Declared = map[string]any{"name": "a*b"}
		fresh.Fields = []sync.FieldChange{{Name: "name", After: "a*b"}}
		pass := made(entries, of(entries[1], sync.NoOp, "wiki", "u"), drifted, permits, fresh)
		pass.Report = &sync.Report{Results: []sync.Result{
			{Change: drifted, Outcome: sync.Failed, Err: errors.New("it is refused")}, {Change: permits, Outcome: sync.Done}, {Change: fresh, Outcome: sync.Done, PK: "new"},
		}}
		return pass
	})
	var rows []string
	for _, o := range objects {
		rows = append(rows, fmt.Sprint(o.Model, " ", o.Name, " ", o.PK, " ", o.State, " ", o.Error, " ", len(o.Changes)))
	}
	want := []string{provider + " wiki 7 failed it is refused 2", group + " a*b new in_sync  0", appModel + " wiki u in_sync  0"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	detail := page.Detail(objects[0])
	if everything := fmt.Sprintf("%+v%+v", detail, objects); strings.Contains(everything, "hunter") {
		t.Errorf("a secret is shown: %s", everything)
	}
	fields := []metrics.Field{
		{Name: "name", Declared: []string{`"wiki"`}, Live: []string{`"wikki"`}},
		{Name: "client_id", Declared: []string{`"x"`}, Live: []string{`"x"`}, Same: true},
		{Name: "client_secret", Declared: []string{"(sensitive)"}, Live: []string{"(sensitive)"}},
	}
	if diff := cmp.Diff(fields, detail.Fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var lines []string
	for _, line := range detail.Diff {
		lines = append(lines, line.Sign+" "+line.Text)
	}
	if diff := cmp.Diff([]string{`~ name: "wikki" -> "wiki"`, "~ client_secret: (sensitive)"}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if detail := page.Detail(objects[1]); len(detail.Fields) != 2 || !detail.Fields[0].Same || len(detail.Diff) > 0 {
		t.Errorf("what was made is shown as %+v", detail)
	}
}

// Of a plan that changes all only a part is kept, and the rest is shown as declared.
func TestDetailOfMuch(t *testing.T) {
	page, objects := looked(t, func(entries []*tree.Entry) *sync.Pass {
		var changes []*sync.Change
		for i := range 1500 {
			change := of(entries[3], sync.Update, fmt.Sprint("other ", i), fmt.Sprint(i))
			change.Source.Line += 10 + i
			changes = append(changes, change)
		}
		return made(entries, append(changes, of(entries[3], sync.Update, "a*b", "h"))...)
	})
	i := slices.IndexFunc(objects, func(o metrics.Object) bool { return o.Name == "a*b" })
	want := []metrics.Field{
		{Name: "name", Declared: []string{`"a*b"`}, Live: []string{"(not kept: aksync plan shows it)"}},
		{Name: "is_superuser", Declared: []string{"false"}, Live: []string{"(not kept: aksync plan shows it)"}},
	}
	if diff := cmp.Diff(want, page.Detail(objects[i]).Fields); len(objects) != 1501 || diff != "" {
		t.Errorf("of %d objects (-want +got):\n%s", len(objects), diff)
	}
}

// What the daemon did is shown from where it is kept, and what goes wrong is said.
func TestDetailOfThePast(t *testing.T) {
	page, objects := looked(t, func(entries []*tree.Entry) *sync.Pass {
		return made(entries, of(entries[2], sync.NoOp, "staff", "g"))
	})
	if note := page.Detail(objects[0]).EventsNote; note != "Nothing is kept of that." {
		t.Errorf("it says %q", note)
	}
	page.Past, page.PastNote = func(o history.Object, n int) ([]*history.Event, error) {
		if o != (history.Object{Model: group, Name: "staff", PK: "g"}) || n < 5 {
			t.Errorf("%d events of %v are asked for", n, o)
		}
		return []*history.Event{{Action: sync.Update, Why: history.Drift, Trigger: sync.TriggerInterval, Commit: strings.Repeat("c", 40), Result: history.Failed}}, nil
	}, "Since it began."
	detail := page.Detail(objects[0])
	want := []metrics.Event{{Action: "update", Why: history.Drift.Words(), Trigger: sync.TriggerInterval, Commit: strings.Repeat("c", 12), Error: "It failed."}}
	if diff := cmp.Diff(want, detail.Events, cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Lines" }, cmp.Ignore())); diff != "" || detail.EventsNote != "Since it began." {
		t.Errorf("%q, (-want +got):\n%s", detail.EventsNote, diff)
	}
	page.Past = func(history.Object, int) ([]*history.Event, error) { return nil, nil }
	if note := page.Detail(objects[0]).EventsNote; note != "Nothing. Since it began." {
		t.Errorf("it says %q", note)
	}
	page.Past = func(history.Object, int) ([]*history.Event, error) { return nil, errors.New("no folder") }
	if note := page.Detail(objects[0]).EventsNote; !strings.Contains(note, "no folder") {
		t.Errorf("it says %q", note)
	}
}

// Passes that came to the same are one row, and problems of no file are shown too.
func TestPageOfPasses(t *testing.T) {
	page := observe.NewPage(metrics.Status{}, func() time.Duration { return 0 })
	calm := func() *sync.Pass {
		return &sync.Pass{Trigger: sync.TriggerInterval, Started: time.Now(), Blueprints: &sync.Blueprints{}, Plan: &sync.Plan{}, Report: &sync.Report{}}
	}
	for range 30 {
		page.Passed(calm())
	}
	unready := calm()
	unready.Err, unready.Plan, unready.Blueprints, unready.Report = errors.New("a folder is gone"), nil, nil, nil
	page.Passed(unready)
	if passes := page.Status().Passes; len(passes) != 2 || passes[0].Error != "a folder is gone" || passes[1].More != 29 {
		t.Errorf("the passes are %+v", passes)
	}
	lost := calm()
	lost.Plan.Problems = tree.Problems{{Message: "the plan is refused"}, {Place: tree.Place{File: "part.cue"}, Message: "in a part"}}
	lost.Blueprints.Files = []sync.Blueprint{{Path: "a.cue", Parts: []string{"a.cue", "part.cue"}, State: tree.Valid}}
	page.Passed(lost)
	status := page.Status()
	if diff := cmp.Diff([]string{"the plan is refused"}, status.Problems); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"part.cue: in a part"}, status.Blueprints[0].Errors); diff != "" {
		t.Error(diff)
	}
}
