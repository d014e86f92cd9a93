package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// form is how a tag is written. A tag that takes text takes it as it stands:
// !Env 012 is the variable 012 and no octal number.
type form struct {
	text        bool // it may be followed by text
	least, most int  // how many arguments a list may hold; most 0: no list, -1: any number
	want        string
}

// forms are authentik's tags (authentik/blueprints/v1/common.py).
func forms() map[string]form {
	return map[string]form{
		tree.TagKeyOf:      {true, 0, 0, "the id of an entry"},
		tree.TagFind:       {false, 1, -1, "[model, [field, value], …]"},
		tree.TagFindObject: {false, 1, -1, "[model, [field, value], …]"},
		"!Env":             {true, 2, 2, "a variable, or [variable, default]"},
		"!File":            {true, 2, 2, "a path, or [path, default]"},
		"!Context":         {true, 2, 2, "a key, or [key, default]"},
		"!ParseJSON":       {true, 0, 0, "JSON, as text"},
		"!Format":          {false, 1, -1, "[format, value, …]"},
		"!Condition":       {false, 1, -1, "[mode, value, …]"},
		"!If":              {false, 1, 3, "[condition], or [condition, value if true, value if false]"},
		"!Enumerate":       {false, 3, 3, "[list or mapping, SEQ or MAP, value]"},
		"!Index":           {true, 0, 0, "a depth: 0 is the innermost !Enumerate"},
		"!Value":           {true, 0, 0, "a depth: 0 is the innermost !Enumerate"},
		"!AtIndex":         {false, 2, 3, "[list or mapping, index or key], or with a default for a third"},
	}
}

// language knows the tags.
type language struct{ forms map[string]form }

func newLanguage() language { return language{forms()} }

func (l language) names() []string {
	names := make([]string, 0, len(l.forms))
	for name := range l.forms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// complain says what is wrong with a call that authentik could not even load,
// or gives "". More arguments than are used load there: see complainUnused.
func (l language) complain(c *tree.Call) string {
	f, known := l.forms[c.Tag]
	if !known {
		return fmt.Sprintf("unknown tag %s: %s", c.Tag, schema.Suggest(c.Tag, l.names()))
	}
	switch arg := c.Arg.Data.(type) {
	case string:
		if f.text {
			return ""
		}
	case tree.List:
		if f.most != 0 && len(arg) >= f.least {
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
	if most := l.forms[c.Tag].most; most >= 0 && len(arg) > most || c.Tag == "!If" && len(arg) == 2 {
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
	return fmt.Sprintf("%s can't take %s: want %s %s", c.Tag, given, c.Tag, l.forms[c.Tag].want)
}

// join lists names for a message.
func join(names []string) string { return strings.Join(names, ", ") }
