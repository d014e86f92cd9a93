package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// In a comment each group is folded, with its counts; those that come first leave room
// for the others, and what is cut is counted once.
func TestMarkdownGroups(t *testing.T) {
	pass := many(t, 400, 20)
	names := map[*sync.Change]string{}
	for i, change := range pass.Plan.Changes {
		names[change] = []string{"", "flow a", "flow b"}[i%3]
	}
	in := about
	in.View = report.View{By: "flow", Group: func(change *sync.Change) string { return names[change] }}
	text := markdownOf(t, pass, in)
	if len(text) > github {
		t.Errorf("%d bytes", len(text))
	}
	var at []int
	for _, title := range []string{"flow a &#126;133", "flow b &#126;133", "of no flow &#126;134"} {
		at = append(at, strings.Index(text, "<details><summary><code>"+title+"</code></summary>"))
	}
	if at[0] < 0 || at[1] < at[0] || at[2] < at[1] {
		t.Errorf("the groups are at %v in\n%s", at, text)
	}
	if opened, closed := strings.Count(text, "<details>"), strings.Count(text, "</details>"); opened != closed {
		t.Errorf("%d parts are folded, and %d end", opened, closed)
	}
	if cut := regexp.MustCompile(`(\d+) changes in full`).FindAllString(text, -1); len(cut) != 1 {
		t.Errorf("cut: %q", cut)
	}
}

func TestFilters(t *testing.T) {
	for filters, want := range map[string]bool{
		"": true, "action=update": true, "action=delete": false, "action=delete action=update": true,
		"name=st*": true, "name=st* action=delete": false, "file=login.yaml": true, "file=log*": true, "file=other": false,
		"model=passwordstage": true, "model=authentik_stages_*": true, "model=*.flow": false,
	} {
		in := about
		for _, text := range strings.Fields(filters) {
			filter, err := report.ParseFilter(text)
			if err != nil {
				t.Fatal(err)
			}
			in.View.Filters = append(in.View.Filters, filter)
		}
		pass := passOf(t, updateOf("stage", sync.FieldChange{Name: "a", Before: "b", After: "c"}))
		if got := strings.Contains(markdownOf(t, pass, in), "update password stage"); got != want {
			t.Errorf("%q lists it: %v", filters, got)
		}
	}
	for _, text := range []string{"x", "kind=x", "name=[", "action=all"} {
		if filter, err := report.ParseFilter(text); err == nil {
			t.Errorf("%q is taken for %v", text, filter)
		}
	}
}

// Groups in which nothing changes take no room from others, and very many groups leave
// none of it.
func TestMarkdownManyGroups(t *testing.T) {
	for name, tt := range map[string]struct {
		unchanged int
		group     func(int) string
		least     int
	}{
		"one of many":  {500, func(int) string { return "a" }, github / 5},
		"each its own": {0, func(i int) string { return strings.Repeat("b", 5) + string(rune('a'+i/26)) + string(rune('a'+i%26)) }, github / 5},
	} {
		pass := many(t, 400, 20)
		groups := map[*sync.Change]string{}
		for i, change := range pass.Plan.Changes {
			groups[change] = tt.group(i)
		}
		for i := range tt.unchanged {
			change := &sync.Change{Action: sync.NoOp}
			groups[change] = "c" + strings.Repeat("c", i)
			pass.Plan.Changes = append(pass.Plan.Changes, change)
		}
		in := about
		in.View = report.View{By: "flow", Group: func(change *sync.Change) string { return groups[change] }}
		text := markdownOf(t, pass, in)
		details := strings.Index(text, "<details>")
		if first := "<summary><code>" + tt.group(0); !strings.Contains(text, first) {
			t.Errorf("%s: the first group is not there", name)
		}
		if len(text) > github || details < 0 || len(text)-details < tt.least {
			t.Errorf("%s: of %d bytes are %d changes in full", name, len(text), len(text)-max(details, 0))
		}
	}
}
