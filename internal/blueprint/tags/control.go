package tags

import (
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
		value, err := e.need(arg)
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
func (e *Evaluator) enumerate(n tree.Value, args tree.List) (tree.Value, error) {
	own := e.own
	if c, isCall := args[0].Data.(*tree.Call); isCall && (c.Tag == "!Value" || c.Tag == "!Index") {
		if depth, ok := depthOf(c.Arg); ok && depth == 0 {
			return tree.Value{}, e.Report(args[0].Place, "%s 0 is an item of this very !Enumerate: want a depth of 1 or more", c.Tag)
		}
	}
	over, err := e.need(args[0])
	if err != nil {
		return tree.Value{}, err
	}
	if err := e.spend(n.Place, sizeOf(over.Data)); err != nil {
		return tree.Value{}, err
	}
	items, iterable := itemsOf(over)
	if !iterable {
		return tree.Value{}, e.Report(args[0].Place, "!Enumerate wants a list or a mapping: it got %s", tree.TypeName(over.Data))
	}
	output, err := e.literal(args[1], "!Enumerate wants SEQ or MAP second")
	if err != nil {
		return tree.Value{}, err
	}
	switch strings.ToUpper(output) {
	case "SEQ":
		return e.enumerateList(n, args[2], items, own)
	case "MAP":
		return e.enumerateDict(n, args[2], items, own)
	default:
		return tree.Value{}, e.Report(args[1].Place, "%q is no output of !Enumerate: want SEQ or MAP", output)
	}
}

// sizeOf is how many elements a list, a mapping or a text has.
func sizeOf(data any) int {
	switch data := data.(type) {
	case tree.Map:
		return len(data)
	case tree.List:
		return len(data)
	case string:
		return len(data)
	default:
		return 0
	}
}

// itemsOf gives keys and values of a mapping, or positions and elements.
func itemsOf(over tree.Value) (tree.Map, bool) {
	switch data := over.Data.(type) {
	case tree.Map:
		return data, true
	case tree.Object:
		return data.Fields(), true
	case tree.List:
		items := make(tree.Map, len(data))
		for i, element := range data {
			items[i] = tree.Pair{Key: tree.Value{Place: over.Place, Data: int64(i)}, Value: element}
		}
		return items, true
	case string:
		var items tree.Map
		for _, r := range data {
			items = append(items, tree.Pair{Key: tree.Value{Place: over.Place, Data: int64(len(items))}, Value: tree.Value{Place: over.Place, Data: string(r)}})
		}
		return items, true
	default:
		return nil, false
	}
}

func (e *Evaluator) enumerateList(n, body tree.Value, items tree.Map, own *frame) (tree.Value, error) {
	elements := make(tree.List, 0, len(items))
	defer func() { *own = frame{} }()
	for _, item := range items {
		*own = frame{item.Key, item.Value, true}
		element, err := e.deep(body)
		if err != nil {
			return tree.Value{}, err
		}
		elements = append(elements, element)
	}
	return tree.Value{Place: n.Place, Data: elements}, nil
}

func (e *Evaluator) enumerateDict(n, body tree.Value, items tree.Map, own *frame) (tree.Value, error) {
	var merged tree.Map
	defer func() { *own = frame{} }()
	for _, item := range items {
		*own = frame{item.Key, item.Value, true}
		evaluated, err := e.deep(body)
		if err != nil {
			return tree.Value{}, err
		}
		pairs, err := e.pairsOf(body.Place, evaluated)
		if err != nil {
			return tree.Value{}, err
		}
		m := merger{}
		merged = m.dicts(merged, pairs)
		if err := e.spend(n.Place, m.copied/8); err != nil {
			return tree.Value{}, err
		}
	}
	return tree.Value{Place: n.Place, Data: merged}, nil
}

// pairsOf reads one item of a MAP: [key, value], or a mapping.
func (e *Evaluator) pairsOf(place tree.Place, item tree.Value) (tree.Map, error) {
	item, err := e.known(item)
	if err != nil {
		return nil, err
	}
	switch data := item.Data.(type) {
	case tree.Map:
		return data, nil
	case tree.Object:
		return data.Fields(), nil
	case tree.List:
		if len(data) != 2 {
			break
		}
		key, err := e.known(data[0])
		if err != nil {
			return nil, err
		}
		if !tree.IsKey(key.Data) {
			return nil, e.Report(place, "%s can't be a key: want text", tree.TypeName(key.Data))
		}
		return tree.Map{{Key: key, Value: data[1]}}, nil
	}
	return nil, e.Report(place, "!Enumerate with MAP wants [key, value] or a mapping for each item: it got %s", tree.TypeName(item.Data))
}

// merger merges as authentik's always_merger does, and counts what it copies.
type merger struct{ copied int }

// dicts puts over into base: mappings are merged, lists are joined, and of
// anything else the later one stays.
func (m *merger) dicts(base, over tree.Map) tree.Map {
	m.copied += len(base) * (1 + len(over))
	merged := append(make(tree.Map, 0, len(base)+len(over)), base...)
	for _, p := range over {
		i := merged.Find(p.Key.Data)
		if i < 0 {
			merged = append(merged, p)
			continue
		}
		merged[i].Value = m.nodes(merged[i].Value, p.Value)
	}
	return merged
}

// merged gives an object as the mapping that merging makes of it.
func merged(v tree.Value) tree.Value {
	if object, isObject := v.Data.(tree.Object); isObject {
		v.Data = object.Fields()
	}
	return v
}

func (m *merger) nodes(base, over tree.Value) tree.Value {
	base, over = merged(base), merged(over)
	switch data := over.Data.(type) {
	case tree.Map:
		if below, isDict := base.Data.(tree.Map); isDict {
			return tree.Value{Place: over.Place, Data: m.dicts(below, data)}
		}
	case tree.List:
		if below, isList := base.Data.(tree.List); isList {
			m.copied += len(below) + len(data)
			return tree.Value{Place: over.Place, Data: append(append(tree.List{}, below...), data...)}
		}
	}
	return over
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
