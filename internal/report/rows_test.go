package report_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// clear is a pass without changes and without errors.
func clear(t testing.TB) *sync.Pass { return passOf(t) }

// passOf is a pass with the changes given, all of password stages.
func passOf(t testing.TB, changes ...*sync.Change) *sync.Pass {
	t.Helper()
	for _, change := range changes {
		change.Model, change.Title = stageModel, "password stage"
	}
	return &sync.Pass{
		Plan:       &sync.Plan{Version: "2025.10.4", Changes: changes},
		Blueprints: &sync.Blueprints{Files: []sync.Blueprint{{Path: "login.yaml", State: tree.Valid}}},
	}
}

func updateOf(name string, fields ...sync.FieldChange) *sync.Change {
	return &sync.Change{Action: sync.Update, Name: name, PK: "1", Fields: fields,
		Source: tree.Place{File: "login.yaml", Line: 3, Column: 5}}
}

// users are those of the names; people log in through the entrances.
func users(names, entrances []string) []schema.User {
	var users []schema.User
	for _, name := range names {
		users = append(users, schema.User{Name: name, Entrance: slices.Contains(entrances, name)})
	}
	return users
}

func list(words string) []any {
	elements := []any{}
	for _, word := range strings.Fields(words) {
		elements = append(elements, word)
	}
	return elements
}

func textOf(t testing.TB, pass *sync.Pass) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.NewText(&b, false, false).Plan(pass); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A list that is made empty is shown.
func TestEmptyList(t *testing.T) {
	change := updateOf("a", sync.FieldChange{Name: "backends", After: []any{}})
	change.Action = sync.Create
	if text := textOf(t, passOf(t, change)); !strings.Contains(text, "  + backends: []\n") {
		t.Errorf("the plan is:\n%s", text)
	}
}

func TestListChanges(t *testing.T) {
	tests := []struct{ name, before, after, want string }{
		{"added", "a b", "a x b", `a; +x; b`},
		{"removed", "a b c", "a c", `a; -b; c`},
		{"moved to the front", "a b c", "c a b", `~c (moved from 3 to 1); a; b`},
		{"swapped", "a b", "b a", `b; ~a (moved from 1 to 2)`},
		{"a repetition added", "a", "a a", `a; +a`},
		{"a repetition removed", "a a", "a", `a; -a`},
		{"all new", "a b", "x y", `-a; -b; +x; +y`},
		{"emptied", "a", "", `-a`},
		{"everything at once", "a b c d", "d x a c", `~d (moved from 4 to 1); +x; a; -b; c`},
		{"what stays is folded", "a b c d e f", "a b c d e f x", `a; … 4 more that stay; f; +x`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := textOf(t, passOf(t, updateOf("x", sync.FieldChange{Name: "backends", Before: list(test.before), After: list(test.after)})))
			var got []string
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "    ") {
					got = append(got, strings.ReplaceAll(strings.TrimSpace(strings.Replace(line[4:], " ", "", 1)), `"`, ""))
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLongValues(t *testing.T) {
	long := strings.Repeat("x", 300)
	change := updateOf(strings.Repeat("name ", 60),
		sync.FieldChange{Name: "title", Before: long + "old" + long, After: long + "new" + long},
		sync.FieldChange{Name: "short", Before: "a", After: "b"},
		sync.FieldChange{Name: "middling", Before: strings.Repeat("y", 40), After: strings.Repeat("z", 40)},
		sync.FieldChange{Name: "first", Before: nil, After: long},
		sync.FieldChange{Name: "struct", Before: map[string]any{"k": long}, After: map[string]any{"k": "\u009b<&"}},
		sync.FieldChange{Name: "list", Before: []any{}, After: []any{long, "\u202e\x1b`\n"}},
	)
	change.Source.File = strings.Repeat("folder/", 8) + "login.yaml"
	golden(t, "long.txt", []byte(textOf(t, passOf(t, change))))
}

// Whatever is in names and values, no line is wider than a terminal or holds
// what does not print; only the place of a file is never broken.
func TestLinesFitTheTerminal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String()
		change := updateOf(text.Draw(rt, "name"),
			sync.FieldChange{Name: "title", Before: text.Draw(rt, "before"), After: text.Draw(rt, "after")},
			sync.FieldChange{Name: "backends", Before: []any{text.Draw(rt, "element")}, After: []any{text.Draw(rt, "other")}},
		)
		if rapid.Bool().Draw(rt, "create") {
			change.Action = sync.Create
		}
		for line := range strings.Lines(textOf(t, passOf(t, change))) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 {
				rt.Fatalf("%d columns: %s", utf8.RuneCountInString(line), line)
			}
			if strings.ContainsFunc(line, notPrinted) {
				rt.Fatalf("what does not print: %q", line)
			}
		}
	})
}

func notPrinted(r rune) bool { return !unicode.IsPrint(r) }

func TestWarnings(t *testing.T) {
	backends := func(before, after string) sync.FieldChange {
		return sync.FieldChange{Name: "backends", Before: list(before), After: list(after), Choices: true}
	}
	tests := []struct {
		name              string
		change            *sync.Change
		usedBy, entrances []string
		want              string
	}{
		{"a backend less in a flow", updateOf("x", backends("a b b", "a")), []string{"recovery", "login"}, []string{"login"}, `^backends no longer has b: .* locked out of login\.$`},
		{"a backend less in flows of other designations", updateOf("x", backends("a b", "a")), []string{"recovery"}, nil, ""},
		{"a backend less in no flow", updateOf("x", backends("a b", "a")), nil, nil, ""},
		{"a repetition less", updateOf("x", backends("a a", "a")), []string{"login"}, []string{"login"}, ""},
		{"another order and one more", updateOf("x", backends("a b", "b c a")), []string{"login"}, []string{"login"}, ""},
		{"another field", updateOf("x", sync.FieldChange{Name: "allow_show_password", Before: false, After: true}), []string{"login"}, []string{"login"}, ""},
		{"a deletion in flows", &sync.Change{Action: sync.Delete, Name: "x"}, []string{"login", "intranet"}, nil, `^login, intranet loses this password stage`},
		{"a deletion in no flow", &sync.Change{Action: sync.Delete, Name: "x"}, nil, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.change.Users = users(test.usedBy, test.entrances)
			passOf(t, test.change)
			got := strings.Join(report.Warnings(test.change), "\n")
			if (test.want == "") != (got == "") || !regexp.MustCompile(test.want).MatchString(got) {
				t.Errorf("it is %q, and not %q", got, test.want)
			}
		})
	}
}

// The models that are not managed are wrapped, and none is broken.
func TestLeftAloneIsWrapped(t *testing.T) {
	pass := passOf(t)
	pass.Blueprints.Unmanaged = map[string]int{}
	for _, name := range strings.Fields("flow flowstagebinding prompt promptstage userwrite userlogin userdelete consent captcha") {
		pass.Blueprints.Unmanaged["authentik_stages_"+name+"."+name] = 2
	}
	text := textOf(t, pass)
	for line := range strings.Lines(text) {
		if len(line) > 81 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	if !strings.HasPrefix(text, "18 entries of models that aksync does not manage are left alone:\n  authentik_stages_captcha.captcha (2), ") {
		t.Errorf("it is\n%s", text)
	}
}
