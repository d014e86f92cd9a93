package blueprint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// TestConstructs reads blueprints that use every construct, and wants of them
// what authentik 2025.10.4 made of them.
func TestConstructs(t *testing.T) {
	files := map[string]string{}
	for _, path := range blueprintsBelow(t, filepath.Join(testdata, "constructs")) {
		files[filepath.Base(path)] = readText(t, path)
	}
	inFolder(t, files)
	set := read(t, newReader(t, blueprint.Options{EnvAllow: []string{"HARBOUR_*"}}), ".")
	if got := describe(set); strings.Contains(got, "invalid") || strings.Count(got, " disabled") != 1 {
		t.Fatalf("want all to be valid and one to be switched off, got:\n%s", got)
	}
	const inbuilt, ldap, token = "authentik.core.auth.InbuiltBackend", "authentik.sources.ldap.auth.LDAPBackend", "authentik.core.auth.TokenBackend"
	list := func(elements ...any) []any { return elements }
	// plainEntries looks up nothing: a reference is what it says, and !FindObject
	// finds no pk.
	pk := "!Find authentik_flows.flow"
	want := map[string][]any{
		"1-sign-in.yaml": list(made("harbour-secret", map[string]any{"backends": list(inbuilt, ldap), "configure_flow": pk})),
		"2-crew.yaml": list(
			made("harbour-crew", map[string]any{"backends": list(token)}),
			made("harbour-gone", map[string]any{}),
			map[string]any{"identifiers": map[string]any{"name": "harbour-crew", "failed_attempts_before_cancel": int64(5)}, "attrs": map[string]any{}}),
		"3-tags.yaml": list(
			made("harbour-front-01", map[string]any{"backends": list(inbuilt), "failed_attempts_before_cancel": int64(3), "allow_show_password": true}),
			made("harbour-back", map[string]any{"backends": list(inbuilt, ldap), "failed_attempts_before_cancel": int64(7), "allow_show_password": false}),
			made("harbour-parsed", map[string]any{"backends": list(token), "configure_flow": nil, "failed_attempts_before_cancel": int64(15), "allow_show_password": true}),
			made("harbour-new", map[string]any{"backends": list(inbuilt)}),
			made("harbour-way", map[string]any{"name": "harbour-way", "backends": list(inbuilt), "configure_flow": "!KeyOf authentik_flows.flow", "failed_attempts_before_cancel": int64(-1)})),
	}
	for _, file := range set.Files {
		if diff := cmp.Diff(want[file.Path], plainEntries(t, file)); diff != "" {
			t.Errorf("%s (-authentik +aksync):\n%s", file.Path, diff)
		}
	}
	var counts []int
	for _, file := range set.Files {
		counts = append(counts, len(file.Entries), len(file.Silent), len(file.Unmanaged))
	}
	if diff := cmp.Diff([]int{9, 0, 0, 5, 2, 0, 6, 0, 0, 4, 0, 0, 0, 2, 0}, counts); diff != "" {
		t.Errorf("entries, silent ones and others of each file (-want +got):\n%s", diff)
	}
}

func made(name string, attrs map[string]any) any {
	return map[string]any{"identifiers": map[string]any{"name": name}, "attrs": attrs}
}

// TestShipped reads every blueprint that an authentik ships, and its examples
// switched on.
func TestShipped(t *testing.T) {
	folder := os.Getenv(shippedVariable)
	if folder == "" {
		t.Skipf("%s names no folder of the blueprints that authentik ships", shippedVariable)
	}
	files := map[string]string{}
	for _, path := range blueprintsBelow(t, folder) {
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			t.Fatal(err)
		}
		files[relative] = strings.ReplaceAll(readText(t, path), `instantiate: "false"`, `instantiate: "true"`)
	}
	inFolder(t, files)
	set := read(t, newReader(t, blueprint.Options{EnvAllow: []string{"AUTHENTIK_BOOTSTRAP_*"}}), ".")
	entries := 0
	for _, file := range set.Files {
		if file.Status != tree.Valid {
			t.Errorf("%s is %s: %q", file.Path, file.Status, messages(file.Problems))
		}
		entries += len(file.Entries)
	}
	if len(set.Files) < 20 || entries < 200 {
		t.Errorf("read %d files with %d entries: is %s the right folder?", len(set.Files), entries, folder)
	}
}

// shippedVariable is the environment variable that names a folder of the
// blueprints that authentik ships; they are not ours to keep here.
const shippedVariable = "AKSYNC_AUTHENTIK_BLUEPRINTS"

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blueprintsBelow returns the paths of the YAML files in a folder and below it.
func blueprintsBelow(t testing.TB, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".yaml" {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("want blueprints in %s: %v", folder, err)
	}
	return found
}
