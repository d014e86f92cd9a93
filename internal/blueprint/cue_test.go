package blueprint_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

const importSchema = "import \"github.com/aksync/aksync/schema\"\n\n"

// plainEntries gives what the entries of password stages say.
func plainEntries(t *testing.T, file *blueprint.File) []any {
	t.Helper()
	var plain []any
	for _, entry := range file.Entries {
		if entry.Model != stageModel {
			continue
		}
		fields := tree.Value{Data: tree.Map{
			tree.Member(tree.Place{}, "identifiers", tree.Value{Data: entry.Identifiers}),
			tree.Member(tree.Place{}, "attrs", tree.Value{Data: entry.Attrs}),
		}}
		resolved, err := fields.Resolve(func(r tree.Reference) (tree.Value, error) {
			return tree.Value{Data: r.Tag + " " + r.Model}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		plain = append(plain, resolved.Plain())
	}
	return plain
}

// TestCUELikeYAML writes one blueprint in both languages.
func TestCUELikeYAML(t *testing.T) {
	inYAML := `version: 1
metadata: {name: x}
context: {title: front}
entries:
- {model: authentik_flows.flow, id: flow, identifiers: {slug: x}}
- model: ` + stageModel + `
  identifiers: {name: !Format ["%s-%d", !Context title, 1]}
  attrs:
    backends: [authentik.core.auth.InbuiltBackend]
    configure_flow: !Find [authentik_flows.flow, [slug, x]]
    failed_attempts_before_cancel: !Env [TRIES, 3]
    allow_show_password: false
- model: ` + stageModel + `
  identifiers: {name: back-2}
  attrs:
    backends: [authentik.core.auth.InbuiltBackend]
    configure_flow: !KeyOf flow
    failed_attempts_before_cancel: !Env [TRIES, 3]
    allow_show_password: !File [show, true]
`
	inCUE := importSchema + `schema.#Blueprint

metadata: name: "x"
context: title: "front"
_stage: schema.#PasswordStage & {
	attrs: {
		backends: [schema.#Backends.inbuilt]
		failed_attempts_before_cancel: schema.#Env & {#name: "TRIES", #default: 3}
		allow_show_password: *false | _
	}
}
entries: [
	{model: "authentik_flows.flow", id: "flow", identifiers: slug: "x"},
	_stage & {
		identifiers: name: "!Format": ["%s-%d", schema.#Context & {#key: "title"}, 1]
		attrs: configure_flow: schema.#Find & {#model: "authentik_flows.flow", #where: slug: "x"}
	},
	for i, n in ["front", "back"] if i > 0 {
		_stage & {
			identifiers: name: "\(n)-\(i+1)"
			attrs: {
				configure_flow: schema.#KeyOf & {#id: "flow"}
				allow_show_password: schema.#File & {#path: "show", #default: true}
			}
		}
	},
]
`
	fromYAML := readOne(t, blueprint.Options{}, "x.yaml", inYAML)
	fromCUE := readOne(t, blueprint.Options{}, "x.cue", inCUE)
	if diff := cmp.Diff(plainEntries(t, fromYAML), plainEntries(t, fromCUE)); diff != "" {
		t.Errorf("-YAML +CUE:\n%s", diff)
	}
	if diff := cmp.Diff(fromYAML.Unmanaged, fromCUE.Unmanaged); diff != "" {
		t.Error(diff)
	}
}

func TestCUEPackage(t *testing.T) {
	inFolder(t, map[string]string{
		"b/a.cue":     "package stages\n\nentries: [for n in _names {model: \"" + stageModel + "\", identifiers: name: n}]\n",
		"b/b.cue":     "package stages\n\n_names: [\"a\", \"b\"]\n",
		"b/alone.cue": "entries: [{model: \"" + stageModel + "\", identifiers: name: \"alone\"}]\n",
		"b/other.cue": "package other\n\nentries: [{model: \"" + stageModel + "\", identifiers: name: _name}]\n_name: \"other\"\n",
	})
	set := read(t, newReader(t, blueprint.Options{}), "b")
	if diff := cmp.Diff([]string{"b/a.cue", "b/alone.cue", "b/other.cue"}, paths(set)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]string{"b/a.cue", "b/b.cue"}, set.Files[0].Parts); diff != "" {
		t.Error(diff)
	}
	if got := len(set.Files[0].Entries); got != 2 {
		t.Errorf("want 2 entries, got %d: %s", got, describe(set))
	}
	// A path that names one file reads that file alone.
	alone := read(t, newReader(t, blueprint.Options{}), "b/a.cue")
	if want := "b/a.cue invalid\n\tb/a.cue:3:20: reference \"_names\" not found: want the name of a field, or of a package that the file imports\n"; describe(alone) != want {
		t.Errorf("got %swant %s", describe(alone), want)
	}
}

// TestCUEModule has a module of the user's own, vendored packages, and changes
// in what is imported.
func TestCUEModule(t *testing.T) {
	inFolder(t, map[string]string{
		"cue.mod/module.cue":                  "module: \"example.com/logins@v0\"\nlanguage: version: \"v0.16.0\"\n",
		"cue.mod/pkg/example.org/words/w.cue": "package words\n\nPrefix: \"from-pkg\"\n",
		"defaults/d.cue":                      "package defaults\n\n" + importSchema + "#Stage: schema.#PasswordStage & {attrs: backends: [schema.#Backends.inbuilt]}\n",
		"defaults/other.cue":                  "package unrelated\n\nbroken: 1 & 2\n",
		"blueprints/x.cue":                    importSchema + "import \"example.com/logins/defaults\"\nimport w \"example.org/words\"\n\nschema.#Blueprint & {entries: [defaults.#Stage & {identifiers: name: w.Prefix}]}\n",
		"blueprints/cycle.cue":                "import \"example.com/logins/cycle\"\n\nentries: [cycle.x]\n",
		"cycle/c.cue":                         "package cycle\n\nimport \"example.com/logins/cycle\"\n\nx: cycle.x\n",
		"blueprints/missing.cue":              "import \"example.com/logins/nothing\"\n\nentries: [nothing.x]\n",
		"blueprints/imported-error.cue":       "import \"example.com/logins/wrong\"\n\nentries: [wrong.x]\n",
		"wrong/w.cue":                         "package wrong\n\nx: {model: 1 & 2}\n",
		"blueprints/quotes/escape.cue":        "import \"example.com/logins/../../x\"\n\nentries: []\n",
	})
	reader := newReader(t, blueprint.Options{})
	set := read(t, reader, "blueprints")
	want := `blueprints/cycle.cue invalid
	cycle/c.cue:3:8: the package example.com/logins/cycle imports itself
blueprints/imported-error.cue invalid
	wrong/w.cue:3:16: x.model: conflicting values 2 and 1
blueprints/missing.cue invalid
	blueprints/missing.cue:1:8: the package example.com/logins/nothing is not here: want a folder of the module example.com/logins, or below its cue.mod/pkg (aksync does not use the network)
blueprints/quotes/escape.cue invalid
	blueprints/quotes/escape.cue:1:8: the package example.com/logins/../../x is not here: want a folder of the module example.com/logins, or below its cue.mod/pkg (aksync does not use the network)
blueprints/x.cue valid
`
	if diff := cmp.Diff(want, describe(set)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	before := set.Files[4]
	if again := read(t, reader, "blueprints").Files[4]; again != before {
		t.Error("want the same file where nothing changed")
	}
	write(t, "cue.mod/pkg/example.org/words/w.cue", "package words\n\nPrefix: \"changed\"\n")
	after := read(t, reader, "blueprints").Files[4]
	if name, _ := after.Entries[0].Identifiers.Get("name"); name.Data != "changed" {
		t.Errorf("want the name from the changed package, got %v", name.Data)
	}
}

func TestCUETags(t *testing.T) {
	text := `
entries: [{
	model: "` + stageModel + `"
	identifiers: name: _name
	attrs: {
		failed_attempts_before_cancel: _tries
		allow_show_password: _show
	}
}]
_name:  *"default" | string @tag(name)
_tries: *5 | int            @tag(tries,type=int)
_show:  *false | bool       @tag(show,type=bool)
`
	file := readOne(t, blueprint.Options{Tags: map[string]string{"name": "given", "tries": "-1", "unused": "x"}}, "x.cue", text)
	want := []any{map[string]any{
		"identifiers": map[string]any{"name": "given"},
		"attrs":       map[string]any{"failed_attempts_before_cancel": int64(-1), "allow_show_password": false},
	}}
	if diff := cmp.Diff(want, plainEntries(t, file)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	inFolder(t, map[string]string{"x.cue": text, "y.cue": "@if(prod)\npackage y\nentries: []\n"})
	set := read(t, newReader(t, blueprint.Options{Tags: map[string]string{"tries": "many"}}), ".")
	wrong := "x.cue invalid\n\tx.cue:11:29: the value of --tag tries is not what @tag(tries,type=int) takes\ny.cue invalid\n\ty.cue:1:1: @if(prod) is not known to aksync: want a field with a @tag and a comprehension\n"
	if diff := cmp.Diff(wrong, describe(set)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCUEColumns wants columns to count characters, as in YAML.
func TestCUEColumns(t *testing.T) {
	inFolder(t, map[string]string{"x.cue": "entries: [{model: \"" + stageModel + "\", identifiers: name: \"äöü\", attrs: backend: 5}]\n"})
	set := read(t, newReader(t, blueprint.Options{}), ".")
	want := []string{"x.cue:1:95: entries[0].attrs.backend: unknown field \"backend\": did you mean \"backends\"?"}
	if diff := cmp.Diff(want, messages(set.Problems())); diff != "" {
		t.Error(diff)
	}
}

// TestWorker evaluates in a process of its own: what explodes is ended there,
// and what comes after it is read.
func TestWorker(t *testing.T) {
	const explodes = "import \"list\"\n\n_r: list.Range(0, 100000, 1)\nentries: [for a in _r for b in _r for c in _r if a+b+c < 0 {model: \"a.b\"}]\n"
	inFolder(t, map[string]string{
		"a.cue": explodes,
		"b.cue": "x: \"" + strings.Repeat("x", 1000) + "\"\ny: x*1000000\nz: y + y\n" + "entries: []\n",
		"c.cue": "entries: [" + strings.Repeat("[", 3000000),
		"d.cue": "entries: [{model: \"" + stageModel + "\", identifiers: name: \"d\", attrs: {failed_attempts_before_cancel: 12345678901234567890, allow_show_password: \"!Condition\": [\"AND\", null, 1.5, true]}}, {model: \"" + stageModel + "\", identifiers: name: string}]\n",
		"e.cue": "entries: [{model: \"" + stageModel + "\", identifiers: name: \"e\"}]\n",
	})
	reader := newReader(t, blueprint.Options{CUEWorker: worker(t), EvaluationTime: 500 * time.Millisecond})
	set := read(t, reader, ".")
	got := map[string]string{}
	for _, file := range set.Files {
		got[file.Path] = strings.Join(messages(file.Problems), "\n")
	}
	const multiply = "to evaluate: look for comprehensions that multiply"
	if got["a.cue"] != "a.cue: takes longer than 500ms of CPU time "+multiply && got["a.cue"] != "a.cue: takes more than 192 MiB "+multiply {
		t.Errorf("a.cue: got %q", got["a.cue"])
	}
	if !strings.HasPrefix(got["c.cue"], "c.cue") {
		t.Errorf("c.cue: got %q", got["c.cue"])
	}
	wantD := "d.cue:1:125: entries[0].attrs.failed_attempts_before_cancel: 12345678901234567890 is not taken here: want a whole number from -2147483648 to 2147483647\n" +
		"d.cue:1:280: entries[1].identifiers.name: is not one value but string: give it a value"
	if diff := cmp.Diff(wantD, got["d.cue"]); diff != "" {
		t.Error(diff)
	}
	if got["e.cue"] != "" || len(set.Files[4].Entries) != 1 {
		t.Errorf("e.cue: got %q", got["e.cue"])
	}
}

// TestWithoutWorker gives up what takes too long.
func TestWithoutWorker(t *testing.T) {
	inFolder(t, map[string]string{
		"a.cue":  "import \"list\"\n\n_r: list.Range(0, 200, 1)\nentries: [for a in _r for b in _r for c in _r if a+b+c < 0 {model: \"a.b\"}]\n",
		"b.yaml": nothing,
	})
	set := read(t, newReader(t, blueprint.Options{EvaluationTime: time.Millisecond}), ".")
	want := "a.cue invalid\n\ta.cue: takes longer than 1ms to evaluate: look for comprehensions that multiply\nb.yaml valid\n"
	if got := describe(set); got != want {
		t.Errorf("got %swant %s", got, want)
	}
}
