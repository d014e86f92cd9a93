package yamledit_test

import (
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/yamledit"
)

// at is the place of the first, or of the n-th, time that text has a piece.
func at(t *testing.T, text, piece string) yamledit.Place {
	t.Helper()
	before, _, found := strings.Cut(text, piece)
	if !found {
		t.Fatalf("%q is not in the text", piece)
	}
	line := before[strings.LastIndex(before, "\n")+1:]
	return yamledit.Place{Line: strings.Count(before, "\n") + 1, Column: len([]rune(line)) + 1}
}

// TestApply changes what is meant, and no other byte.
func TestApply(t *testing.T) {
	renamed := yamledit.Change{From: "parent", To: "parents", Listed: true}
	for name, test := range map[string]struct {
		change      yamledit.Change
		entry, key  string
		text, want  string
		isNotChange bool
	}{
		"a field in a line":        {yamledit.Change{From: "group", To: "destination"}, "a:", "group", "a: 1 # one\ngroup:   x   # two\n", "a: 1 # one\ndestination:   x   # two\n", false},
		"a reference in a line":    {renamed, "a:", "parent", "a: 1\nparent: !Find [m, [name, \"x # ]\"]] # above\nz: 1\n", "a: 1\nparents: [!Find [m, [name, \"x # ]\"]]] # above\nz: 1\n", false},
		"text in a line":           {renamed, "a:", "parent", "a: 1\nparent: 0-1\n", "a: 1\nparents: [0-1]\n", false},
		"a mapping in a line":      {renamed, "{", "parent", "{é: \"ü\", parent: !KeyOf x, z: [1]}\n", "{é: \"ü\", parents: [!KeyOf x], z: [1]}\n", false},
		"the last of a mapping":    {renamed, "{", "parent", "{a: 1, parent: *x}\n", "", true},
		"an alias":                 {renamed, "a:", "parent", "a: &x 1\nparent: *x\n", "a: &x 1\nparents: [*x]\n", false},
		"a name in quotes":         {renamed, "a:", "\"parent\"", "a: 1\n\"parent\": x\n", "a: 1\n\"parents\": [x]\n", false},
		"lines of their own":       {renamed, "a:", "parent", "a: 1\nparent: !Find\n  - m # of\n  - [name, x]\n\n# next\nz: 1\n", "a: 1\nparents:\n  - !Find\n      - m # of\n      - [name, x]\n\n# next\nz: 1\n", false},
		"lines right below":        {renamed, "a:", "parent", "a: 1\nparent: !Find\n- m\n- [name, x]\nz: 1\n", "a: 1\nparents:\n  - !Find\n    - m\n    - [name, x]\nz: 1\n", false},
		"an indented mapping":      {renamed, "a:", "parent", "- b:\n    a: 1\n    parent: !Find\n      - m\n      - [name, x]\n", "- b:\n    a: 1\n    parents:\n      - !Find\n          - m\n          - [name, x]\n", false},
		"on the next line":         {renamed, "a:", "parent", "a: 1\nparent:\n  !KeyOf x\n", "a: 1\nparents:\n  [!KeyOf x]\n", false},
		"over several lines":       {renamed, "a:", "parent", "a: 1\nparent: !Find [m,\n  [name, x]] # y\n", "a: 1\nparents: [!Find [m,\n  [name, x]]] # y\n", false},
		"null":                     {yamledit.Change{From: "parent", To: "parents", Listed: true, Null: true}, "a:", "parent", "a: 1\nparent: null # none\n", "a: 1\nparents: [] # none\n", false},
		"nothing":                  {yamledit.Change{From: "parent", To: "parents", Listed: true, Null: true}, "a:", "parent", "a: 1\nparent:\nz: 1\n", "a: 1\nparents: []\nz: 1\n", false},
		"ends of lines":            {renamed, "a:", "parent", "a: 1\r\nparent: !Find\r\n  - m\r\n  - [n, x]\r\n", "a: 1\r\nparents:\r\n  - !Find\r\n      - m\r\n      - [n, x]\r\n", false},
		"a value":                  {yamledit.Change{From: "45", To: "minutes=45"}, "a:", "45", "a: 1\nb: {c: 45} # x\n", "a: 1\nb: {c: minutes=45} # x\n", false},
		"a value in quotes":        {yamledit.Change{From: "old", To: "new"}, "a:", "\"old\"", "a: 1\nb: [\"old\", x]\n", "a: 1\nb: [new, x]\n", false},
		"a value that needs them":  {yamledit.Change{From: "old", To: "yes"}, "a:", "old", "a: 1\nb: old\n", "a: 1\nb: \"yes\"\n", false},
		"what has an anchor":       {renamed, "a:", "parent", "a: 1\nb: &shared\n  parent: x\nc: *shared\n", "", true},
		"another name":             {yamledit.Change{From: "group", To: "destination"}, "a:", "parent", "a: 1\nparent: x\n", "", true},
		"a tag in place of it":     {yamledit.Change{From: "X", To: "y"}, "a:", "!Env X", "a: 1\nb: !Env X\n", "", true},
		"a value of several lines": {renamed, "a:", "parent", "a: 1\nparent: |\n  x\n", "", true},
		"no mapping there":         {renamed, "parent", "a:", "a: 1\nparent: x\n", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			change := test.change
			change.Entry, change.At = at(t, test.text, test.entry), at(t, test.text, test.key)
			edited, made := yamledit.Apply([]byte(test.text), []yamledit.Change{change})
			want := test.want
			if test.isNotChange {
				want = test.text
			}
			if made[0] == test.isNotChange || string(edited) != want {
				t.Errorf("made %v:\n%s\nwant\n%s", made[0], edited, want)
			}
		})
	}
}

// TestApplySome makes the changes that can be made, where others can't.
func TestApplySome(t *testing.T) {
	text := "- a: 1\n  parent: x\n- a: &y 2\n  parent: |\n    z\n- a: 3\n  parent: !KeyOf w\n"
	var changes []yamledit.Change
	for _, line := range []int{1, 3, 5} {
		if line == 5 {
			line = 6
		}
		changes = append(changes, yamledit.Change{Entry: yamledit.Place{Line: line, Column: 3}, At: yamledit.Place{Line: line + 1, Column: 3}, From: "parent", To: "parents", Listed: true})
	}
	edited, made := yamledit.Apply([]byte(text), changes)
	want := "- a: 1\n  parents: [x]\n- a: &y 2\n  parent: |\n    z\n- a: 3\n  parents: [!KeyOf w]\n"
	if string(edited) != want || !made[0] || made[1] || !made[2] {
		t.Errorf("made %v:\n%s", made, edited)
	}
}
