package blueprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
)

// yaml1000 is a file of a thousand password stages.
func yaml1000() string {
	var b strings.Builder
	b.WriteString("version: 1\ncontext: {tries: 3}\nentries:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "- model: %s\n  id: stage-%d\n  identifiers:\n    name: stage-%d\n  attrs:\n    backends: [authentik.core.auth.InbuiltBackend]\n    configure_flow: !Find [authentik_flows.flow, [slug, x]]\n    failed_attempts_before_cancel: !Context tries\n", stageModel, i, i)
	}
	return b.String()
}

const cue1000 = importSchema + `import "list"

schema.#Blueprint & {
	entries: [for i in list.Range(0, 1000, 1) {
		schema.#PasswordStage & {
			identifiers: name: "stage-\(i)"
			attrs: {
				backends: [schema.#Backends.inbuilt]
				configure_flow: schema.#Find & {#model: "authentik_flows.flow", #where: slug: "x"}
				failed_attempts_before_cancel: 3
			}
		}
	}]
}
`

func benchmarkRead(b *testing.B, name, text string) {
	inFolder(b, map[string]string{name: text})
	s := loaded(b, ownSchema)
	b.ReportAllocs()
	for b.Loop() {
		reader := newReader(b, blueprint.Options{Schema: s, EvaluationTime: 1 << 40})
		if set := read(b, reader, "."); len(set.Files[0].Entries) != 1000 || len(set.Problems()) > 0 {
			b.Fatal(describe(set))
		}
	}
}

func BenchmarkReadYAML1000(b *testing.B) { benchmarkRead(b, "x.yaml", yaml1000()) }
func BenchmarkReadCUE1000(b *testing.B)  { benchmarkRead(b, "x.cue", cue1000) }

// BenchmarkReadUnchanged reads a thousand files that did not change.
func BenchmarkReadUnchanged(b *testing.B) {
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("%d.yaml", i)] = stage("failed_attempts_before_cancel: 3")
	}
	inFolder(b, files)
	reader := newReader(b, blueprint.Options{})
	read(b, reader, ".")
	b.ReportAllocs()
	for b.Loop() {
		read(b, reader, ".")
	}
}

// BenchmarkRefresh reads one of ten thousand files that is known to have
// changed.
func BenchmarkRefresh(b *testing.B) {
	files := map[string]string{}
	for i := range 10_000 {
		files[fmt.Sprintf("b/%05d.yaml", i)] = stage("failed_attempts_before_cancel: 3")
	}
	inFolder(b, files)
	reader := newReader(b, blueprint.Options{})
	read(b, reader, "b")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		write(b, "b/05000.yaml", stage(fmt.Sprintf("failed_attempts_before_cancel: %d", i)))
		if set := refresh(b, reader, "b/05000.yaml"); len(set.Files) != len(files) {
			b.Fatal(len(set.Files))
		}
	}
}
