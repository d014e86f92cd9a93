package blueprint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// tag is one of authentik's tags: how it is written, and what it gives. One that
// takes text takes it as it stands: !Env 012 is the variable 012 and no octal
// number.
type tag struct {
	text        bool // it may be followed by text
	least, most int  // how many arguments a list may hold; most 0: no list, -1: any number
	want        string
	// evaluate gives the tag's value; args are its arguments, or the text that
	// follows it.
	evaluate func(e *evaluator, n tree.Value, args tree.List) (tree.Value, error)
}

// language is the tags, by name.
type language map[string]tag

// newLanguage returns authentik's tags (authentik/blueprints/v1/common.py). A further
// one is a further line; schema/blueprint.cue has its name, too, and
// schema/jsontag.go the shape that an editor takes for it: tests hold both to
// this table.
func newLanguage() language {
	const depth = "a depth: 0 is the innermost !Enumerate"
	return language{
		tree.TagKeyOf:      {true, 0, 0, "the id of an entry", (*evaluator).keyOf},
		tree.TagFind:       {false, 1, -1, "[model, [field, value], …]", (*evaluator).find},
		tree.TagFindObject: {false, 1, -1, "[model, [field, value], …]", (*evaluator).find},
		"!Env":             {true, 2, 2, "a variable, or [variable, default]", (*evaluator).env},
		"!File":            {true, 2, 2, "a path, or [path, default]", (*evaluator).file},
		"!Context":         {true, 2, 2, "a key, or [key, default]", (*evaluator).contextValue},
		"!ParseJSON":       {true, 0, 0, "JSON, as text", (*evaluator).parseJSON},
		"!Format":          {false, 1, -1, "[format, value, …]", (*evaluator).format},
		"!Condition":       {false, 1, -1, "[mode, value, …]", (*evaluator).condition},
		"!If":              {false, 1, 3, "[condition], or [condition, value if true, value if false]", (*evaluator).choose},
		tagEnumerate:       {false, 3, 3, "[list or mapping, SEQ or MAP, value]", (*evaluator).enumerate},
		"!Index":           {true, 0, 0, depth, (*evaluator).item},
		"!Value":           {true, 0, 0, depth, (*evaluator).item},
		"!AtIndex":         {false, 2, 3, "[list or mapping, index or key], or with a default for a third", (*evaluator).atIndex},
	}
}

// tagEnumerate is the tag whose value is evaluated once for each item.
const tagEnumerate = "!Enumerate"

func (l language) names() []string { return slices.Sorted(maps.Keys(l)) }

// complain says what is wrong with a call that authentik could not even load,
// or gives "". More arguments than are used load there: see complainUnused.
func (l language) complain(c *tree.Call) string {
	f, known := l[c.Tag]
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
	if most := l[c.Tag].most; most >= 0 && len(arg) > most || c.Tag == "!If" && len(arg) == 2 {
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
