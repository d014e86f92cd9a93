package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// rowsBelow are the rows of the one field of an update.
func rowsBelow(t testing.TB, field sync.FieldChange) string {
	t.Helper()
	_, after, _ := strings.Cut(textOf(t, passOf(t, updateOf("a", field))), "\n")
	rows, _, _ := strings.Cut(after, "\n\n")
	return rows
}

func TestValues(t *testing.T) {
	long := strings.Repeat("x", 60)
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	for _, test := range []struct {
		name          string
		before, after any
		want          string
	}{
		{"lines with what is around them", "a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nD\ne\nf\ng\n",
			"  ~ f:\n      a\n      b\n      c\n    - d\n    + D\n      e\n      f\n      g"},
		{"the first lines", nil, "if x:\n    return True\n", "  ~ f:\n    + if x:\n    +     return True"},
		{"a line alone", "return True\n", "return False\n", `  ~ f: "return True\n" -> "return False\n"`},
		{"blanks at the end of a line", "a\nb ", "a\nb", "  ~ f:\n      a\n    - \"b \"\n    + b"},
		{"the last line break", "a\nb", "a\nb\n", "  ~ f:\n      a\n      b\n    ~ (with a line break at the end)"},
		{"control characters", "a\nb", "a\n\x1b[31m\u202e", "  ~ f:\n      a\n    - b\n    + \\x1b[31m\\u202e"},
		{"members by path", object("a", object("b", int64(1), "c", "x"), "gone", true), object("a", object("b", int64(2), "c", "x"), "x y", nil),
			"  ~ f:\n    ~ a.b: 1 -> 2\n    - gone: true\n    + [\"x y\"]: null"},
		{"elements within", object("l", list("a b c")), object("l", list("a c d")), "  ~ f:\n    - l[1]: \"b\"\n    + l[2]: \"d\""},
		{"objects within a list within", object("l", []any{object("k", "a")}), object("l", []any{object("k", "b")}), "  ~ f:\n    ~ l[0].k: \"a\" -> \"b\""},
		{"no object before", nil, object("a", int64(1)), "  ~ f:\n    + a: 1"},
		{"an object that becomes text", object("a", int64(1)), "x", `  ~ f: {"a":1} -> "x"`},
		{"an element of which a member changes", []any{object("m", "strict", "url", "https://a/")}, []any{object("m", "strict", "url", "https://b/")},
			`  ~ f:` + "\n" + `    ~ m: "strict", url: "https://a/" -> "https://b/"`},
		{"a long one", []any{object("m", "strict", "url", long)}, []any{object("m", "strict", "url", long+"y"), object("m", "regex", "url", long)},
			"  ~ f:\n    ~ m: \"strict\", url:\n      - \"" + long + "\"\n      + \"" + long + "y\"\n    + m: \"regex\"\n      + url: \"" + long + "\""},
		{"another element", []any{object("m", "strict", "url", "a")}, []any{object("m", "regex", "url", "b")},
			"  ~ f:\n    - {\"m\":\"strict\",\"url\":\"a\"}\n    + {\"m\":\"regex\",\"url\":\"b\"}"},
	} {
		got := rowsBelow(t, sync.FieldChange{Name: "f", Before: test.before, After: test.after})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}

// Nothing of a sensitive field is shown, of whatever sort it is.
func TestSensitiveValues(t *testing.T) {
	for _, value := range []any{"a secret\nof lines", map[string]any{"secret": "secret"}, []any{map[string]any{"a": "secret", "b": "secret"}}} {
		if rows := rowsBelow(t, sync.FieldChange{Name: "f", Before: value, After: nil, Sensitive: true}); strings.Contains(rows, "secret") {
			t.Errorf("it shows %s", rows)
		}
	}
}

// referring is a plan that changes what a stage refers to, and creates what another one
// refers to.
func referring(t *testing.T) *sync.Pass {
	t.Helper()
	flow := func(before, after any) sync.FieldChange {
		return sync.FieldChange{Name: "configure_flow", Before: before, After: after, Refers: "flows"}
	}
	created := &sync.Change{ID: 7, Action: sync.Create, Name: "new", Source: tree.Place{File: "flows/login.yaml", Line: 12, Column: 3}}
	far := &sync.Change{ID: 8, Action: sync.Create, Name: strings.Repeat("long-", 12), Source: tree.Place{File: strings.Repeat("folder/", 9) + "login.yaml", Line: 12, Column: 3}}
	second := updateOf("b", sync.FieldChange{Name: "flows", Refers: "flows", Before: list("1 2"), After: []any{"2", "3", tree.ID{Change: 7}, "unknown"}})
	third := updateOf("c", flow(nil, tree.ID{Change: 8}), flow(nil, tree.ID{Change: 7}))
	third.Action = sync.Create
	pass := passOf(t, created, far, updateOf("a", flow("1", "2")), second, third)
	pass.Plan.Names = map[sync.Pointer]sync.Named{}
	for key, name := range map[string]string{"1": "login", "2": "change \x1b[31m", "3": "login"} {
		pass.Plan.Names[sync.Pointer{Model: "flows", Key: key}] = sync.Named{Model: "authentik_flows.flow", Title: "flow", Name: name, PK: key}
	}
	return pass
}

func TestReferences(t *testing.T) {
	pass := referring(t)
	golden(t, "references.txt", []byte(textOf(t, pass)))
	golden(t, "references.md", []byte(markdownOf(t, pass, about)))
	var doc bytes.Buffer
	if err := report.JSON(&doc, pass, about, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "references.json", doc.Bytes())
	var plan any
	if err := json.Unmarshal(doc.Bytes(), &plan); err != nil {
		t.Fatal(err)
	}
}

// anyValue draws what a field can have.
func anyValue(deep int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 4
		if deep > 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Int64().Draw(t, "number")
		case 2:
			return rapid.StringMatching(`([ -~ü]{0,100}\n?){0,3}`).Draw(t, "text")
		case 3:
			return tree.ID{Change: 7}
		case 4:
			return rapid.SliceOfN(anyValue(deep-1), 0, 8).Draw(t, "list")
		default:
			return rapid.MapOfN(rapid.StringMatching(`[a-z. "]{0,50}`), anyValue(deep-1), 0, 8).Draw(t, "object")
		}
	})
}

// Whatever changes into what: no line is wider than a terminal, and there are not many.
func TestValuesFit(t *testing.T) {
	const mostRows = 130
	rapid.Check(t, func(t *rapid.T) {
		field := sync.FieldChange{Name: "attributes", Before: anyValue(3).Draw(t, "before"), After: anyValue(3).Draw(t, "after"), Refers: rapid.SampledFrom([]string{"", "flows"}).Draw(t, "refers")}
		change := updateOf("a", field)
		change.Action = rapid.SampledFrom([]sync.Action{sync.Create, sync.Update}).Draw(t, "action")
		pass := &sync.Pass{Plan: &sync.Plan{Changes: []*sync.Change{change}}}
		var b bytes.Buffer
		if err := report.NewText(&b, false, false).Changes(pass); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Fatalf("%d columns: %s", n, line)
			}
		}
		if len(lines) > mostRows {
			t.Fatalf("%d lines:\n%s", len(lines), b.String())
		}
	})
}

// A plan of many long texts is bounded.
func TestManyLines(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	if n := strings.Count(rowsBelow(t, sync.FieldChange{Name: "f", After: text.String()}), "\n"); n != 40 {
		t.Errorf("%d rows", n)
	}
}

// A value deep in an object has its line, and of a long path the ends are there.
func TestLongPaths(t *testing.T) {
	deep := func(value any) any {
		for _, key := range []string{`            """`, strings.Repeat("x", 30), "second member", "first-of-all-members"} {
			value = map[string]any{key: value}
		}
		return value
	}
	change := updateOf("a", sync.FieldChange{Name: "attributes", Before: map[string]any{}, After: deep("\n             \n")})
	var b bytes.Buffer
	if err := report.NewText(&b, false, false).Changes(&sync.Pass{Plan: &sync.Plan{Changes: []*sync.Change{change}}}); err != nil {
		t.Fatal(err)
	}
	want := "    + first-of-all-members[\"second member\"].x…     \\\"\\\"\\\"\"]: \"\\n             \\n\"\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in\n%s", want, b.String())
	}
}
