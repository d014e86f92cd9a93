package blueprint

import (
	"fmt"
	"slices"
	"strings"

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
		schema.KeyOf:      {true, 0, 0, "the id of an entry"},
		schema.Find:       {false, 1, -1, "[model, [field, value], …]"},
		schema.FindObject: {false, 1, -1, "[model, [field, value], …]"},
		"!Env":            {true, 2, 2, "a variable, or [variable, default]"},
		"!File":           {true, 2, 2, "a path, or [path, default]"},
		"!Context":        {true, 2, 2, "a key, or [key, default]"},
		"!ParseJSON":      {true, 0, 0, "JSON, as text"},
		"!Format":         {false, 1, -1, "[format, value, …]"},
		"!Condition":      {false, 1, -1, "[mode, value, …]"},
		"!If":             {false, 1, 3, "[condition], or [condition, value if true, value if false]"},
		"!Enumerate":      {false, 3, 3, "[list or mapping, SEQ or MAP, value]"},
		"!Index":          {true, 0, 0, "a depth: 0 is the innermost !Enumerate"},
		"!Value":          {true, 0, 0, "a depth: 0 is the innermost !Enumerate"},
		"!AtIndex":        {false, 2, 3, "[list or mapping, index or key], or with a default for a third"},
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
func (l language) complain(c *call) string {
	f, known := l.forms[c.tag]
	if !known {
		return fmt.Sprintf("unknown tag %s: %s", c.tag, schema.Suggest(c.tag, l.names()))
	}
	switch arg := c.arg.data.(type) {
	case string:
		if f.text {
			return ""
		}
	case list:
		if f.most != 0 && len(arg) >= f.least {
			return ""
		}
	}
	return l.misuse(c)
}

// complainUnused says that authentik would pass over an argument, or gives "".
func (l language) complainUnused(c *call) string {
	arg, isList := c.arg.data.(list)
	if !isList {
		return ""
	}
	if most := l.forms[c.tag].most; most >= 0 && len(arg) > most || c.tag == "!If" && len(arg) == 2 {
		return l.misuse(c)
	}
	return ""
}

func (l language) misuse(c *call) string {
	given := "a mapping"
	switch arg := c.arg.data.(type) {
	case string:
		given = "text"
	case list:
		given = fmt.Sprintf("a list of %d", len(arg))
	}
	return fmt.Sprintf("%s can't take %s: want %s %s", c.tag, given, c.tag, l.forms[c.tag].want)
}

// join lists names for a message.
func join(names []string) string { return strings.Join(names, ", ") }
