package cue

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// What loops make is the same in parts as in the whole.
func TestMadeInParts(t *testing.T) {
	const imports = "import (\n\t\"list\"\n\t\"strings\"\n\t\"github.com/aksync/aksync/schema\"\n\t\"github.com/aksync/aksync/schema/core\"\n)\n"
	const uses = "schema.#Blueprint\n_a: strings.MinRunes\n_b: list.MaxItems\n_c: core.#Group\n"
	tests := map[string]struct {
		text   string
		sliced bool
		tags   map[string]string
	}{
		"a list": {sliced: true, text: `version: 1
			metadata: name: "ü"
			entries: [for n in list.Range(0, 200, 1) let A = "ä-\(n)" {model: "a.b", identifiers: name: A}]
			context: {a: 1}`},
		"very many rounds": {sliced: true, text: `entries: [for n in list.Range(0, 10000, 1) {x: n}]`},
		"with a key":       {sliced: true, text: `entries: [for i, n in list.Range(100, 400, 1) {model: "a.b", identifiers: name: "\(i)-\(n)"}]`},
		"without one":      {sliced: true, text: `entries: [for _, n in list.Range(100, 400, 1) {model: "a.b", identifiers: name: "\(n)"}]`},
		"of a struct": {sliced: true, text: `_apps: {for n in list.Range(0, 150, 1) {"app-\(n)": {owner: "o-\(n)"}}}
			entries: [for name, app in _apps {model: "a.b", identifiers: "name": name, attrs: app}]`},
		"some of them":    {sliced: true, text: `entries: [for n in list.Range(0, 200, 1) if mod(n, 3) == 0 {model: "a.b", identifiers: name: "\(n)"}]`},
		"several of each": {sliced: true, text: `entries: [for n in list.Range(0, 20, 1) for m in list.Range(0, n, 1) {model: "a.b", identifiers: name: "\(n)-\(m)"}, for n in list.Range(0, 60, 1) {x: n}]`},
		"what is written out among them": {sliced: true, text: `_n: "x"
			entries: [{model: "first"}, core.#Group & {identifiers: name: "g"}, for n in list.Range(0, 100, 1) {x: n}, {model: _n}, if _n == "x" {y: 1}, if _n == "y" {y: 2}, for n in list.Range(0, 100, 1) {(_n): n}, for n in [] {z: n}, {model: "last"}]`},
		"if before the loop": {sliced: true, text: `_on: *true | bool @tag(on,type=bool)
			entries: [if _on for n in list.Range(0, 100, 1) {x: n}, for n in list.Range(0, 70, 1) {y: n}]`, tags: map[string]string{"on": "false"}},
		"joined": {sliced: true, text: `_more: [{x: 1}, {x: 2}]
			entries: list.Concat([[{model: "a"}, for n in list.Range(0, 100, 1) {x: n}], _more, [for n in list.Range(0, 100, 1) {y: n}], for n in list.Range(0, 30, 1) {[{z: n}, {z: -n}]}])`},
		"flattened": {sliced: true, text: `entries: list.FlattenN([for n in list.Range(0, 200, 1) {[{model: "a.b", identifiers: name: "\(n)"}, {x: n}]}, [{y: 1}, [{z: 1}]], {y: 2}], 2)`},
		"a mapping": {sliced: true, text: `entries: {
				_own: "o"
				let B = "b"
				people: [{model: "p", attrs: name: _own}]
				for n in list.Range(0, 100, 1) let A = "app-\(n)" {
					(A): [{model: B, identifiers: name: A}, for m in [1, 2] {x: m, y: people[0].model}]
				}
				for n in list.Range(0, 100, 1) {"other-\(n)": [{x: n}]}
			}`},
		"a list that is named": {sliced: true, text: `entries: {
				people: [{x: 1}]
				for n in list.Range(0, 100, 1) {"app-\(n)": [{x: n, y: len(people)}]}
			}`},
		"a mapping of lists": {sliced: true, text: `_people: [{x: 1}]
			entries: {
				none: []
				a: [for n in list.Range(0, 50, 1) {x: n}]
				people: _people
				b: list.Concat([[for n in list.Range(0, 50, 1) {x: n}], [{y: 1}]])
				c: [for n in [] {x: n}]
				d: [{z: 1}, {z: 2}]
			}`},
		"a mapping with fields after loops": {text: `entries: {
				for n in list.Range(0, 100, 1) {"app-\(n)": [{x: n}]}
				last: [for n in list.Range(0, 50, 1) {x: n}]
			}`},
		"fields of several rounds": {text: `entries: {for n in list.Range(0, 100, 1) {"app-\(mod(n, 50))": [{x: 1}]}}`},
		"a list that a loop adds to": {text: `entries: {
				a: [for n in list.Range(0, 60, 1) {x: n}]
				for n in list.Range(0, 60, 1) {"f-\(mod(n, 60))": [{x: n}]}
				if 1 == 1 {a: [...{y: 1}]}
			}`},
		"a field that a loop adds to": {text: `entries: {"app-90": [...], for n in list.Range(0, 100, 1) {"app-\(n)": [{x: n}]}}`},
		"tags":                        {sliced: true, text: `entries: [for n in list.Range(0, 100, 1) {model: "a", attrs: {"!Find": ["m", ["k", "\(n)"]]}}]`},
		"few":                         {text: `entries: [for n in list.Range(0, 40, 1) {x: n}]`},
		"one names others":            {text: `entries: [for n in list.Range(0, 100, 1) {x: n, y: len(entries)}]`},
		"named beside them": {text: `entries: [for n in list.Range(0, 100, 1) {x: n}]
			context: n: len(entries)`},
		"bounded beside them": {text: `entries: [for n in list.Range(0, 100, 1) {x: n}]
			entries: list.MaxItems(50)`},
		"bounded":             {text: `entries: list.MaxItems(50) & [for n in list.Range(0, 100, 1) {x: n}]`},
		"a pattern":           {text: `entries: {[string]: [...], for n in list.Range(0, 100, 1) {"a-\(n)": [{x: n}]}}`},
		"one is wrong":        {text: `entries: [for n in list.Range(0, 100, 1) {x: n & <90}]`},
		"one is not concrete": {text: `entries: [for n in list.Range(0, 100, 1) {x: n | *string, y: string}]`},
		"the loop is wrong":   {text: `entries: [for n in "x" {x: n}, for n in list.Range(0, 100, 1) {x: n}]`},
		"the rest is wrong": {text: `context: 1 & 2
			entries: [for n in list.Range(0, 100, 1) {x: n}]`},
		"a list of that name": {text: `_list: {list: {Concat: 1}}
			entries: list.Concat([[for n in list.Range(0, 100, 1) {x: n}]])`},
		"each needs what is dear": {text: `#all: [for n in list.Range(0, 10000, 1) {x: "n-\(n)", y: [n]}]
			entries: [for n in list.Range(0, 200, 1) {x: #all[n].x}]`},
		"with otherwise": {text: `entries: [for n in [] {x: n} fallback {x: 0}, for n in list.Range(0, 100, 1) {x: n}]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			job := Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(imports + uses + test.text)}}, Tags: test.tags}
			partsAreTheWhole(t, job, test.sliced)
		})
	}
}

// Of what is too much to be evaluated as a whole the problems are those of a part, where
// they are in the whole.
func TestProblemsOfAPart(t *testing.T) {
	tests := map[string]string{
		"in a list":              `entries: [{x: 0}, for n in list.Range(0, 100, 1) if mod(n, 3) != 0 {x: n, y: n & !=70}]`,
		"in a list of a mapping": `entries: {a: [for n in list.Range(0, 30, 1) {x: n}], b: [{x: 1}, for n in list.Range(0, 60, 1) {x: n, y: z: n & !=50}]}`,
		"in a field":             `entries: {for n in list.Range(0, 100, 1) {"app-\(n)": [{x: 1}, {x: n & !=80}]}}`,
		"of several parts":       `entries: [for n in list.Range(0, 400, 1) {x: n & <300}]`,
		"not concrete":           `entries: [for n in list.Range(0, 100, 1) {if n == 90 {x: string}}]`,
		"too long":               `entries: [for n in list.Range(0, 100, 1) {if n == 90 {x: strings.Repeat("x", 20_000_000)}}]`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			text := "import (\n\t\"list\"\n\t\"strings\"\n)\n_a: strings.MinRunes\n" + text + "\n"
			job := Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}}}
			want := (&cueEvaluator{language: tags.NewLanguage()}).evaluate(job).Problems
			evaluator := &cueEvaluator{language: tags.NewLanguage(), out: newSender(io.Discard)}
			job.InParts = true
			got := evaluator.evaluate(job)
			if len(got.Problems) == 0 || len(got.Problems) > len(want) {
				t.Fatalf("%d problems, want some of\n%v", len(got.Problems), want)
			}
			if diff := cmp.Diff(want[:len(got.Problems)], got.Problems); diff != "" {
				t.Errorf("(-whole +part):\n%s", diff)
			}
			if got.packed || len(evaluator.out.held.pieces) > 0 {
				t.Error("there is a root")
			}
		})
	}
}

// The files of a package, and what they import of a module, are read with each part.
func TestMadeOfAPackage(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("cue.mod/module.cue", `module: "example.com/x"`+"\nlanguage: version: \"v0.9.0\"\n")
	write("lib/lib.cue", "package lib\n\n#Group: {#n: int, model: \"g\", identifiers: name: \"g-\\(#n)\"}\n")
	texts := map[string]string{
		"a.cue": "package p\n\nimport \"list\"\n\n_all: list.Range(0, 200, 1)\n",
		"b.cue": "package p\n\nimport \"example.com/x/lib\"\n\nentries: [for n in _all {lib.#Group & {#n: n}}]\n",
		"c.cue": "package p\n\nversion: 1\n",
	}
	var job Job
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		job.Parts = append(job.Parts, Part{Name: name, Path: write(name, texts[name]), Text: []byte(texts[name])})
	}
	partsAreTheWhole(t, job, true)
}

// Whatever makes the entries, its parts are the whole.
func TestMadeInPartsByChance(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		entry := rapid.SampledFrom([]string{`{model: "m", identifiers: name: "\(n)"}`, `{x: {"!Context": "c-\(n)"}}`, `{y: [n, _k, "\(n)"]}`, `{z: _t[mod(n, 3)]}`})
		clause := rapid.SampledFrom([]string{"", "if mod(n, 2) == 1 ", "let L = n ", "for m in [1, 2] ", "if _on "})
		source := rapid.Custom(func(r *rapid.T) string {
			return rapid.SampledFrom([]string{"for n in list.Range(0, %d, 1) ", "for n, v in [for n in list.Range(0, %d, 1) {-n}] ", "for _, n in {for i in list.Range(0, %d, 1) {\"k\\(i)\": i}} "}).Draw(r, "source")
		})
		loop := func(r *rapid.T, value string) string {
			return fmt.Sprintf(source.Draw(r, "loop"), rapid.IntRange(0, 90).Draw(r, "rounds")) + clause.Draw(r, "clause") + "{" + value + "}"
		}
		written := rapid.SampledFrom([]string{`{model: "w"}`, `{x: _k}`, `_t[0]`, "if _on {y: 1}"})
		var elements func(r *rapid.T, list bool) string
		elements = func(r *rapid.T, list bool) string {
			var all []string
			for range rapid.IntRange(0, 4).Draw(r, "elements") {
				value := entry.Draw(r, "entry")
				one := written.Draw(r, "written")
				if list {
					value, one = "["+value+", "+value+"]", "["+elements(r, false)+"]"
				}
				if rapid.Bool().Draw(r, "loops") {
					one = loop(r, value)
				}
				all = append(all, one)
			}
			return strings.Join(all, ", ")
		}
		value := func(r *rapid.T) string {
			switch rapid.IntRange(0, 3).Draw(r, "value") {
			case 0:
				return "list.Concat([" + elements(r, true) + "])"
			case 1:
				return "list.FlattenN([" + elements(r, true) + "], 1)"
			case 2:
				return "[" + elements(r, false) + ", " + loop(r, entry.Draw(r, "entry")) + "]"
			default:
				return "[" + elements(r, false) + "]"
			}
		}
		entries := ""
		if rapid.Bool().Draw(r, "list") {
			entries = value(r)
		} else {
			var fields []string
			for i := range rapid.IntRange(1, 5).Draw(r, "fields") {
				switch rapid.IntRange(0, 3).Draw(r, "field") {
				case 0:
					fields = append(fields, fmt.Sprintf("f%d: %s", i, value(r)))
				case 1:
					fields = append(fields, loop(r, fmt.Sprintf("\"d%d-\\(n)\": [%s]", i, entry.Draw(r, "entry"))))
				case 2:
					fields = append(fields, fmt.Sprintf("f%d: _t", i))
				default:
					fields = append(fields, loop(r, fmt.Sprintf("\"f\\(mod(n, %d))\": [...]", i+1)))
				}
			}
			entries = "{\n" + strings.Join(fields, "\n") + "\n}"
		}
		text := "import \"list\"\n_k: \"k\"\n_on: " + rapid.SampledFrom([]string{"true", "false"}).Draw(r, "on") + "\n_u: list.MaxItems\n_t: [{t: 1}, {t: 2}, {t: 3}]\nentries: " + entries + "\ncontext: a: 1\n"
		whole, parts, sliced := wholeAndParts(r, Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}}})
		if diff := cmp.Diff(whole, parts, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Result{})); diff != "" {
			r.Errorf("in parts: %t, (-whole +parts):\n%.2000s\n%s", sliced, diff, text)
		}
	})
}
