package blueprint

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

const fuzzedData = "../../testdata/blueprints"

// readText reads one file's text, without a file.
func readText(t testing.TB, r *Reader, name, text string) *File {
	t.Helper()
	p := &tags.Policy{LookupEnv: func(name string) (string, bool) { return name, name != "UNSET" }}
	done := make(chan *File, 1)
	go func() {
		file, _, _ := r.load(t.Context(), source{parts: []part{{name: name, path: name, text: []byte(text)}}}, p)
		done <- file
	}()
	select {
	case file := <-done:
		return file
	case <-time.After(10 * time.Second):
		t.Fatal("it takes too long")
		return nil
	}
}

// checkFile wants what holds for every file, whatever is in it.
func checkFile(t *testing.T, file *File) {
	t.Helper()
	if invalid := len(file.Problems) > 0; invalid != (file.Status == tree.Invalid) {
		t.Errorf("the status is %s with problems %v", file.Status, file.Problems)
	}
	for _, problem := range file.Problems {
		if problem.Place.File == "" || problem.Message == "" || strings.Contains(problem.Message, "(MISSING)") || strings.Contains(problem.Message, "%!(EXTRA") {
			t.Errorf("a problem without a place or a message: %#v", problem)
		}
	}
	for _, entry := range file.Entries {
		if entry.Model == "" || entry.Path == "" || entry.Place.Line == 0 {
			t.Errorf("an entry without model, path or place: %#v", entry)
		}
		for _, m := range []tree.Map{entry.Identifiers, entry.Attrs} {
			resolveAll(t, m)
		}
	}
}

// resolveAll resolves what is pending: it may fail, and may leave nothing
// pending.
func resolveAll(t *testing.T, m tree.Map) {
	t.Helper()
	resolved, err := tree.Value{Data: m}.Resolve(func(r tree.Reference) (tree.Value, error) {
		if r.Tag == tree.TagFindObject {
			return tree.Value{Data: tree.Map{{Key: tree.Value{Data: "slug"}, Value: tree.Value{Data: "x"}}}}, nil
		}
		return tree.Value{Data: "x"}, nil
	})
	if err == nil && resolved.HasPending() {
		t.Errorf("still pending: %#v", resolved)
	}
}

func fuzzReader(f *testing.F) *Reader {
	f.Helper()
	s, err := schema.Load()
	if err != nil {
		f.Fatal(err)
	}
	return NewReader(Options{Schema: s})
}

func FuzzReadYAML(f *testing.F) {
	reader := fuzzReader(f)
	seeds, err := filepath.Glob(filepath.Join(fuzzedData, "constructs", "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range append(seeds, filepath.Join(fuzzedData, "tags", "context.yaml")) {
		text, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	broken, err := os.ReadFile(filepath.Join(fuzzedData, "broken.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range strings.Split(string(broken), "\n-- ") {
		if name, text, isFile := strings.Cut(text, " --\n"); isFile && strings.HasSuffix(name, ".yaml") {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { checkFile(t, readText(t, reader, "x.yaml", text)) })
}

func FuzzEvaluate(f *testing.F) {
	reader := fuzzReader(f)
	text, err := os.ReadFile(filepath.Join(fuzzedData, "tags", "expressions.json"))
	if err != nil {
		f.Fatal(err)
	}
	var recorded []struct{ Expression string }
	if err := json.Unmarshal(text, &recorded); err != nil {
		f.Fatal(err)
	}
	for _, e := range recorded {
		f.Add(e.Expression, "x")
		f.Add("!Context c", e.Expression)
	}
	for _, e := range []string{
		"!Find [authentik_flows.flow, [slug, x]]", "!KeyOf flow", "!Format ['%s', !KeyOf flow]",
		"!Enumerate [[a, b], MAP, [!Find [authentik_flows.flow, [slug, !Value 0]], !Index 0]]",
		"!AtIndex [!FindObject [authentik_flows.flow, [slug, x]], slug]",
	} {
		f.Add(e, e)
	}
	f.Fuzz(func(t *testing.T, expression, context string) {
		checkFile(t, readText(t, reader, "x.yaml", "context:\n  foo: bar\n  seq: [a, b]\n  map: {a: 1}\n  c: "+context+
			"\nentries:\n- {model: authentik_flows.flow, id: flow, identifiers: {slug: x}}\n"+
			"- model: authentik_stages_password.passwordstage\n  identifiers: {name: a}\n  attrs:\n    configure_flow: "+expression+"\n"))
	})
}

func FuzzFormat(f *testing.F) {
	f.Add("%s-%05d|%-8.3f|%x|%%", "text", int64(42), 1.5)
	f.Add("%*d %.*f %r %a %c", "é'", int64(-3), 1e300)
	f.Fuzz(func(t *testing.T, format, text string, number int64, float float64) {
		for _, args := range [][]any{{text, number, float}, {number, float, text}, {float, nil, true}} {
			if made, err := tags.PythonFormat(format, args, func(int) error { return nil }); err == nil && len(made.(string)) > len(format)*(tags.MostPadding+len(text)*10+400) {
				t.Errorf("%d bytes from a format of %d", len(made.(string)), len(format))
			}
		}
	})
}
