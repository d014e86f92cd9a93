package blueprint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// tag is one of authentik's tags: how it is written, and what gives its value. A
// tag that takes text takes it as it stands: !Env 012 is the variable 012 and no
// octal number.
type tag struct {
	// text says that the tag may be followed by text.
	text bool
	// lists are how many arguments a list may hold; none where there may be no
	// list. authentik passes over more than the most of them, but for a tag that
	// takes any number.
	lists []int
	any   bool
	// want is how the tag is written, for messages.
	want string
	// counts says that !Value and !Index count the tag, as one whose items they
	// can be.
	counts   bool
	evaluate func(*evaluator, call) (tree.Value, error)
}

// call is a tag that is evaluated: what follows it, as a list in any case.
type call struct {
	place tree.Place
	tag   string
	args  tree.List
	own   *frame // the item it is at, of a tag that counts
}

// language is authentik's tags (authentik/blueprints/v1/common.py), by name.
type language map[string]tag

// newLanguage makes the one table of tags: whatever is said of a tag elsewhere is
// held to it by tests.
func newLanguage() language {
	return language{
		tree.TagKeyOf:      {text: true, want: "the id of an entry", evaluate: (*evaluator).keyOf},
		tree.TagFind:       {lists: []int{1}, any: true, want: "[model, [field, value], …]", evaluate: (*evaluator).find},
		tree.TagFindObject: {lists: []int{1}, any: true, want: "[model, [field, value], …]", evaluate: (*evaluator).find},
		"!Env":             {text: true, lists: []int{2}, want: "a variable, or [variable, default]", evaluate: (*evaluator).env},
		"!File":            {text: true, lists: []int{2}, want: "a path, or [path, default]", evaluate: (*evaluator).file},
		"!Context":         {text: true, lists: []int{2}, want: "a key, or [key, default]", evaluate: (*evaluator).contextValue},
		"!ParseJSON":       {text: true, want: "JSON, as text", evaluate: (*evaluator).parseJSON},
		"!Format":          {lists: []int{1}, any: true, want: "[format, value, …]", evaluate: (*evaluator).format},
		"!Condition":       {lists: []int{1}, any: true, want: "[mode, value, …]", evaluate: (*evaluator).condition},
		"!If":              {lists: []int{1, 3}, want: "[condition], or [condition, value if true, value if false]", evaluate: (*evaluator).choose},
		"!Enumerate":       {lists: []int{3}, want: "[list or mapping, SEQ or MAP, value]", counts: true, evaluate: (*evaluator).enumerate},
		"!Index":           {text: true, want: "a depth: 0 is the innermost !Enumerate", evaluate: (*evaluator).index},
		"!Value":           {text: true, want: "a depth: 0 is the innermost !Enumerate", evaluate: (*evaluator).value},
		"!AtIndex":         {lists: []int{2, 3}, want: "[list or mapping, index or key], or with a default for a third", evaluate: (*evaluator).atIndex},
	}
}

func (l language) names() []string { return slices.Sorted(maps.Keys(l)) }

// most is the largest number of arguments that a tag uses, or -1 for any number.
func (t tag) most() int {
	if t.any || len(t.lists) == 0 {
		return -1
	}
	return slices.Max(t.lists)
}

// loads reports whether authentik can load the tag with a list of that length.
func (t tag) loads(length int) bool {
	return slices.Contains(t.lists, length) || len(t.lists) > 0 && length > slices.Max(t.lists)
}

// complain says what is wrong with a call that authentik could not even load,
// or gives "". More arguments than are used load there: see complainUnused.
func (l language) complain(c *tree.Call) string {
	tag, known := l[c.Tag]
	if !known {
		return fmt.Sprintf("unknown tag %s: %s", c.Tag, schema.Suggest(c.Tag, l.names()))
	}
	switch arg := c.Arg.Data.(type) {
	case string:
		if tag.text {
			return ""
		}
	case tree.List:
		if tag.loads(len(arg)) {
			return ""
		}
	}
	return l.misuse(c)
}

// complainUnused says that authentik would pass over an argument, or gives "".
func (l language) complainUnused(c *tree.Call) string {
	arg, isList := c.Arg.Data.(tree.List)
	if !isList {
		return ""
	}
	if most := l[c.Tag].most(); most >= 0 && len(arg) > most {
		return l.misuse(c)
	}
	return ""
}

func (l language) misuse(c *tree.Call) string {
	given := "a mapping"
	switch arg := c.Arg.Data.(type) {
	case string:
		given = "text"
	case tree.List:
		given = fmt.Sprintf("a list of %d", len(arg))
	}
	return fmt.Sprintf("%s can't take %s: want %s %s", c.Tag, given, c.Tag, l[c.Tag].want)
}

// join lists names for a message.
func join(names []string) string { return strings.Join(names, ", ") }
