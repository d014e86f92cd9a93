package tags

import (
	"iter"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// condition joins truth values.
func (e *Evaluator) condition(n tree.Value, args tree.List) (tree.Value, error) {
	mode, err := e.literal(args[0], "!Condition wants AND, NAND, OR, NOR, XOR or XNOR first")
	failed := firstError{err}
	all, some, odd := true, false, false
	for _, arg := range args[1:] {
		value, err := e.openly("!Condition", e.need, arg)
		failed.add(err)
		is := value.Truthy()
		all, some, odd = all && is, some || is, odd != is
	}
	if failed.err != nil {
		return tree.Value{}, failed.err
	}
	if len(args) == 1 {
		return tree.Value{}, e.Report(n.Place, "!Condition %s has nothing to look at: want at least one value after it", mode)
	}
	results := map[string]bool{"AND": all, "NAND": !all, "OR": some, "NOR": !some, "XOR": odd, "XNOR": !odd}
	result, known := results[strings.ToUpper(mode)]
	if !known {
		return tree.Value{}, e.Report(args[0].Place, "%q is no mode of !Condition: %s", mode, schema.Suggest(mode, []string{"AND", "NAND", "OR", "NOR", "XOR", "XNOR"}))
	}
	return tree.Value{Place: n.Place, Data: result}, nil
}

// choose is !If. Only the value that is chosen is evaluated.
func (e *Evaluator) choose(_ tree.Value, args tree.List) (tree.Value, error) {
	before := e.inputs
	condition, err := e.openly("the condition of !If", e.need, args[0])
	if err != nil {
		return tree.Value{}, err
	}
	e.inputs = before // they only choose
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
func (e *Evaluator) enumerate(n tree.Value, args tree.List) (tree.Value, error) {
	own := e.own
	if c, isCall := args[0].Data.(*tree.Call); isCall && (c.Tag == "!Value" || c.Tag == "!Index") {
		if depth, ok := depthOf(c.Arg); ok && depth == 0 {
			return tree.Value{}, e.Report(args[0].Place, "%s 0 is an item of this very !Enumerate: want a depth of 1 or more", c.Tag)
		}
	}
	over, err := e.openly("what !Enumerate goes through", e.need, args[0])
	if err != nil {
		return tree.Value{}, err
	}
	items, many, iterable := itemsOf(over)
	if !iterable {
		return tree.Value{}, e.Report(args[0].Place, "!Enumerate wants a list or a mapping: it got %s", tree.TypeName(over.Data))
	}
	if err := e.spend(n.Place, many); err != nil {
		return tree.Value{}, err
	}
	output, err := e.literal(args[1], "!Enumerate wants SEQ or MAP second")
	if err != nil {
		return tree.Value{}, err
	}
	switch strings.ToUpper(output) {
	case "SEQ":
		return e.enumerateList(n, args[2], items, many, own)
	case "MAP":
		return e.enumerateDict(n, args[2], items, own)
	default:
		return tree.Value{}, e.Report(args[1].Place, "%q is no output of !Enumerate: want SEQ or MAP", output)
	}
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

func (e *Evaluator) enumerateList(n, body tree.Value, each items, many int, own *frame) (tree.Value, error) {
	elements := make(tree.List, 0, many)
	defer func() { *own = frame{} }()
	for key, value := range each {
		*own = frame{key, value, true}
		element, err := e.deep(body)
		if err != nil {
			return tree.Value{}, err
		}
		elements = append(elements, element)
	}
	return tree.Value{Place: n.Place, Data: elements}, nil
}

func (e *Evaluator) enumerateDict(n, body tree.Value, each items, own *frame) (tree.Value, error) {
	m := merger{spend: func(copied int) error { return e.spend(n.Place, copied/copiedOfStep) }}
	defer func() { *own = frame{} }()
	for key, value := range each {
		*own = frame{key, value, true}
		evaluated, err := e.deepPair(body)
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
	return tree.Value{Place: n.Place, Data: m.merged}, nil
}

// deepPair is deep for the body of a MAP, in which no secret may become a key.
func (e *Evaluator) deepPair(body tree.Value) (tree.Value, error) {
	if _, isMap := body.Data.(tree.Map); isMap || !e.target.hidden {
		return e.deep(body)
	}
	elements, isList := body.Data.(tree.List)
	if !isList || len(elements) != 2 {
		return e.openly("what !Enumerate takes keys from (want [key, value], or a mapping, and no tag around it)", e.deep, body)
	}
	if err := e.spend(body.Place, 1); err != nil {
		return tree.Value{}, err
	}
	key, err := e.openly("a key", e.deep, elements[0])
	failed := firstError{err}
	value, err := e.deep(elements[1])
	failed.add(err)
	return tree.Value{Place: body.Place, Data: tree.List{key, value}}, failed.err
}

// pairsOf reads one item of a MAP: [key, value], or a mapping.
func (e *Evaluator) pairsOf(place tree.Place, item tree.Value) (tree.Map, error) {
	if err := known(item); err != nil {
		return nil, err
	}
	if pairs, isMapping := mapping(item.Data); isMapping {
		return pairs, nil
	}
	elements, isList := item.Data.(tree.List)
	if !isList || len(elements) != 2 {
		return nil, e.Report(place, "!Enumerate with MAP wants [key, value] or a mapping for each item: it got %s", tree.TypeName(item.Data))
	}
	if key := elements[0].Data; !tree.IsKey(key) {
		return nil, e.Report(place, "%s can't be a key: want text", tree.TypeName(key))
	}
	return tree.Map{{Key: elements[0], Value: elements[1]}}, nil
}

// item is !Value or !Index: an item of an !Enumerate around it.
func (e *Evaluator) item(n tree.Value, args tree.List) (tree.Value, error) {
	tag := e.tag
	depth, ok := depthOf(args[0])
	switch {
	case !ok:
		return tree.Value{}, e.Report(n.Place, "%s wants a depth: 0 is the innermost !Enumerate", tag)
	case len(e.frames) == 0:
		return tree.Value{}, e.Report(n.Place, "%s stands in no !Enumerate (authentik counts none that is itself the argument of another tag)", tag)
	case depth >= len(e.frames):
		return tree.Value{}, e.Report(n.Place, "%s %d reaches too far out: there are %d !Enumerate around it", tag, depth, len(e.frames))
	}
	at := e.frames[len(e.frames)-1-depth]
	if !at.at {
		return tree.Value{}, e.Report(n.Place, "%s %d is an item of an !Enumerate that has not begun: want a greater depth", tag, depth)
	}
	if tag == "!Index" {
		return tree.Value{Place: n.Place, Data: at.key.Data}, nil
	}
	return tree.Value{Place: n.Place, Data: at.value.Data}, nil
}

// depthOf reads the depth of !Value and !Index.
func depthOf(arg tree.Value) (int, bool) {
	text, _ := arg.Data.(string)
	depth, err := strconv.Atoi(strings.TrimFunc(text, tree.IsPythonSpace))
	return depth, err == nil && depth >= 0
}
