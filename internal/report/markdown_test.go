package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// github is the longest comment that GitHub takes.
const github = 65536

func markdownOf(t testing.TB, pass *sync.Pass, about report.About) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Markdown(&b, pass, about); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdownOfNothing(t *testing.T) {
	want := "<!-- aksync plan for https://auth.example.com -->\n" +
		"**Plan: 0 to create, 0 to update, 0 to delete, 0 unchanged.**\n\n" +
		"<code>https&#58;//auth&#46;example&#46;com</code>, authentik <code>2025&#46;10&#46;4</code>, aksync <code>1&#46;2&#46;3</code>\n\n"
	if diff := cmp.Diff(want, markdownOf(t, clear(t), about)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// many is a pass with so many changes of so many elements each, each with a
// warning, and as many errors.
func many(t testing.TB, changes, elements int) *sync.Pass {
	t.Helper()
	var list []*sync.Change
	var problems tree.Problems
	for i := range changes {
		var before, after []any
		for j := range elements {
			before, after = append(before, fmt.Sprintf("old-%d", j)), append(after, fmt.Sprintf("new-%d", j))
		}
		change := updateOf(fmt.Sprintf("stage-%d-ünï", i), sync.FieldChange{Name: "backends", Before: before, After: after, Choices: true})
		change.Users = []schema.User{{Name: "login", Entrance: true}}
		list = append(list, change)
		problems = append(problems, tree.Problem{Place: tree.Place{File: "wrong.yaml", Line: i + 1, Column: 1}, Message: "it is wrong"})
	}
	pass := passOf(t, list...)
	pass.Blueprints.Files[0].Problems = problems
	return pass
}

func TestMarkdownIsCutAtGitHubsLimit(t *testing.T) {
	tests := []struct {
		changes, elements int
		cut               string // what is left out; empty for nothing
	}{
		{20, 3, ``},
		{400, 3, `left out: \d+ warnings, \d+ errors, \d+ rows of the table, \d+ changes in full\. ` + "`aksync plan`"},
		{4000, 1, `left out: \d+ warnings, \d+ errors, \d+ rows of the table, \d+ changes in full\.`},
		{1, 3000, ``}, // a list has few rows, however long it is
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d×%d", test.changes, test.elements), func(t *testing.T) {
			text := markdownOf(t, many(t, test.changes, test.elements), about)
			if len(text) > github {
				t.Errorf("it has %d bytes", len(text))
			}
			if test.changes > 100 && len(text) < github*9/10 {
				t.Errorf("it has %d bytes only, and something was cut", len(text))
			}
			if (test.cut == "") == strings.Contains(text, "**Cut**") || !regexp.MustCompile(test.cut).MatchString(text) {
				t.Errorf("the word on what was cut is not %q: %s", test.cut, text[max(0, len(text)-300):])
			}
			checkWhole(t, text)
			checkCount(t, text, test.changes)
		})
	}
}

// checkWhole tells whether all that is opened is closed.
func checkWhole(t testing.TB, text string) {
	t.Helper()
	for _, tag := range []string{"details", "summary", "code"} {
		if opened, closed := strings.Count(text, "<"+tag+">"), strings.Count(text, "</"+tag+">"); opened != closed {
			t.Errorf("%d <%s> and %d </%s>", opened, tag, closed, tag)
		}
	}
	if len(regexp.MustCompile("(?m)^`{3,}").FindAllString(text, -1))%2 != 0 {
		t.Error("a fence is not closed")
	}
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line has no end")
	}
}

// checkCount tells whether the changes that are shown in full and those that
// are said to be left out are all there are.
func checkCount(t testing.TB, text string, changes int) {
	t.Helper()
	shown, left := strings.Count(text, "<summary>~"), 0
	if match := regexp.MustCompile(`(\d+) changes? in full`).FindStringSubmatch(text); match != nil {
		if _, err := fmt.Sscan(match[1], &left); err != nil {
			t.Fatal(err)
		}
	}
	if shown+left != changes {
		t.Errorf("%d shown and %d left out are not %d", shown, left, changes)
	}
}

// Whatever stands in names, values and messages, the markup is the one of the
// same plan with names of letters only.
func TestMarkdownTakesNoMarkupFromNames(t *testing.T) {
	hostile := rapid.OneOf(rapid.String(), rapid.StringMatching("([|`<>&@#*_\\[\\]()!~:\\\\\n\r-]|a|https://x|www\\.x|</code>|</details>|-->|\n```\n){0,12}"))
	pass := func(name, value, flow, file, message string) *sync.Pass {
		change := updateOf(name, sync.FieldChange{Name: "title", Before: "", After: value}, sync.FieldChange{Name: "backends", Before: []any{"a"}, After: []any{value}, Choices: true})
		change.Users, change.Source.File = users([]string{flow}, []string{flow}), file
		p := passOf(t, change)
		p.Blueprints.Files[0].Problems = tree.Problems{{Place: tree.Place{File: file, Line: 1, Column: 1}, Message: message}}
		return p
	}
	fenced := regexp.MustCompile("(?s)\n(```+)diff\n.*?\n(```+)\n")
	skeleton := func(p *sync.Pass) string {
		text := fenced.ReplaceAllString(markdownOf(t, p, about), "\nDIFF\n")
		return regexp.MustCompile("<code>[^<>|`@*_\n]*</code>").ReplaceAllString(text, "NAME")
	}
	want := skeleton(pass("a", "z", "a", "a", "a"))
	rapid.Check(t, func(rt *rapid.T) {
		p := pass(hostile.Draw(rt, "name"), hostile.Draw(rt, "value")+"z", hostile.Draw(rt, "flow")+"a", hostile.Draw(rt, "file")+"a", hostile.Draw(rt, "message"))
		if diff := cmp.Diff(want, skeleton(p)); diff != "" {
			rt.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// The fence is longer than any run of backticks within it.
func TestMarkdownFence(t *testing.T) {
	text := markdownOf(t, passOf(t, updateOf("x", sync.FieldChange{Name: "title", Before: "a", After: "`````"})), about)
	if strings.Count(text, "``````") != 2 {
		t.Errorf("the fence is not longer than the value's:\n%s", text)
	}
}

func TestMarker(t *testing.T) {
	marker := report.Marker(report.About{ServerURL: "https://x/--><img>\n"})
	if strings.Count(marker, ">") != 1 || !strings.HasSuffix(marker, " -->") || strings.Contains(marker, "\n") {
		t.Errorf("the comment can be ended from within: %s", marker)
	}
	if one, other := report.Marker(about), report.Marker(report.About{ServerURL: "https://b"}); one == other {
		t.Error("two servers share one marker")
	}
}
