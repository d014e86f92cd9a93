package blueprint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	stageModel = "authentik_stages_password.passwordstage"
	testdata   = "../../testdata/blueprints"
)

// workerArgument makes the test binary a worker that evaluates CUE.
const workerArgument = "-evaluate-cue"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		if err := cue.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == removedArgument {
		os.Exit(evaluateRemoved(os.Args[0], os.Args[2]))
	}
	os.Exit(m.Run())
}

// Compiling the schema costs more than most tests: they share one, and one
// with freeKinds.
var (
	ownSchema  = sync.OnceValues(func() (*schema.Schema, error) { return schema.Load() })
	freeSchema = sync.OnceValues(func() (*schema.Schema, error) { return schema.Load(freeKinds) })
)

func loaded(t testing.TB, load func() (*schema.Schema, error)) *schema.Schema {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inFolder writes files into a new folder and makes it the working directory.
func inFolder(t testing.TB, files map[string]string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(folder, name), text)
	}
	t.Chdir(folder)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// noEnv is an empty environment.
func noEnv(string) (string, bool) { return "", false }

// environment is one that holds the variables.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, set := variables[name]
		return value, set
	}
}

// worker is the command of a worker that evaluates CUE.
func worker(t testing.TB) []string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{executable, workerArgument}
}

func newReader(t testing.TB, options blueprint.Options) *blueprint.Reader {
	t.Helper()
	if options.Schema == nil {
		options.Schema = loaded(t, ownSchema)
	}
	if options.LookupEnv == nil {
		options.LookupEnv = noEnv
	}
	return blueprint.NewReader(options)
}

func read(t testing.TB, r *blueprint.Reader, paths ...string) *blueprint.Set {
	t.Helper()
	set, err := r.Read(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// readOne reads one file and wants it to be valid.
func readOne(t testing.TB, options blueprint.Options, name, text string) *blueprint.File {
	t.Helper()
	inFolder(t, map[string]string{name: text})
	set := read(t, newReader(t, options), ".")
	if len(set.Files) != 1 || set.Files[0].Status != tree.Valid {
		t.Fatalf("want one valid file, got:\n%s", describe(set))
	}
	return set.Files[0]
}

func messages(problems tree.Problems) []string {
	lines := []string{}
	for _, problem := range problems {
		lines = append(lines, problem.Error())
	}
	return lines
}

func describe(set *blueprint.Set) string {
	var b strings.Builder
	for _, file := range set.Files {
		fmt.Fprintln(&b, file.Path, file.Status)
		for _, message := range messages(file.Problems) {
			fmt.Fprintln(&b, "\t"+message)
		}
	}
	return b.String()
}

// golden compares got with a golden file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", path, diff)
	}
}

// attributes gives the attributes of a group, which is a file's last entry.
func attributes(file *blueprint.File) tree.Value {
	value, _ := file.Entries[len(file.Entries)-1].Attrs.Get("attributes")
	return value
}

// attrs gives the attributes of a file's only entry.
func attrs(t testing.TB, file *blueprint.File) map[string]any {
	t.Helper()
	if len(file.Entries) != 1 {
		t.Fatalf("want 1 entry, got %d", len(file.Entries))
	}
	plain, _ := tree.Value{Data: file.Entries[0].Attrs}.Plain().(map[string]any)
	return plain
}
