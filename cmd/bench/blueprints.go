package main

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// wanted is what the blueprints are to say of all objects.
type wanted struct {
	// changed is how many objects are to have another value.
	changed int
	absent  bool
}

// attempts is the value that object i is to have.
func (p wanted) attempts(i int) int {
	if i < p.changed {
		return 4
	}
	return 3
}

// write writes the blueprints anew, in the bench's form.
func (b *bench) write(p wanted) error { return writeFiles(b.folder, b.files(p)) }

// writeFiles makes a folder that holds these files and nothing else.
func writeFiles(folder string, files iter.Seq2[string, string]) error {
	err := os.RemoveAll(folder)
	if err == nil {
		err = addFiles(folder, files)
	}
	if err != nil {
		return fmt.Errorf("writing files: %w", err)
	}
	return nil
}

// addFiles writes files to a folder, beside what it holds.
func addFiles(folder string, files iter.Seq2[string, string]) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// forms are those that blueprints can be measured in.
var forms = []string{"yaml", "yaml files", "cue", "cue files"}

// files gives the blueprints, with their names.
func (b *bench) files(p wanted) iter.Seq2[string, string] {
	switch b.form {
	case "yaml":
		text := strings.Builder{}
		for i := range b.n {
			text.WriteString(p.yaml(i))
		}
		return oneFile("all.yaml", yamlHead+text.String())
	case "cue":
		return oneFile("all.cue", p.comprehension(b.n))
	case "yaml files":
		return fileForEach(b.n, ".yaml", func(i int) string { return yamlHead + p.yaml(i) })
	default:
		return fileForEach(b.n, ".cue", p.cue)
	}
}

// oneFile is a single file.
func oneFile(name, text string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) { yield(name, text) }
}

// fileForEach is a file for each of n objects.
func fileForEach(n int, extension string, text func(i int) string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("%05d%s", i, extension), text(i)) {
				return
			}
		}
	}
}

// filledIn is one of the texts with its data; that there can be one is tested.
func filledIn(texts *template.Template, name string, data any) string {
	text := strings.Builder{}
	if err := texts.ExecuteTemplate(&text, name, data); err != nil {
		panic(err)
	}
	return text.String()
}

// yamlHead is what a blueprint in YAML begins with.
const yamlHead = "version: 1\nentries:\n"

// firstFile gives the one with the first object.
func (b *bench) firstFile(p wanted) (name, text string) {
	for name, text := range b.files(p) {
		return name, text
	}
	return "", ""
}

func (p wanted) yaml(i int) string {
	if p.absent {
		return fmt.Sprintf("- {model: authentik_stages_password.passwordstage, state: absent, identifiers: {name: stage-%05d}}\n", i)
	}
	return fmt.Sprintf(`- model: authentik_stages_password.passwordstage
  identifiers: {name: stage-%05d}
  attrs:
    backends: [authentik.core.auth.InbuiltBackend]
    configure_flow: !Find [authentik_flows.flow, [slug, default-password-change]]
    failed_attempts_before_cancel: %d
`, i, p.attempts(i))
}

const cueHead = `import "github.com/aksync/aksync/schema"

schema.#Blueprint
version: 1
`

func (p wanted) cue(i int) string {
	if p.absent {
		return cueHead + fmt.Sprintf("entries: [schema.#PasswordStage & {state: \"absent\", identifiers: name: \"stage-%05d\"}]\n", i)
	}
	return cueHead + fmt.Sprintf(`entries: [schema.#PasswordStage & {
	identifiers: name: "stage-%05d"
	attrs: {
		backends: [schema.#Backends.inbuilt]
		configure_flow: schema.#Find & {#model: "authentik_flows.flow", #where: slug: "default-password-change"}
		failed_attempts_before_cancel: %d
	}
}]
`, i, p.attempts(i))
}

func (p wanted) comprehension(n int) string {
	head := "import (\n\t\"list\"\n\t\"strings\"\n\n\t\"github.com/aksync/aksync/schema\"\n)\n\nschema.#Blueprint\nversion: 1\n" +
		"// padded is a number in five digits.\n#padded: {#n: int, out: strings.Repeat(\"0\", 5-len(\"\\(#n)\")) + \"\\(#n)\"}\n"
	if p.absent {
		return head + fmt.Sprintf("entries: [for i in list.Range(0, %d, 1) {schema.#PasswordStage & {state: \"absent\", identifiers: name: \"stage-\" + (#padded & {#n: i}).out}}]\n", n)
	}
	return head + fmt.Sprintf(`entries: [for i in list.Range(0, %d, 1) {
	schema.#PasswordStage & {
		identifiers: name: "stage-" + (#padded & {#n: i}).out
		attrs: {
			backends: [schema.#Backends.inbuilt]
			configure_flow: schema.#Find & {#model: "authentik_flows.flow", #where: slug: "default-password-change"}
			if i < %d {failed_attempts_before_cancel: 4}
			if i >= %d {failed_attempts_before_cancel: 3}
		}
	}
}]
`, n, p.changed, p.changed)
}
