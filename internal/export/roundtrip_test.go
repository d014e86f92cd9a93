package export_test

import (
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// awkward are texts that some reader takes for something else without quotes,
// or can't stand as they are.
var awkward = []string{
	"yes", "No", "ON", "off", "y", "N", "true", "False", "null", "Null", "~", "", "=", "<<", "-", "--- a", "...", "?", ": a", "a: b", "a:", "a #b", "#a",
	"!Find", "! x", "&a", "*a", "%x", "@a", "`a`", "|", ">", "[a", "{a", "a, b", "'", `"`, `\`, `\(a)`, `"""`, "'''", `a"b'c\d`,
	"0", "012", "0o7", "0x1F", "1_000", "1:30", "1.5", "1e3", "1.0e+3", ".inf", "-.INF", ".nan", "2024-01-01", "2024-01-01 10:00:00", "+5",
	"a\nb", "a\r\nb", "a\tb", "a\x01b", "a\x1bb", "a\x7fb", "a\u0080b", "a\u0085b", "a\u2028b\u2029c", "\ufeffa", "a\ufeff", "\u200bzero\u200b", "a\u202eb",
	"é", "e\u0301", "Straße", "密码", "🔑", "a\U0010ffffb", "a\ufffeb", "a\ufffdb", "_a", "#a", "$a", "schema", "schema.#Backends.token", "authentik.core.auth.InbuiltBackend", "{{ x }}", "%(app)s", "</script>",
}

func drawText(t *rapid.T, label string) string {
	nasty := []rune("a \t\n\r\x01\x1b\x7f\u0080\u0085\u00a0\u2028\u200b\ufeff\ufffe\"'\\:#-!&*[]{},<>=%@`|?~$()0.é🔑")
	return rapid.OneOf(
		rapid.SampledFrom(awkward),
		rapid.StringOfN(rapid.SampledFrom(nasty), 0, 12, -1),
		rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r != 0 }), 0, 20, -1),
	).Draw(t, label)
}

// drawAnything draws what JSON can hold.
func drawAnything(t *rapid.T, depth int) any {
	kinds := []string{"null", "bool", "int", "float", "text", "text"}
	if depth > 0 {
		kinds = append(kinds, "list", "mapping")
	}
	switch rapid.SampledFrom(kinds).Draw(t, "what") {
	case "bool":
		return rapid.Bool().Draw(t, "bool")
	case "int":
		return rapid.Int64().Draw(t, "int")
	case "float":
		// JSON has no other form for a number that is whole than for an integer.
		return rapid.Float64().Filter(func(f float64) bool { return f != math.Trunc(f) || math.Abs(f) >= 1e21 }).Draw(t, "float")
	case "text":
		return drawText(t, "text")
	case "list":
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawAnything(t, depth-1))
		}
		return list
	case "mapping":
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "size") {
			m[drawText(t, "key")] = drawAnything(t, depth-1)
		}
		return m
	default:
		return nil
	}
}

// world is a random server.
type world struct {
	t      *rapid.T
	schema *schema.Schema
	server *devserver.Server
	names  map[string]bool
	flows  []any
}

func (w *world) draw() {
	w.flows = []any{nil}
	for _, flow := range w.server.All(flowModel) {
		w.flows = append(w.flows, flow[schema.PK])
	}
	var stages, things []any
	for range rapid.IntRange(0, 4).Draw(w.t, "stages") {
		stages = append(stages, w.put(stageModel, func(*schema.Field) any { return nil }))
	}
	refer := func(to []any) any {
		return rapid.SampledFrom(append([]any{nil}, to...)).Draw(w.t, "to")
	}
	for range rapid.IntRange(0, 2).Draw(w.t, "identifications") {
		w.put(identificationModel, func(f *schema.Field) any {
			switch {
			case f.Type == schema.List:
				return []any{}
			case f.Refers == stageModel:
				return refer(stages)
			default:
				return nil
			}
		})
	}
	for range rapid.IntRange(0, 3).Draw(w.t, "things") {
		things = append(things, w.put(thingModel, func(f *schema.Field) any {
			if f.Type == schema.List {
				return append([]any{}, stages...)
			}
			return refer(things)
		}))
	}
}

// put adds a random object of a model, whose references within managed kinds
// are those that refer gives.
func (w *world) put(model string, refer func(*schema.Field) any) any {
	kind := w.schema.Kind(model)
	fields := map[string]any{}
	for _, f := range kind.Fields.Fields {
		if f.HasDefault && rapid.Bool().Draw(w.t, f.Name+" is the default") {
			continue
		}
		fields[f.Name] = w.value(f, refer)
	}
	fields[kind.Key] = w.name(kind)
	pk, err := w.server.Put(model, "", fields)
	if err != nil {
		w.t.Fatal(err)
	}
	return pk
}

func (w *world) value(f *schema.Field, refer func(*schema.Field) any) any {
	switch {
	case f.Refers == flowModel:
		return rapid.SampledFrom(w.flows).Draw(w.t, f.Name)
	case f.Refers != "":
		return refer(f)
	case f.Type == schema.Integer:
		return rapid.Int64Range(f.Min.Int64(), f.Max.Int64()).Draw(w.t, f.Name)
	case f.Type == schema.Boolean:
		return rapid.Bool().Draw(w.t, f.Name)
	case f.Type == schema.List:
		choices := []any{}
		for _, choice := range rapid.SliceOfN(rapid.SampledFrom(f.Values), 1, 5).Draw(w.t, f.Name) {
			choices = append(choices, choice.Value)
		}
		return choices
	case f.Type == schema.Text:
		return drawText(w.t, f.Name)
	default:
		return drawAnything(w.t, 3)
	}
}

// name draws a name as a server would hold it, which no object has yet.
func (w *world) name(kind *schema.Kind) string {
	of := kind.Fields.Field(kind.Key)
	stored := of.Normalize(tree.Value{Data: drawText(w.t, "name")})
	name, _ := stored.Data.(string)
	for len(of.Check("name", stored)) > 0 || w.names[name] {
		name = fmt.Sprintf("%sx%d", name, len(w.names))
		stored = tree.Value{Data: name}
	}
	w.names[name] = true
	return name
}

// read reads a blueprint back.
func read(t rapid.TB, s *schema.Schema, folder, format, text string) sync.Desired {
	path := filepath.Join(folder, "exported."+format)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := blueprint.NewReader(blueprint.Options{Schema: s, LookupEnv: func(string) (string, bool) { return "", false }}).
		Read(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if problems := set.Problems(); len(problems) > 0 || set.Files[0].Status == tree.Disabled {
		t.Fatalf("what was exported is %s: %v\n%s", set.Files[0].Status, problems, text)
	}
	return sync.Desired{Entries: set.Files[0].Entries}
}

// fixed is blueprints that do not change.
type fixed struct{ desired sync.Desired }

func (f fixed) Read(context.Context, bool) (*sync.Blueprints, error) {
	return &sync.Blueprints{Desired: f.desired}, nil
}

// apply applies what was read to a server that has the flows.
func apply(t *rapid.T, s *schema.Schema, server *devserver.Server, desired sync.Desired) {
	front := httptest.NewServer(server)
	defer front.Close()
	client, err := authentik.New(authentik.Config{URL: front.URL, Token: authentik.StaticToken(devserver.DevToken), RetryWait: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	reconciler := &sync.Reconciler{Schema: s, API: client, Parallelism: 8, Source: fixed{desired}}
	if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
		for _, result := range pass.Report.Results {
			t.Logf("%s %q %s: %v", result.Change.Action, result.Change.Name, result.Outcome, result.Err)
		}
		t.Fatalf("applying what was exported: %s: %v %v", pass.Verdict(), pass.Err, pass.Problems())
	}
}

func checkNoChanges(t *rapid.T, s *schema.Schema, server *devserver.Server, desired sync.Desired, text string) {
	listings := map[string]sync.Listing{}
	for model, objects := range live(s, server) {
		listings[model] = sync.Listing{Objects: objects}
	}
	plan := sync.MakePlan(s, desired, sync.Live{Version: devserver.DefaultVersion, Kinds: listings})
	if len(plan.Problems) > 0 || plan.HasChanges() || len(plan.Needs) > 0 {
		for _, change := range plan.Changes {
			t.Logf("%s %q %v", change.Action, change.Name, change.Fields)
		}
		t.Fatalf("a plan of what was exported has changes or problems %v\n%s", plan.Problems, text)
	}
}

// A plan of what was exported has no changes. Applied to a server that has
// nothing but the flows it makes the same objects; then, too, a plan of it has
// no changes.
func TestRoundTrip(t *testing.T) {
	s := loaded(t, moreSchema)
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, schema: s, server: seeded(t, s), names: map[string]bool{"default-authentication-password": true}}
		w.draw()
		o := export.Options{
			Format: rapid.SampledFrom([]string{export.YAML, export.CUE}).Draw(t, "format"),
			Full:   rapid.Bool().Draw(t, "full"),
			Models: furniture,
		}
		text := written(t, s, w.server, o)
		desired := read(t, s, folder, o.Format, text)
		checkNoChanges(t, s, w.server, desired, text)

		empty := seeded(t, s)
		apply(t, s, empty, desired)
		checkNoChanges(t, s, empty, desired, text)
		full := export.Options{Full: true, Models: furniture}
		if diff := cmp.Diff(written(t, s, w.server, full), written(t, s, empty, full)); diff != "" {
			t.Fatalf("the objects that it makes (-want +got):\n%s\nof\n%s", diff, text)
		}
	})
}

func written(t *rapid.T, s *schema.Schema, server *devserver.Server, o export.Options) string {
	var text textWriter
	if err := export.Write(&text, s, "1.2.3", live(s, server), o); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type textWriter []byte

func (w *textWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}
