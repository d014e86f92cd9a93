package main

import (
	"embed"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// mixedFiles are the texts of objects of several kinds.
//
//go:embed mixed/*.tmpl
var mixedFiles embed.FS

// mixedKinds are what the objects are, in equal parts.
var mixedKinds = []string{"group", "stage", "policy", "prompt", "application"}

// mixedObject is one of them. Number tells it from others: digits, or in CUE the
// interpolation of a number. Typed is set where CUE is to use the schema.
type mixedObject struct {
	Kind, Number string
	Typed        bool
}

// mixed are objects of several kinds, written in one of several forms.
type mixed struct {
	n     int
	form  string
	texts *template.Template
}

// mixedForms are those that blueprints can have, with what tells what each of them is.
// The typed ones are of the schema's definitions.
var mixedForms = []string{
	"yaml", "yaml files", "cue files", "literals", "typed literals", "comprehensions", "typed comprehensions",
	"map of lists", "FlattenN", "typed FlattenN",
}

func newMixed(n int, form string) (*mixed, error) {
	texts, err := template.ParseFS(mixedFiles, "mixed/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("the texts of mixed objects: %w", err)
	}
	return &mixed{n, form, texts}, nil
}

// typed reports whether the schema's definitions are used.
func (m *mixed) typed() bool {
	return slices.Contains([]string{"cue files", "typed literals", "typed comprehensions", "map of lists", "typed FlattenN"}, m.form)
}

// files gives the blueprints, with their names.
func (m *mixed) files() iter.Seq2[string, string] {
	switch m.form {
	case "yaml":
		return oneFile("all.yaml", yamlHead+m.literals("object.yaml.tmpl"))
	case "yaml files":
		return fileForEach(m.n, ".yaml", func(i int) string { return yamlHead + m.literal("object.yaml.tmpl", i) })
	case "cue files":
		return fileForEach(m.n, ".cue", func(i int) string {
			return m.head(mixedKinds[i%len(mixedKinds)]) + "entries: [\n" + m.literal("object.cue.tmpl", i) + "]\n"
		})
	default:
		return oneFile("all.cue", m.head(mixedKinds...)+m.entries())
	}
}

// entries is all of them in CUE, in one file.
func (m *mixed) entries() string {
	each := len(mixedKinds)
	switch m.form {
	case "literals", "typed literals":
		return "entries: [\n" + m.literals("object.cue.tmpl") + "]\n"
	case "map of lists":
		return fmt.Sprintf("entries: {for i in list.Range(0, %d, 1) {\"set-\\(i)\": [\n%s]}}\n", m.n/each, m.oneOfEach())
	case "FlattenN", "typed FlattenN":
		return fmt.Sprintf("entries: list.FlattenN([for i in list.Range(0, %d, 1) {[\n%s]}], 1)\n", m.n/each, m.oneOfEach())
	default:
		text := strings.Builder{}
		for _, kind := range mixedKinds {
			fmt.Fprintf(&text, "for i in list.Range(0, %d, 1) {%s},\n", m.n/each, filledIn(m.texts, "object.cue.tmpl", mixedObject{kind, `\(i)`, m.typed()}))
		}
		return "entries: [\n" + text.String() + "]\n"
	}
}

// head is what a CUE file with objects of these kinds begins with.
func (m *mixed) head(kinds ...string) string {
	var imports []string
	if m.form != "cue files" && !strings.HasSuffix(m.form, "literals") {
		imports = append(imports, "list")
	}
	if m.typed() {
		const schema = "github.com/aksync/aksync/schema"
		for _, kind := range kinds {
			switch kind {
			case "stage":
				imports = append(imports, schema, schema+"/stages_password")
			case "policy":
				imports = append(imports, schema+"/policies_expression")
			case "prompt":
				imports = append(imports, schema+"/stages_prompt")
			default:
				imports = append(imports, schema+"/core")
			}
		}
	}
	slices.Sort(imports)
	text := ""
	for _, path := range slices.Compact(imports) {
		text += "import " + strconv.Quote(path) + "\n"
	}
	return text + "version: 1\n"
}

func (m *mixed) literals(name string) string {
	text := strings.Builder{}
	for i := range m.n {
		text.WriteString(m.literal(name, i))
	}
	return text.String()
}

// literal is one object, written out.
func (m *mixed) literal(name string, i int) string {
	each := len(mixedKinds)
	text := filledIn(m.texts, name, mixedObject{mixedKinds[i%each], strconv.Itoa(i / each), m.typed()})
	if strings.Contains(name, ".cue.") {
		text += ",\n"
	}
	return text
}

// oneOfEach is an object of each kind with the number i, in CUE.
func (m *mixed) oneOfEach() string {
	text := strings.Builder{}
	for _, kind := range mixedKinds {
		text.WriteString(filledIn(m.texts, "object.cue.tmpl", mixedObject{kind, `\(i)`, m.typed()}) + ",\n")
	}
	return text.String()
}
