package blueprint_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// freeKinds are kinds whose attrs take anything, to see what tags become.
var freeKinds = fstest.MapFS{"free.cue": {Data: []byte(`
package schema

kinds: "authentik_core.group": {
	title:   "group"
	managed: true
	path:    "core/groups"
	key:     "name"
	fields: {
		name: {type: "text", want: "text", required: true}
		attributes: {type: "json", refers: "authentik_flows.flow"}
	}
	readOnly: pk: type: "uuid"
}
`)}}

// TestExpressions compares with what authentik 2025.10.4 made of each
// expression: its authentik/blueprints/v1/common.py was run on it with the
// context of tags/context.yaml.
func TestExpressions(t *testing.T) {
	var recorded []struct {
		Expression string
		Value      any
		Refused    string
	}
	decode(t, filepath.Join(testdata, "tags", "expressions.json"), &recorded)
	// Here aksync refuses what authentik takes, and why.
	stricter := map[string]string{
		`!Format ["%s", !Context tagged]`:                                                 "the tag within is evaluated without any context",
		`!Format ["%s", [!Context foo]]`:                                                  "the tag within is evaluated without any context",
		`!Condition [AND, !Condition [OR, false, !Context yes], !Condition [NOR, false]]`: "the key yes is true in YAML, so the context has none",
	}
	for _, e := range recorded {
		t.Run(e.Expression, func(t *testing.T) {
			value, problems := evaluate(t, e.Expression)
			_, refusedHere := stricter[e.Expression]
			if e.Refused != "" || refusedHere {
				if len(problems) == 0 {
					t.Errorf("authentik refuses it (%q), aksync gives %v", e.Refused, value)
				}
				return
			}
			if len(problems) > 0 {
				t.Fatalf("authentik gives %v, aksync says %v", e.Value, messages(problems))
			}
			if diff := cmp.Diff(e.Value, asJSON(t, value)); diff != "" {
				t.Errorf("-authentik +aksync:\n%s", diff)
			}
		})
	}
}

// evaluate gives what an expression becomes as a group's attributes.
func evaluate(t *testing.T, expression string) (any, tree.Problems) {
	t.Helper()
	context, err := os.ReadFile(filepath.Join(testdata, "tags", "context.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(context), "entries: []", "entries:\n- model: authentik_core.group\n  identifiers: {name: x}\n  attrs:\n    attributes: "+expression+"\n", 1)
	inFolder(t, map[string]string{"x.yaml": text})
	reader := newReader(t, blueprint.Options{
		Schema:    loaded(t, freeSchema),
		LookupEnv: environment(map[string]string{"SET": "value", "EMPTY": "", "NUMBER": "5"}),
		FileRoots: []string{"/"},
	})
	file := read(t, reader, ".").Files[0]
	if len(file.Problems) > 0 {
		return nil, file.Problems
	}
	return attrs(t, file)["attributes"], nil
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func asJSON(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestScalars compares with what PyYAML 6.0.3 makes of plain scalars.
func TestScalars(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testdata, "tags", "scalars.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		written, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		kind, repr, _ := strings.Cut(want, " ")
		t.Run(written, func(t *testing.T) {
			value, problems := evaluate(t, `[!Format ["%r", `+written+`]]`)
			if kind == "date" || kind == "datetime" || want == "error" {
				if len(problems) == 0 {
					t.Errorf("PyYAML gives %s, aksync %v", want, value)
				}
				return
			}
			if len(problems) > 0 {
				t.Fatalf("PyYAML gives %s, aksync says %v", want, messages(problems))
			}
			if got := value.([]any)[0]; got != repr {
				t.Errorf("PyYAML gives %s, aksync %s", repr, got)
			}
		})
	}
}
