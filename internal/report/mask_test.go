package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// secrets are fields of all sorts that nobody is to see, or nobody can read.
func secrets() []sync.FieldChange {
	return []sync.FieldChange{
		{Name: "client_secret", Before: "hidden-old", After: "hidden-new", Sensitive: true},
		{Name: "key_data", After: "hidden-new", Sensitive: true, WriteOnly: true},
		{Name: "later", Before: "hidden-old", After: tree.Text{"hidden-new", tree.ID{Change: 1}}, Sensitive: true},
		{Name: "unset", Before: "hidden-old", After: nil, Sensitive: true},
		{Name: "list", Before: []any{"hidden-old"}, After: []any{"hidden-new", "x"}, Sensitive: true},
		{Name: "written", After: "shown", WriteOnly: true},
		{Name: "long", After: []any{"shown"}, WriteOnly: true},
	}
}

// TestMasked wants values that nobody is to see to be in no form.
func TestMasked(t *testing.T) {
	forms := map[string]func(*bytes.Buffer, *sync.Pass) error{
		"text":        func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, true, true).Plan(p) },
		"JSON":        func(b *bytes.Buffer, p *sync.Pass) error { return report.JSON(b, p, about, true) },
		"Markdown":    func(b *bytes.Buffer, p *sync.Pass) error { return report.Markdown(b, p, about) },
		"SARIF":       func(b *bytes.Buffer, p *sync.Pass) error { return report.SARIF(b, p, about) },
		"annotations": func(b *bytes.Buffer, p *sync.Pass) error { return report.Annotations(b, p, about) },
	}
	for name, write := range forms {
		update, create := updateOf("x", secrets()...), updateOf("y", secrets()...)
		create.Action, create.PK = sync.Create, ""
		var got bytes.Buffer
		if err := write(&got, passOf(t, update, create)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.String(), "hidden") {
			t.Errorf("%s shows a secret:\n%s", name, got.String())
		}
		if name == "JSON" {
			checkSchema(t, got.Bytes())
		}
	}
}

func TestMaskedText(t *testing.T) {
	update, create := updateOf("x", secrets()...), updateOf("y", secrets()...)
	create.Action, create.PK = sync.Create, ""
	want := `~ update password stage "x"  login.yaml:3:5
  ~ client_secret: (sensitive)
  ~ key_data: (write-only) -> (sensitive)
  ~ later: (sensitive)
  ~ unset: (sensitive)
  ~ list: (sensitive)
  ~ written: (write-only) -> "shown"
  ~ long: (write-only) -> ["shown"]

+ create password stage "y"  login.yaml:3:5
  + client_secret: (sensitive)
  + key_data: (sensitive)
  + later: (sensitive)
  + unset: (sensitive)
  + list: (sensitive)
  + written: "shown"
  + long:
    + "shown"

Plan: 1 to create, 1 to update, 0 to delete, 0 unchanged.
`
	if diff := cmp.Diff(want, textOf(t, passOf(t, update, create))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMaskedJSON(t *testing.T) {
	var got bytes.Buffer
	if err := report.JSON(&got, passOf(t, updateOf("x", secrets()[1], secrets()[5])), about, false); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Changes []struct{ Fields []map[string]any }
	}
	if err := json.Unmarshal(got.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"name": "key_data", "before": "(write-only)", "after": "(sensitive)", "sensitive": true, "write_only": true},
		{"name": "written", "before": "(write-only)", "after": "shown", "write_only": true},
	}
	if diff := cmp.Diff(want, doc.Changes[0].Fields); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestByKind wants changes of many kinds to be counted for each of them.
func TestByKind(t *testing.T) {
	change := func(action sync.Action, title string) *sync.Change {
		c := updateOf("x")
		c.Action, c.Title, c.Model = action, title, "authentik_core."+strings.ReplaceAll(title, " ", "")
		return c
	}
	few := &sync.Plan{Changes: []*sync.Change{change(sync.Create, "flow"), change(sync.Update, "group"), change(sync.NoOp, "user")}}
	many := &sync.Plan{Changes: append(few.Changes, change(sync.Create, "flow"), change(sync.Delete, "flow"), change(sync.Delete, "policy binding"))}
	text := func(plan *sync.Plan) string {
		var b bytes.Buffer
		if err := report.NewText(&b, false, false).Changes(&sync.Pass{Plan: plan}); err != nil {
			t.Fatal(err)
		}
		_, end, _ := strings.Cut(b.String(), "\n\nBy kind")
		return end
	}
	if got := text(few); got != "" {
		t.Errorf("few kinds are counted: %s", got)
	}
	want := ": flow +2 -1, group ~1, policy binding -1\nPlan: 2 to create, 1 to update, 2 to delete, 1 unchanged.\n"
	if diff := cmp.Diff(want, text(many)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	counted := map[string]*report.Tally{
		"authentik_core.flow": {Create: 2, Delete: 1}, "authentik_core.group": {Update: 1}, "authentik_core.user": {NoOp: 1}, "authentik_core.policybinding": {Delete: 1},
	}
	if diff := cmp.Diff(counted, report.Summarize(&sync.Pass{Plan: many}).Models); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAfterCreation wants an update that completes a creation of the same plan to say
// so: it has no primary key yet.
func TestAfterCreation(t *testing.T) {
	creation := 1
	update := updateOf("x", sync.FieldChange{Name: "group", After: tree.ID{Change: 2}})
	update.PK, update.Of = "", &creation
	pass := passOf(t, update)
	if text := textOf(t, pass); !strings.Contains(text, "\n    after its creation, for what it can't have at once\n") {
		t.Errorf("it is\n%s", text)
	}
	var doc, comment bytes.Buffer
	if err := errors.Join(report.JSON(&doc, pass, about, false), report.Markdown(&comment, pass, about)); err != nil {
		t.Fatal(err)
	}
	checkSchema(t, doc.Bytes())
	if !strings.Contains(doc.String(), `"after_creation": true`) || !strings.Contains(comment.String(), "after its creation") {
		t.Errorf("it is\n%s\n%s", doc.String(), comment.String())
	}
}
