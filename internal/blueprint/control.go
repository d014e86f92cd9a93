package blueprint

import (
	"iter"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// condition joins truth values.
func (e *evaluator) condition(c call) (tree.Value, error) {
	args := c.args
	mode, err := e.literal(args[0], "!Condition wants AND, NAND, OR, NOR, XOR or XNOR first")
	failed := firstError{err}
	all, some, odd := true, false, false
	for _, arg := range args[1:] {
		value, err := e.need(arg)
		failed.add(err)
		is := value.Truthy()
		all, some, odd = all && is, some || is, odd != is
	}
	if failed.err != nil {
		return tree.Value{}, failed.err
	}
	if len(args) == 1 {
		return tree.Value{}, e.report(c.place, "!Condition %s has nothing to look at: want at least one value after it", mode)
	}
	results := map[string]bool{"AND": all, "NAND": !all, "OR": some, "NOR": !some, "XOR": odd, "XNOR": !odd}
	result, known := results[strings.ToUpper(mode)]
	if !known {
		return tree.Value{}, e.report(args[0].Place, "%q is no mode of !Condition: %s", mode, schema.Suggest(mode, []string{"AND", "NAND", "OR", "NOR", "XOR", "XNOR"}))
	}
	return tree.Value{Place: c.place, Data: result}, nil
}

// choose is !If. Only the value that is chosen is evaluated.
func (e *evaluator) choose(c call) (tree.Value, error) {
	args := c.args
	condition, err := e.need(args[0])
	if err != nil {
		return tree.Value{}, err
	}
	is := condition.Truthy()
	switch {
	case len(args) == 1:
		return tree.Value{Place: args[0].Place, Data: is}, nil
	case is:
		return e.deep(args[1])
	default:
		return e.deep(args[2])
	}
}

// enumerate evaluates a value for each item of a list, a mapping or a text.
func (e *evaluator) enumerate(c call) (tree.Value, error) {
	if item, isCall := c.args[0].Data.(*tree.Call); isCall && (item.Tag == "!Value" || item.Tag == "!Index") {
		if depth, ok := depthOf(item.Arg); ok && depth == 0 {
			return tree.Value{}, e.report(c.args[0].Place, "%s 0 is an item of this very !Enumerate: want a depth of 1 or more", item.Tag)
		}
	}
	over, err := e.need(c.args[0])
	if err != nil {
		return tree.Value{}, err
	}
	over.Data = tree.Python(over.Data)
	if _, isText := over.Data.(tree.Text); isText {
		return tree.Value{}, e.late(c.args[0].Place, c.tag, over.Data, "a list or a mapping")
	}
	items, many, iterable := itemsOf(over)
	if !iterable {
		return tree.Value{}, e.report(c.args[0].Place, "!Enumerate wants a list or a mapping: it got %s", typeName(over.Data))
	}
	if err := e.spend(c.place, many); err != nil {
		return tree.Value{}, err
	}
	output, err := e.literal(c.args[1], "!Enumerate wants SEQ or MAP second")
	if err != nil {
		return tree.Value{}, err
	}
	switch strings.ToUpper(output) {
	case "SEQ":
		return e.enumerateList(c, items, many)
	case "MAP":
		return e.enumerateDict(c, items)
	default:
		return tree.Value{}, e.report(c.args[1].Place, "%q is no output of !Enumerate: want SEQ or MAP", output)
	}
}

// late is the error of a value that is known only after apply, where a tag has to
// know it.
func (e *evaluator) late(place tree.Place, tag string, data any, want string) error {
	return e.report(place, "%s: %s is known after apply, and not taken here: want %s", tag, typeName(data), want)
}

// items are keys and values.
type items = iter.Seq2[tree.Value, tree.Value]

// itemsOf gives keys and values of a mapping, or positions and elements, and how
// many there are at most.
func itemsOf(over tree.Value) (each items, many int, iterable bool) {
	position := func(i int) tree.Value { return tree.Value{Place: over.Place, Data: int64(i)} }
	if pairs, isMapping := mapping(over.Data); isMapping {
		return func(yield func(key, value tree.Value) bool) {
			for _, p := range pairs {
				if !yield(p.Key, p.Value) {
					return
				}
			}
		}, len(pairs), true
	}
	switch data := over.Data.(type) {
	case tree.List:
		return func(yield func(key, value tree.Value) bool) {
			for i, element := range data {
				if !yield(position(i), element) {
					return
				}
			}
		}, len(data), true
	case string:
		return func(yield func(key, value tree.Value) bool) {
			i := 0
			for _, r := range data {
				if !yield(position(i), tree.Value{Place: over.Place, Data: string(r)}) {
					return
				}
				i++
			}
		}, len(data), true
	default:
		return nil, 0, false
	}
}

func (e *evaluator) enumerateList(c call, each items, many int) (tree.Value, error) {
	elements := make(tree.List, 0, many)
	defer func() { *c.own = frame{} }()
	for key, value := range each {
		*c.own = frame{key: key, value: value, at: true}
		element, err := e.deep(c.args[2])
		if err != nil {
			return tree.Value{}, err
		}
		elements = append(elements, element)
	}
	return tree.Value{Place: c.place, Data: elements}, nil
}

func (e *evaluator) enumerateDict(c call, each items) (tree.Value, error) {
	m := merger{spend: func(copied int) error { return e.spend(c.place, copied/copiedOfStep) }}
	body := c.args[2]
	defer func() { *c.own = frame{} }()
	for key, value := range each {
		*c.own = frame{key: key, value: value, at: true}
		evaluated, err := e.deep(body)
		if err != nil {
			return tree.Value{}, err
		}
		pairs, err := e.pairsOf(body.Place, evaluated)
		if err != nil {
			return tree.Value{}, err
		}
		if err := m.add(pairs); err != nil {
			return tree.Value{}, err
		}
	}
	return tree.Value{Place: c.place, Data: m.merged}, nil
}

// known is an error where an evaluated value is pending.
func known(n tree.Value) error {
	if pending, isPending := n.Data.(tree.Pending); isPending {
		return pendingError{pending.References()}
	}
	return nil
}

// pairsOf reads one item of a MAP: [key, value], or a mapping.
func (e *evaluator) pairsOf(place tree.Place, item tree.Value) (tree.Map, error) {
	if err := known(item); err != nil {
		return nil, err
	}
	if pairs, isMapping := mapping(item.Data); isMapping {
		return pairs, nil
	}
	if elements, isList := item.Data.(tree.List); isList && len(elements) == 2 {
		key, err := e.key(place, "!Enumerate", elements[0])
		return tree.Map{{Key: key, Value: elements[1]}}, err
	}
	return nil, e.report(place, "!Enumerate with MAP wants [key, value] or a mapping for each item: it got %s", typeName(item.Data))
}

// key gives an evaluated value as the key of a mapping.
func (e *evaluator) key(place tree.Place, tag string, key tree.Value) (tree.Value, error) {
	if err := known(key); err != nil {
		return tree.Value{}, err
	}
	key.Data = tree.Python(key.Data)
	switch {
	case tree.Late(key.Data):
		return tree.Value{}, e.late(place, tag, key.Data, "a key that is text")
	case !tree.IsKey(key.Data):
		return tree.Value{}, e.report(place, "%s: %s can't be a key: want text", tag, typeName(key.Data))
	}
	return key, nil
}

// index gives the key or the position of an item of an !Enumerate.
func (e *evaluator) index(c call) (tree.Value, error) {
	at, err := e.frame(c)
	if err != nil {
		return tree.Value{}, err
	}
	return tree.Value{Place: c.place, Data: at.key.Data}, nil
}

// value gives an item of an !Enumerate.
func (e *evaluator) value(c call) (tree.Value, error) {
	at, err := e.frame(c)
	if err != nil {
		return tree.Value{}, err
	}
	return tree.Value{Place: c.place, Data: at.value.Data}, nil
}

// frame gives the !Enumerate that the depth of !Value or !Index means.
func (e *evaluator) frame(c call) (*frame, error) {
	depth, ok := depthOf(c.args[0])
	switch {
	case !ok:
		return nil, e.report(c.place, "%s wants a depth: 0 is the innermost !Enumerate", c.tag)
	case len(e.frames) == 0:
		return nil, e.report(c.place, "%s stands in no !Enumerate (authentik counts none that is itself the argument of another tag)", c.tag)
	case depth >= len(e.frames):
		return nil, e.report(c.place, "%s %d reaches too far out: there are %d !Enumerate around it", c.tag, depth, len(e.frames))
	}
	at := e.frames[len(e.frames)-1-depth]
	if !at.at {
		return nil, e.report(c.place, "%s %d is an item of an !Enumerate that has not begun: want a greater depth", c.tag, depth)
	}
	return at, nil
}

// depthOf reads the depth of !Value and !Index.
func depthOf(arg tree.Value) (int, bool) {
	text, _ := arg.Data.(string)
	depth, err := strconv.Atoi(strings.TrimFunc(text, tree.IsPythonSpace))
	return depth, err == nil && depth >= 0
}
