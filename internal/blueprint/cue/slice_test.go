package cue

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// long is a list of entries that is evaluated in parts, each made of its number.
func long(entry func(i int) string) string {
	text := strings.Builder{}
	text.WriteString("[\n")
	for i := 0; text.Len() < 3*sliceBytes; i++ {
		text.WriteString(entry(i))
	}
	return text.String() + "]\n"
}

func plainEntry(i int) string {
	return fmt.Sprintf("\t{\n\t\tmodel: \"a.b\" // %s\n\t\tidentifiers: name: \"n-%d\"\n\t\tattrs: text: \"ü%s\"\n\t},\n", strings.Repeat("c", 50), i, strings.Repeat("x", 2000))
}

func typedEntry(i int) string {
	pad := `"` + strings.Repeat("x", 2000) + `"`
	if i < 120 {
		return fmt.Sprintf("core.#Group & {identifiers: name: \"g-%d\", attrs: attributes: x: %s}, core.#Application & {identifiers: slug: \"ä\"},\n", i, pad)
	}
	return fmt.Sprintf("schema.#PasswordStage & {identifiers: name: _prefix + \"%d\", attrs: x: %s},\n", i, pad)
}

const (
	schemaImports = "import (\n\t\"strings\"\n\t\"github.com/aksync/aksync/schema\"\n\t\"github.com/aksync/aksync/schema/core\"\n)\nimport \"list\"\n"
	schemaUses    = "_x: strings.MinRunes\n_y: list.MaxItems\n"
)

// What is evaluated in parts is what is evaluated as a whole: each value, each place
// and each problem.
func TestPartsAreTheWhole(t *testing.T) {
	tests := map[string]struct {
		text   string
		sliced bool
		tags   map[string]string
	}{
		"written out":         {text: "version: 1\nmetadata: name: \"x\"\nentries: " + long(plainEntry), sliced: true},
		"with fields after":   {text: "entries: " + long(plainEntry) + "version: 1\ncontext: {a: [1]}\n", sliced: true},
		"on one line":         {text: "entries: " + strings.ReplaceAll(long(func(i int) string { return fmt.Sprintf(`{a: "ä%d%s"}, `, i, strings.Repeat("x", 2000)) }), "\n", "") + "\n", sliced: true},
		"of the schema":       {text: schemaImports + "schema.#Blueprint\n" + schemaUses + "_prefix: *\"s-\" | string @tag(prefix)\nentries: " + long(typedEntry), sliced: true, tags: map[string]string{"prefix": "t-"}},
		"a package":           {text: "package x\n\nentries: " + long(plainEntry), sliced: true},
		"an unused import":    {text: "import \"list\"\nentries: " + long(plainEntry), sliced: false},
		"a wrong tag":         {text: "_t: int @tag(t,type=int)\nentries: " + long(plainEntry), tags: map[string]string{"t": "x"}},
		"a mistake in one":    {text: "entries: " + long(func(i int) string { return strings.Replace(plainEntry(i), `"n-200"`, `"n" & 5`, 1) })},
		"one is not concrete": {text: "entries: " + long(func(i int) string { return strings.Replace(plainEntry(i), `"n-200"`, `string`, 1) })},
		"too much":            {text: "_t: \"" + strings.Repeat("x", 20_000) + "\"\nentries: " + long(func(i int) string { return "{a: [_t, _t, _t, _t, _t], b: \"" + strings.Repeat("x", 2000) + "\"},\n" })},
		"no CUE":              {text: "entries: " + long(plainEntry) + "]"},
		"of two places":       {text: "entries: " + long(plainEntry) + "entries: [...{model: string}]\n"},
		"with a comprehension": {text: "entries: " + long(func(i int) string {
			return strings.Replace(plainEntry(i), "{", "if true {", 1)
		})},
		"open":                   {text: "entries: " + strings.TrimSuffix(long(plainEntry), "]\n") + "...]\n"},
		"named in one of them":   {text: "entries: " + long(func(i int) string { return strings.Replace(plainEntry(i), `"n-200"`, "entries[0].identifiers.name", 1) })},
		"named beside them":      {text: "context: n: entries[0].model\nentries: " + long(plainEntry)},
		"bounded by a pattern":   {text: "[=~\"^entries\"]: [...{model: \"a.b\"}]\nentries: " + long(plainEntry)},
		"bounded by a struct":    {text: "import \"list\"\n#B: {entries: list.MaxItems(5), ...}\n#B\nentries: " + long(plainEntry)},
		"with an alias":          {text: "E=entries: " + long(plainEntry) + "context: n: E[0].model\n"},
		"made of something dear": {text: "_l: [for i in [1] {i}]\nentries: " + long(plainEntry)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			job := Job{Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(test.text)}}, Tags: test.tags}
			partsAreTheWhole(t, job, test.sliced)
		})
	}
}

// partsAreTheWhole evaluates a job in both ways.
func partsAreTheWhole(t *testing.T, job Job, wantSliced bool) {
	t.Helper()
	whole, parts, sliced := wholeAndParts(t, job)
	if sliced != wantSliced {
		t.Errorf("it is evaluated in parts: %t, want %t", sliced, wantSliced)
	}
	if diff := cmp.Diff(whole, parts, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Result{})); diff != "" {
		t.Errorf("(-whole +parts):\n%.2000s", diff)
	}
}

// fataler is a test.
type fataler interface {
	Helper()
	Fatal(...any)
}

// wholeAndParts evaluates a job as a whole and as a worker does, which may do it in
// parts.
func wholeAndParts(t fataler, job Job) (whole, parts Result, sliced bool) {
	t.Helper()
	whole = (&cueEvaluator{language: tags.NewLanguage()}).evaluate(job)
	pipe := new(bytes.Buffer)
	out := newSender(pipe)
	in := newReceiver(pipe)
	if err := out.greet(); err != nil {
		t.Fatal(err)
	}
	if err := in.decoder.Decode(new(message)); err != nil {
		t.Fatal(err)
	}
	evaluator := &cueEvaluator{language: tags.NewLanguage(), out: out}
	parts, sliced = evaluator.evaluateSliced(job)
	if !sliced {
		parts = evaluator.evaluate(job)
	}
	if err := out.send(parts); err != nil {
		t.Fatal(err)
	}
	parts, err := in.receive()
	if err != nil {
		t.Fatal(err)
	}
	return whole, parts, sliced
}
