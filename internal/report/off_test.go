package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// off is a pass with so many files that are switched off.
func off(t *testing.T, files int) *sync.Pass {
	t.Helper()
	pass := passOf(t)
	for i := range files {
		pass.Blueprints.Files = append(pass.Blueprints.Files, sync.Blueprint{Path: fmt.Sprintf("off-%d\x1b.yaml", i), State: tree.Disabled})
	}
	return pass
}

// A plan says which files ask for nothing, since nobody misses what is not
// there.
func TestFilesThatAreSwitchedOff(t *testing.T) {
	for _, test := range []struct {
		files          int
		text, markdown string
	}{
		{0, "Plan: 0", ""},
		{1, "1 blueprint is switched off, or declares nothing:\n  off-0\\x1b.yaml\n\nPlan: 0",
			"1 blueprint is switched off, or declares nothing: <code>off-0&#92;x1b&#46;yaml</code>.\n\n"},
		{12, "12 blueprints are switched off, or declare nothing:\n  off-0\\x1b.yaml, ", "12 blueprints are switched off, or declare nothing: <code>off-0&#92;x1b&#46;yaml</code>, "},
	} {
		pass := off(t, test.files)
		text := textOf(t, pass)
		var validation bytes.Buffer
		if err := report.NewText(&validation, false, false).Validation(pass); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, test.text) || test.files > 10 && !strings.Contains(text, "off-9\\x1b.yaml, 2 more\n") || strings.Contains(text, "off-10") {
			t.Errorf("the plan is\n%s", text)
		}
		if test.files > 0 && !strings.HasPrefix(validation.String(), text[:strings.Index(text, "Plan")]) {
			t.Errorf("validate says\n%s", validation.String())
		}
		markdown := markdownOf(t, pass, about)
		if !strings.Contains(markdown, test.markdown) || (test.files > 0) != strings.Contains(markdown, "switched off") || test.files > 10 && !strings.Contains(markdown, ", 2 more.\n") {
			t.Errorf("Markdown is\n%s", markdown)
		}
	}
}

// JSON names them all, and none as an empty list.
func TestFilesThatAreSwitchedOffInJSON(t *testing.T) {
	for _, files := range []int{0, 12} {
		pass := off(t, files)
		want := []string{}
		for _, file := range pass.Blueprints.Files[1:] {
			want = append(want, file.Path)
		}
		var plan, validation bytes.Buffer
		if err := report.JSON(&plan, pass, about, false); err != nil {
			t.Fatal(err)
		}
		if err := report.Validation(&validation, pass, about); err != nil {
			t.Fatal(err)
		}
		checkSchema(t, plan.Bytes())
		for name, doc := range map[string][]byte{"plan": plan.Bytes(), "validate": validation.Bytes()} {
			var got struct {
				Disabled []string `json:"disabled"`
			}
			if err := json.Unmarshal(doc, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Disabled); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

// A saved plan knows of no files.
func TestNoFiles(t *testing.T) {
	pass := clear(t)
	pass.Blueprints = nil
	textOf(t, pass)
	markdownOf(t, pass, about)
	var b bytes.Buffer
	if err := report.JSON(&b, pass, about, false); err != nil || !strings.Contains(b.String(), `"disabled": []`) {
		t.Errorf("it is %s (%v)", b.String(), err)
	}
}
