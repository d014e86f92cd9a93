package blueprint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// refresh reads again after the files, by their names in the working directory,
// changed.
func refresh(t testing.TB, r *blueprint.Reader, changed ...string) *blueprint.Set {
	t.Helper()
	here, err := filepath.EvalSymlinks(workingDirectory(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range changed {
		changed[i] = filepath.Join(here, name)
	}
	set, err := r.Refresh(t.Context(), []string{"b"}, changed)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func workingDirectory(t testing.TB) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return here
}

// TestRefreshLooksAtNoOthers wants a file that is not said to have changed to be
// left unread: the cost follows the change.
func TestRefreshLooksAtNoOthers(t *testing.T) {
	inFolder(t, map[string]string{
		"b/x.yaml":  stage("failed_attempts_before_cancel: 1"),
		"b/y.yaml":  stage("failed_attempts_before_cancel: 1"),
		"b/z.cue":   "entries: []",
		"b/p/1.cue": "package p\nentries: [{model: \"a.b\"}]\n",
		"b/p/2.cue": "package p\nversion: 1\n",
	})
	reader := newReader(t, blueprint.Options{})
	before := read(t, reader, "b").Files
	for _, name := range []string{"b/x.yaml", "b/y.yaml"} {
		write(t, name, stage("failed_attempts_before_cancel: 2"))
	}
	write(t, "b/z.cue", "entries: [{model: \"a.b\"}]")
	write(t, "b/p/2.cue", "package p\nversion: 2\n")
	for _, step := range []struct {
		what    string
		changed []string
		want    []string // the files that are other ones
	}{
		{"nothing", nil, nil},
		{"an editor's own file", []string{"b/.x.yaml.swp", "b/4913", "b/x.yaml~"}, nil},
		{"a file", []string{"b/x.yaml"}, []string{"b/x.yaml"}},
		{"it again, with what it held", []string{"b/x.yaml"}, nil},
		{"a file of a package", []string{"b/p/2.cue"}, []string{"b/p/1.cue"}},
		{"CUE", []string{"b/z.cue"}, []string{"b/z.cue"}},
	} {
		t.Run(step.what, func(t *testing.T) {
			after := refresh(t, reader, step.changed...).Files
			var changed []string
			for i := range after {
				if before[i] != after[i] {
					changed = append(changed, after[i].Path)
				}
			}
			if diff := cmp.Diff(step.want, changed); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, describe(&blueprint.Set{Files: after}))
			}
			before = after
		})
	}
	if got := read(t, reader, "b").Files; got[2] == before[2] { // y.yaml
		t.Error("Read has to look at every file")
	}
}

// TestRefreshFollows wants a change to be followed beyond the file that changed.
func TestRefreshFollows(t *testing.T) {
	inFolder(t, map[string]string{
		"b/cue.mod/module.cue": "module: \"example.com/b\"\nlanguage: version: \"v0.9.0\"\n",
		"b/words/w.cue":        "package words\nModel: \"a.b\"\n",
		"b/x.cue":              "import \"example.com/b/words\"\nentries: [{model: words.Model}]\n",
		"b/p/1.cue":            "package p\nentries: [{model: \"a.b\"}]\n",
		"b/p/2.cue":            "version: 1\nentries: []\n",
		"b/y.cue":              "import \"example.org/w\"\nentries: [{model: w.Model}]\n",
	})
	reader := newReader(t, blueprint.Options{})
	read(t, reader, "b")
	for _, step := range []struct{ what, file, text string }{
		{"a file that another imports", "b/words/w.cue", "package words\nModel: \"e.f\"\n"},
		{"a file that becomes part of a package", "b/p/2.cue", "package p\nversion: 1\n"},
		{"a file that leaves a package", "b/p/2.cue", "package q\nversion: 1\nentries: []\n"},
		{"a package that was missing", "b/cue.mod/pkg/example.org/w/w.cue", "package w\nModel: \"a.b\"\n"},
	} {
		write(t, step.file, step.text)
		want := summary(read(t, newReader(t, blueprint.Options{}), "b"))
		if diff := cmp.Diff(want, summary(refresh(t, reader, step.file))); diff != "" {
			t.Errorf("%s (-read +refreshed):\n%s", step.what, diff)
		}
	}
}

// TestRefreshIsRead wants a reader that is only told which files changed to end
// with what one finds that reads everything for the first time.
func TestRefreshIsRead(t *testing.T) {
	names := []string{
		"b/x.yaml", "b/y.yml", "b/x.cue", "b/p/1.cue", "b/p/2.cue", "b/p/1.cue", "b/p/2.cue", "b/#x.yaml", "b/x.txt", "b/_x.cue",
		"b/cue.mod/module.cue", "b/cue.mod/pkg/example.org/w/w.cue", "b/words/w.cue",
	}
	texts := []string{
		"", "no: [yaml", stage("failed_attempts_before_cancel: 1"), stage("failed_attempts_before_cancel: 2"),
		"entries: [{model: \"a.b\"}]\n", "package p\nversion: 1\n", "package p\nentries: [{model: \"a.b\"}]\n", "package q\nentries: []\n",
		"module: \"example.com/b\"\nlanguage: version: \"v0.9.0\"\n", "package w\nModel: \"a.b\"\n", "package w\nModel: \"c.d\"\n",
		"package words\nModel: \"a.b\"\n", "package words\nModel: \"e.f\"\n",
		"import \"example.org/w\"\nentries: [{model: w.Model}]\n", "import \"example.com/b/words\"\nentries: [{model: words.Model}]\n",
		"package p\nimport \"example.org/w\"\nentries: [{model: w.Model}]\n",
	}
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		t.Chdir(folder)
		if err := os.Mkdir("b", 0o755); err != nil {
			rt.Fatal(err)
		}
		reader := newReader(t, blueprint.Options{})
		read(t, reader, "b")
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			var changed []string
			for range rapid.IntRange(1, 3).Draw(rt, "changes") {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				changed = append(changed, name)
				if rapid.IntRange(0, 4).Draw(rt, "remove") == 0 {
					os.Remove(name) // perhaps it is not there
					continue
				}
				write(t, name, rapid.SampledFrom(texts).Draw(rt, "text"))
			}
			got := summary(refresh(t, reader, changed...))
			want := summary(read(t, newReader(t, blueprint.Options{}), "b"))
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("after %v (-read +refreshed):\n%s", changed, diff)
			}
		}
	})
}

// summary is all that a set says.
func summary(set *blueprint.Set) string {
	var b strings.Builder
	b.WriteString(describe(set))
	for _, file := range set.Files {
		fmt.Fprintln(&b, file.Path, file.Parts, file.Unmanaged)
		for _, entry := range file.Entries {
			fmt.Fprintln(&b, entry.Place)
			for _, member := range slices.Concat(entry.Identifiers, entry.Attrs) {
				fmt.Fprintln(&b, member.Key.Place, member.Name(), member.Value.Place, member.Value.HasPending())
				if pending, isPending := member.Value.Data.(tree.Pending); isPending {
					fmt.Fprintln(&b, len(pending.References()))
				} else if !member.Value.HasPending() {
					fmt.Fprintln(&b, member.Value.Plain())
				}
			}
		}
	}
	return b.String()
}
