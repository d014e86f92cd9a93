//go:build !race

// The race detector allocates much itself.

package blueprint_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
)

// mostAllocated is what reading one file may allocate in all, however hostile
// it is: memory that is given back counts too, so that this bounds the time as
// well.
const mostAllocated = 400 << 20

// many joins n copies of a text with commas.
func many(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }

// each joins n texts that hold a number with commas.
func each(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+",", i)
	}
	return b.String()
}

// laughs is a context of ten lists, each ten times the one before.
func laughs() string {
	var b strings.Builder
	b.WriteString("context:\n  a0: &a0 [" + many(10, "x") + "]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "  a%d: &a%d [%s]\n", i, i, many(10, fmt.Sprintf("*a%d", i-1)))
	}
	return b.String()
}

// hostile are files that ask for far more than they hold, and a part of what
// is said of each; nothing where it is valid.
func hostile() map[string]struct{ text, says string } {
	const stage = "entries:\n- {model: " + stageModel + ", identifiers: {name: a}, "
	const grows = "grows without end"
	megabyte := "context:\n  x: &x '" + strings.Repeat("a", 1<<20) + "'\n"
	long := "context:\n  x: &x '" + strings.Repeat("a", 3<<20) + "'\n"
	listed := megabyte + "  l: [" + many(2000, "*x") + "]\n"
	deep := strings.Repeat("{"+strings.Repeat("k", 60)+": ", 150)
	return map[string]struct{ text, says string }{
		"texts in a text":       {megabyte + stage + "attrs: {name: [" + many(2000, "*x") + "]}}\n", grows},
		"texts in a list":       {megabyte + stage + "attrs: {backends: [" + many(2000, "*x") + "]}}\n", grows},
		"texts in identifiers":  {megabyte + "entries:\n- {model: " + stageModel + ", identifiers: {name: [" + many(2000, "*x") + "]}}\n", grows},
		"texts in labels":       {megabyte + "metadata: {name: x, labels: {" + each(2000, "k%d: *x") + "}}\nentries: []\n", ""},
		"texts in a context":    {listed + stage + "attrs: {name: !Context l}}\n", grows},
		"texts written":         {listed + stage + "attrs: {name: !Format ['%s', !Context l]}}\n", grows},
		"texts never used":      {listed + "entries: []\n", ""},
		"texts as permissions":  {megabyte + stage + "permissions: [" + many(20_000, "{permission: *x}") + "]}\n", grows},
		"texts as ids":          {long + "entries: [" + many(10_000, "{model: "+stageModel+", id: *x}") + "]\n", grows},
		"texts as states":       {long + "entries: [" + many(10_000, "{model: "+stageModel+", state: *x}") + "]\n", grows},
		"few long texts":        {long + stage + "attrs: {backends: [*x, *x, *x, *x]}}\n", "is not known"},
		"keys":                  {"context:\n  x: &x '" + strings.Repeat("k", 1<<20) + "'\n  l: [" + many(20_000, "{? *x : 1}") + "]\nentries: []\n", grows},
		"merged keys":           {"context:\n  x: &x {? '" + strings.Repeat("k", 1<<20) + "' : 1}\n  l: [" + many(20_000, "{<<: *x}") + "]\nentries: []\n", grows},
		"laughs never used":     {laughs() + "entries: []\n", ""},
		"laughs in labels":      {laughs() + "metadata: {name: x, labels: {a: *a9}}\nentries: []\n", "want text"},
		"laughs in permissions": {laughs() + stage + "permissions: *a9}\n", "a list is not taken here"},
		"laughs in a list":      {laughs() + stage + "attrs: {backends: *a4}}\n", "a list is not taken here"},
		"entries":               {"context:\n  l: &l [" + many(10_000, "{model: "+stageModel+", identifiers: {name: a}}") + "]\nentries: {" + each(10_000, "k%d: *l") + "}\n", grows},
		"one entry":             {"context:\n  e: &e {model: " + stageModel + ", identifiers: {name: a}}\nentries: [" + many(200_000, "*e") + "]\n", grows},
		"nodes":                 {"context: {x: [" + many(2_000_000, "a") + "]}\nentries: []\n", "split it into several files"},
		"empty nodes":           {"context:\n  x:\n" + strings.Repeat("  -\n", 1_000_000) + "entries: []\n", "split it into several files"},
		"one field":             {stage + "attrs: {? '" + strings.Repeat("a", 4_000_000) + "' : 1}}\n", "unknown field"},
		"many fields":           {stage + "attrs: {" + each(100_000, "k%d: 1") + "}}\n", "100000 members"},
		"fields of entries":     {"context:\n  w: &w {" + each(300, "k%d: 1") + "}\nentries: [" + many(1_000, "{model: "+stageModel+", identifiers: {name: a}, attrs: *w}") + "]\n", "further problems"},
		"keys of an entry":      {stage + each(100_000, "k%d: 1") + "}\n", "members"},
		"keys of a file":        {strings.ReplaceAll(each(100_000, "k%d: 1"), ",", "\n") + "entries: []\n", "members"},
		"digits":                {stage + "attrs: {failed_attempts_before_cancel: '" + strings.Repeat("9", 4_000_000) + "'}}\n", "is not taken here"},
		"a tag's prefix":        {"%TAG !e! tag:" + strings.Repeat("x", 1<<20) + "\n---\ncontext: {x: [" + many(100_000, "!e!a x") + "]}\nentries: []\n", "%TAG"},
		"unknown tags":          {"context: {x: [" + many(200_000, "!x y") + "]}\nentries: []\n", "further problems"},
		"problems of a value":   {"context:\n  b: &b [" + many(1000, "!Env UNSET") + "]\n" + stage + "attrs: {backends: [" + many(1000, "*b") + "]}}\n", "further problems"},
		"problems in the deep":  {stage + "attrs: {backends: " + deep + "[" + many(100_000, "!Env U") + "]" + strings.Repeat("}", 150) + "}}\n", "further problems"},
		"a valid list":          {"context:\n  b: &b authentik.core.auth.InbuiltBackend\n" + stage + "attrs: {backends: [" + many(200_000, "*b") + "]}}\n", ""},
		"a syntax error":        {"context:\n" + each(100_000, "  a%d: b\n") + " x: y: z\n", "not YAML"},
	}
}

// allocation returns how many bytes are allocated meanwhile.
func allocation(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileAllocations wants each file to be read or refused within bounds.
func TestHostileAllocations(t *testing.T) {
	for name, file := range hostile() {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{"x.yaml": "version: 1\n" + file.text})
			if strings.HasPrefix(file.text, "%") {
				write(t, "x.yaml", file.text)
			}
			got, allocated := "", uint64(mostAllocated+1)
			for try := 0; try < 3 && allocated > mostAllocated; try++ { // other goroutines allocate too
				allocated = allocation(func() { got = describe(read(t, newReader(t, blueprint.Options{}), ".")) })
			}
			if allocated > mostAllocated {
				t.Errorf("it allocates %d MiB", allocated>>20)
			}
			if valid := strings.HasPrefix(got, "x.yaml valid"); valid != (file.says == "") || !strings.Contains(got, file.says) {
				t.Errorf("want %q, got %.300s", file.says, got)
			}
			if len(got) > 200_000 {
				t.Errorf("its problems take %d bytes", len(got))
			}
		})
	}
}
