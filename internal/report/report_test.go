package report_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

var update = flag.Bool("update", false, "write the golden files anew")

const stageModel = "authentik_stages_password.passwordstage"

// entry declares a stage at a line of login.yaml.
func entry(line int, name string, state tree.State, attrs map[string]any) *tree.Entry {
	m, _ := tree.FromJSON(attrs).Data.(tree.Map)
	return &tree.Entry{
		Place: tree.Place{File: "login.yaml", Line: line, Column: 5}, Path: schema.Index("entries", line/10),
		Model: stageModel, State: tree.Value{Data: string(state)},
		Identifiers: tree.Map{{Key: tree.Value{Data: "name"}, Value: tree.Value{Data: name}}}, Attrs: m,
	}
}

func live(pk, name string, flows ...string) schema.Object {
	set := []any{}
	for _, slug := range flows {
		set = append(set, map[string]any{
			"pk": pk, "policybindingmodel_ptr_id": pk, "name": slug, "slug": slug, "title": slug,
			"designation": "authentication", "background": "", "export_url": "",
		})
	}
	return schema.Object{
		"pk": pk, "name": name, "component": "", "verbose_name": "", "verbose_name_plural": "", "meta_model_name": stageModel,
		"flow_set": set, "configure_flow": nil, "failed_attempts_before_cancel": int64(5), "allow_show_password": false,
		"backends": []any{"authentik.core.auth.InbuiltBackend", "authentik.core.auth.TokenBackend", "authentik.sources.ldap.auth.LDAPBackend"},
	}
}

// mixed is a pass with something of everything.
func mixed(t *testing.T) *sync.Pass {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	desired := sync.Desired{Entries: []*tree.Entry{
		entry(10, "new <b>\x1b[31m", tree.Present, map[string]any{
			"backends": []any{"authentik.core.auth.InbuiltBackend"}, "failed_attempts_before_cancel": int64(3)}),
		entry(20, "login", tree.Present, map[string]any{
			"backends":            []any{"authentik.sources.kerberos.auth.KerberosBackend", "authentik.core.auth.InbuiltBackend", "authentik.sources.ldap.auth.LDAPBackend"},
			"allow_show_password": true}),
		entry(30, "gone", tree.Absent, nil),
		entry(40, "same", tree.Present, nil),
		entry(50, "incomplete", tree.Present, nil),
	}}
	plan := sync.MakePlan(s, desired, sync.Live{Version: "2025.10.4", Kinds: map[string]sync.Listing{stageModel: {Objects: []schema.Object{
		live("00000000-0000-4000-8000-000000000001", "login", "default-authentication-flow", "intranet"),
		live("00000000-0000-4000-8000-000000000002", "gone", "extranet"),
		live("00000000-0000-4000-8000-000000000003", "same"),
	}}}})
	for _, change := range plan.Changes {
		switch change.Name {
		case "login":
			change.Along = []string{"secret"}
		case "same":
			change.Uncompared = []string{"password", "key"}
		}
	}
	plan.Warnings = append(plan.Warnings, tree.Problem{Message: "the server's password stage \"same\" is not as aksync knows it"})
	return &sync.Pass{Plan: plan, Blueprints: &sync.Blueprints{
		Files: []sync.Blueprint{
			{Path: "login.yaml", State: tree.Valid, Warnings: tree.Problems{{
				Place: tree.Place{File: "login.yaml", Line: 12, Column: 7}, Path: "entries[1].attrs.backends", Message: "the key \"backends\" is given twice\x1b with the same value",
			}}},
			{Path: "old.yaml", State: tree.Disabled},
			{Path: "wrong.yaml", State: tree.Invalid, Problems: tree.Problems{{
				Place: tree.Place{File: "wrong.yaml", Line: 7, Column: 9}, Path: "entries[0].attrs.backends[1]", Message: `"x" is not known: want one of y`,
			}}},
		},
		Unmanaged: map[string]int{"authentik_events.event": 1, "authentik_unknown.thing": 3},
		Why:       map[string]string{"authentik_events.event": "authentik writes these itself, one for each thing that happens, and drops them after a while"},
	}}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

var about = report.About{AksyncVersion: "1.2.3", ServerURL: "https://auth.example.com"}

func TestForms(t *testing.T) {
	forms := map[string]func(*bytes.Buffer, *sync.Pass) error{
		"plan.txt":        func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, false, false).Plan(p) },
		"plan-all.txt":    func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, false, true).Plan(p) },
		"plan-colour.txt": func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, true, false).Plan(p) },
		"validate.txt":    func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, false, false).Validation(p) },
		"plan.json":       func(b *bytes.Buffer, p *sync.Pass) error { return report.JSON(b, p, about, false) },
		"plan-all.json":   func(b *bytes.Buffer, p *sync.Pass) error { return report.JSON(b, p, about, true) },
		"validate.json":   func(b *bytes.Buffer, p *sync.Pass) error { return report.Validation(b, p, about) },
		"validate.sarif":  func(b *bytes.Buffer, p *sync.Pass) error { return report.SARIF(b, p, about) },
		"plan.md":         func(b *bytes.Buffer, p *sync.Pass) error { return report.Markdown(b, p, about) },
		"annotations.txt": func(b *bytes.Buffer, p *sync.Pass) error { return report.Annotations(b, p, about) },
	}
	for name, write := range forms {
		t.Run(name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := errors.Join(write(&first, mixed(t)), write(&second, mixed(t))); err != nil {
				t.Fatal(err)
			}
			golden(t, name, first.Bytes())
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("the same pass gave other bytes")
			}
			if strings.Contains(name, "colour") {
				return
			}
			if bytes.ContainsRune(first.Bytes(), '\x1b') {
				t.Error("a name's control characters reach the terminal")
			}
		})
	}
}

func TestApplied(t *testing.T) {
	pass := mixed(t)
	outcome := &sync.Report{}
	for _, change := range pass.Plan.Changes {
		if change.Action == sync.NoOp {
			continue
		}
		result := sync.Result{Change: change, Outcome: map[sync.Action]sync.Outcome{sync.Create: sync.Done, sync.Update: sync.Failed, sync.Delete: sync.Skipped}[change.Action]}
		if result.Outcome != sync.Done {
			result.Err = errors.New("because")
		}
		outcome.Results = append(outcome.Results, result)
	}
	var got bytes.Buffer
	if err := report.NewText(&got, false, false).Applied(outcome); err != nil {
		t.Fatal(err)
	}
	golden(t, "applied.txt", got.Bytes())
}

// An outcome that has no error is not written as one. A name is as long as a line takes.
func TestAppliedOutcomes(t *testing.T) {
	long := updateOf(strings.Repeat("x", 4<<20))
	passOf(t, long)
	var got bytes.Buffer
	err := report.NewText(&got, false, false).Applied(&sync.Report{Results: []sync.Result{
		{Change: long, Outcome: sync.Done}, {Change: long, Outcome: "another"}, {Change: long, Outcome: sync.Failed, Err: errors.New("because")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `login.yaml:3:5: update password stage "xxxxxxxx"…"xxxx" (4,194,304 characters): because
Applied: 0 created, 1 updated, 0 deleted, 1 failed.
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A writer that fails is an error, and not silence.
func TestWriteError(t *testing.T) {
	for name, write := range map[string]func() error{
		"text":        func() error { return report.NewText(brokenWriter{}, false, false).Plan(mixed(t)) },
		"JSON":        func() error { return report.JSON(brokenWriter{}, mixed(t), about, false) },
		"SARIF":       func() error { return report.SARIF(brokenWriter{}, mixed(t), about) },
		"Markdown":    func() error { return report.Markdown(brokenWriter{}, mixed(t), about) },
		"annotations": func() error { return report.Annotations(brokenWriter{}, mixed(t), about) },
	} {
		if err := write(); !errors.Is(err, errBroken) {
			t.Errorf("the error of %s is %v", name, err)
		}
	}
}

var errBroken = errors.New("the disk is full")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
