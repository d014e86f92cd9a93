package blueprint_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// TestBroken reads blueprints that are wrong and wants every problem with its
// place, its path and what would be right.
func TestBroken(t *testing.T) {
	goldenFile, err := filepath.Abs(filepath.Join(testdata, "broken.golden"))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(filepath.Join(testdata, "broken.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, file := range archive.Files {
		files[file.Name] = string(file.Data)
	}
	// What a text archive can't hold.
	files["byte-nul.yaml"] = "version: 1\nmetadata: {name: \x00}\n"
	files["byte-latin1.yaml"] = "version: 1\nmetadata: {name: \"Stra\xdfe\"}\n"
	files["byte-latin1.cue"] = "version: 1\nmetadata: name: \"Stra\xdfe\"\n"
	inFolder(t, files)
	set := read(t, newReader(t, blueprint.Options{}), ".")
	// In a worker one blueprint in CUE follows another in the same context.
	if diff := cmp.Diff(summary(set), summary(read(t, newReader(t, blueprint.Options{CUEWorker: worker(t)}), "."))); diff != "" {
		t.Errorf("-beside the program +in a worker:\n%s", diff)
	}
	var got strings.Builder
	for _, file := range set.Files {
		if file.Status != tree.Invalid {
			t.Errorf("%s is %s", file.Path, file.Status)
		}
		for _, message := range messages(file.Problems) {
			fmt.Fprintln(&got, message)
		}
	}
	golden(t, goldenFile, got.String())
}
