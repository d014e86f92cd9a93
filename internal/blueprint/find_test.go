package blueprint_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

const nothing = "version: 1\nentries: []\n"

func paths(set *blueprint.Set) []string {
	var paths []string
	for _, file := range set.Files {
		paths = append(paths, file.Path)
	}
	return paths
}

func symlink(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func TestFilesOfAFolder(t *testing.T) {
	inFolder(t, map[string]string{
		"b/b.yaml": nothing, "b/a.yml": nothing, "b/c/d.cue": "version: 1\nentries: []\n", "b/readme.md": "no",
		"b/.hidden.yaml": "no", "b/.git/x.yaml": "no", "b/x.yaml~": "no", "b/.#x.yaml": "no", "b/#x.yaml#": "no", "b/x.yaml.swp": "no",
		"b/cue.mod/module.cue": "module: \"example.com@v0\"\nlanguage: version: \"v0.16.0\"\n",
		"b/_lib.cue":           "no", "b/do_tool.cue": "no",
	})
	got := read(t, newReader(t, blueprint.Options{}), "b", "./b/b.yaml", "b/c")
	if diff := cmp.Diff([]string{"b/a.yml", "b/b.yaml", "b/c/d.cue"}, paths(got)); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, describe(got))
	}
	for _, file := range got.Files {
		if file.Status != tree.Valid {
			t.Errorf("%s is %s: %q", file.Path, file.Status, messages(file.Problems))
		}
	}
}

// TestMountOfKubernetes has the links of a ConfigMap's mount: each file is a
// link through ..data to a folder that is swapped as a whole.
func TestMountOfKubernetes(t *testing.T) {
	inFolder(t, map[string]string{"m/..2025_01_01/x.yaml": nothing, "m/..2025_01_01/y.yaml": nothing})
	symlink(t, "..2025_01_01", "m/..data")
	symlink(t, "..data/x.yaml", "m/x.yaml")
	symlink(t, "..data/y.yaml", "m/y.yaml")
	got := read(t, newReader(t, blueprint.Options{}), "m")
	if diff := cmp.Diff([]string{"m/x.yaml", "m/y.yaml"}, paths(got)); diff != "" {
		t.Error(diff)
	}
}

func TestLinks(t *testing.T) {
	inFolder(t, map[string]string{"a/x.yaml": nothing, "other/y.yaml": nothing})
	symlink(t, "..", "a/loop")
	symlink(t, "../a", "a/self")
	symlink(t, "../other", "a/other")
	symlink(t, "x.yaml", "a/same.yaml")
	symlink(t, "nowhere", "a/dangling.yaml")
	got := read(t, newReader(t, blueprint.Options{}), "a")
	want := []string{"a/dangling.yaml", "a/loop/other/y.yaml", "a/same.yaml"}
	if diff := cmp.Diff(want, paths(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPathsThatCannotBeRead(t *testing.T) {
	inFolder(t, map[string]string{"x.txt": ""})
	for path, want := range map[string]string{
		"missing": "reading blueprints: stat missing: no such file or directory",
		"x.txt":   "reading blueprints: x.txt: want a folder, or a file that ends in .yaml, .yml or .cue",
	} {
		_, err := newReader(t, blueprint.Options{}).Read(t.Context(), []string{path})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// TestHostile has files that would take endless time or memory if they were
// believed. Each gets its error, and the good one beside them is read.
func TestHostile(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("version: 1\ncontext:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for _, i := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		below := string(i[0] - 1)
		bomb.WriteString("  a" + i + ": &a" + i + " [" + strings.TrimSuffix(strings.Repeat("*a"+below+", ", 10), ", ") + "]\n")
	}
	bomb.WriteString("entries:\n- model: " + stageModel + "\n  identifiers: {name: a}\n  attrs: {backends: *a9}\n")
	var contexts strings.Builder
	contexts.WriteString("version: 1\ncontext:\n  c0: xxxxxxxxxx\n")
	for c := 'a'; c < 'z'; c++ {
		below := "c0"
		if c > 'a' {
			below = string(c - 1)
		}
		contexts.WriteString("  " + string(c) + ": !Format [\"%s%s%s%s\", !Context " + below + ", !Context " + below + ", !Context " + below + ", !Context " + below + "]\n")
	}
	contexts.WriteString("entries:\n- model: " + stageModel + "\n  identifiers: {name: !Context x}\n")
	var merges strings.Builder
	merges.WriteString("version: 1\ncontext:\n  big: &big {")
	for i := range 5000 {
		fmt.Fprintf(&merges, "k%d: 1, ", i)
	}
	merges.WriteString("z: 1}\n  many:\n" + strings.Repeat("  - {<<: *big}\n", 20_000) + "entries: []\n")
	inFolder(t, map[string]string{
		"merges.yaml":   merges.String(),
		"long-key.yaml": "version: 1\nentries:\n  ? " + strings.Repeat("k", 1_000_000) + "\n  : [" + strings.Repeat("!x y, ", 20_000) + "]\n",
		"aliases.yaml":  bomb.String(),
		"contexts.yaml": contexts.String(),
		"deep.yaml":     "version: 1\nentries: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n",
		"deeper.yaml":   strings.Repeat("[", 100_000),
		"deep-tag.yaml": "version: 1\nentries:\n- model: " + stageModel + "\n  identifiers: {name: " + strings.Repeat("!If [true, ", 300) + "x" + strings.Repeat(", y]", 300) + "}\n",
		"good.yaml":     nothing,
		"huge.yaml":     strings.Repeat("# nothing\n", 500_000),
		"json.yaml":     "version: 1\nentries:\n- model: " + stageModel + "\n  identifiers: {name: !ParseJSON '" + strings.Repeat("[", 100_000) + "'}\n",
		"number.yaml":   "version: 1\nentries:\n- model: " + stageModel + "\n  identifiers: {name: " + strings.Repeat("9", 1_000_000) + "}\n",
	})
	if err := syscall.Mkfifo("fifo.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	symlink(t, "/dev/zero", "zero.yaml")
	got := describe(read(t, newReader(t, blueprint.Options{}), "."))
	got = regexp.MustCompile(`(?m)^\tlong-key.yaml:.*unknown tag.*\n`).ReplaceAllString(got, "")
	want := `aliases.yaml invalid
	aliases.yaml:3:18: entries[0].attrs.backends[0][0][0][0][8][9][9][9][8][2]: grows without end: a blueprint may hold at most 1000000 values, or 16 MB of text, after its tags and aliases were followed
contexts.yaml invalid
	contexts.yaml:9:6: entries[0].identifiers.name: grows without end: a blueprint may hold at most 1000000 values, or 16 MB of text, after its tags and aliases were followed
deep-tag.yaml invalid
	deep-tag.yaml:4:2173: nested deeper than 200 levels
deep.yaml invalid
	deep.yaml:2:209: nested deeper than 200 levels
deeper.yaml invalid
	deeper.yaml:1:1: not YAML: exceeded max depth of 10000
fifo.yaml invalid
	fifo.yaml: is no regular file: want a file or a folder
good.yaml valid
huge.yaml invalid
	huge.yaml: is larger than 4 MiB: split it into several files
json.yaml invalid
	json.yaml:4:23: entries[0].identifiers.name: !ParseJSON: nested deeper than 200 levels: want one JSON value
long-key.yaml invalid
	long-key.yaml: has at least 800 further problems
merges.yaml invalid
	merges.yaml:158:10: context.many[153]: grows without end: a blueprint may hold at most 1000000 values, or 16 MB of text, after its tags and aliases were followed
number.yaml invalid
	number.yaml:4:23: entries[0].identifiers.name: a whole number of more than 4300 digits
zero.yaml invalid
	zero.yaml: is no regular file: want a file or a folder
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEmptyAndCommentsOnly(t *testing.T) {
	inFolder(t, map[string]string{
		"comments.yaml": "# nothing yet\n", "null.yaml": "---\n",
		"yaml12.yaml": "# first\n%YAML 1.2\n%FOO bar\n---\n" + nothing, "yaml2.yaml": "%YAML 2.0\n---\n" + nothing, "bare.yaml": "%FOO bar\n" + nothing,
		"bom.yaml": "\ufeff" + nothing, "crlf.yaml": strings.ReplaceAll(nothing, "\n", "\r\n"),
		"off.yaml":  "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: \"False\"}}\nentries: [{nonsense: 1}]\n",
		"off2.yaml": "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: no}}\nentries: [{nonsense: 1}]\n",
		"lib.cue":   "package lib\n#X: 1\n", "ignored.cue": "@ignore()\npackage other\nx: 1\n",
	})
	got := describe(read(t, newReader(t, blueprint.Options{}), "."))
	want := "bare.yaml invalid\n\tbare.yaml:1:1: not YAML: a line that begins with % is for YAML itself: leave it out\nbom.yaml valid\ncomments.yaml disabled\ncrlf.yaml valid\nignored.cue disabled\nlib.cue disabled\nnull.yaml disabled\noff.yaml disabled\noff2.yaml invalid\n\toff2.yaml:1:69: metadata.labels.blueprints.goauthentik.io/instantiate: false is not taken here: want text, in quotes\n" +
		"yaml12.yaml valid\nyaml2.yaml invalid\n\tyaml2.yaml:1:1: not YAML: authentik takes YAML 1 only: leave the %YAML line out\n"
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}
