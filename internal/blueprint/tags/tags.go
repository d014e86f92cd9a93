// Package tags evaluates authentik's tags, such as !Find and !Format, as far as that
// needs no server; what does stays tree.Pending. All tags are in one table.
package tags

import (
	"fmt"
	"maps"
	"slices"

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
	evaluate func(e *Evaluator, n tree.Value, args tree.List) (tree.Value, error)
}

// Language is the tags, by name.
type Language map[string]tag

// NewLanguage returns authentik's tags (authentik/blueprints/v1/common.py). A further
// one is a further line; schema/blueprint.cue has its name, too, and
// schema/jsontag.go the shape that an editor takes for it: tests hold both to
// this table.
func NewLanguage() Language {
	const depth = "a depth: 0 is the innermost !Enumerate"
	return Language{
		tree.TagKeyOf:      {true, 0, 0, "the id of an entry", (*Evaluator).keyOf},
		tree.TagFind:       {false, 1, -1, "[model, [field, value], …]", (*Evaluator).find},
		tree.TagFindObject: {false, 1, -1, "[model, [field, value], …]", (*Evaluator).find},
		"!Env":             {true, 2, 2, "a variable, or [variable, default]", (*Evaluator).env},
		"!File":            {true, 2, 2, "a path, or [path, default]", (*Evaluator).file},
		"!Context":         {true, 2, 2, "a key, or [key, default]", (*Evaluator).contextValue},
		"!ParseJSON":       {true, 0, 0, "JSON, as text", (*Evaluator).parseJSON},
		"!Format":          {false, 1, -1, "[format, value, …]", (*Evaluator).format},
		"!Condition":       {false, 1, -1, "[mode, value, …]", (*Evaluator).condition},
		"!If":              {false, 1, 3, "[condition], or [condition, value if true, value if false]", (*Evaluator).choose},
		tagEnumerate:       {false, 3, 3, "[list or mapping, SEQ or MAP, value]", (*Evaluator).enumerate},
		"!Index":           {true, 0, 0, depth, (*Evaluator).item},
		"!Value":           {true, 0, 0, depth, (*Evaluator).item},
		"!AtIndex":         {false, 2, 3, "[list or mapping, index or key], or with a default for a third", (*Evaluator).atIndex},
	}
}

// tagEnumerate is the tag whose value is evaluated once for each item.
const tagEnumerate = "!Enumerate"

func (l Language) Names() []string { return slices.Sorted(maps.Keys(l)) }

// Complain says what is wrong with a call that authentik could not even load,
// or gives "". More arguments than are used load there: see complainUnused.
func (l Language) Complain(c *tree.Call) string {
	f, known := l[c.Tag]
	if !known {
		return fmt.Sprintf("unknown tag %s: %s", c.Tag, schema.Suggest(c.Tag, l.Names()))
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
func (l Language) complainUnused(c *tree.Call) string {
	arg, isList := c.Arg.Data.(tree.List)
	if !isList {
		return ""
	}
	if most := l[c.Tag].most; most >= 0 && len(arg) > most || c.Tag == "!If" && len(arg) == 2 {
		return l.misuse(c)
	}
	return ""
}

func (l Language) misuse(c *tree.Call) string {
	given := "a mapping"
	switch arg := c.Arg.Data.(type) {
	case string:
		given = "text"
	case tree.List:
		given = fmt.Sprintf("a list of %d", len(arg))
	}
	return fmt.Sprintf("%s can't take %s: want %s %s", c.Tag, given, c.Tag, l[c.Tag].want)
}
