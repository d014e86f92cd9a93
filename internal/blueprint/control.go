package blueprint

import (
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// condition joins truth values.
func (e *evaluator) condition(n node, args list) (node, error) {
	mode, err := e.literal(args[0], "!Condition wants AND, NAND, OR, NOR, XOR or XNOR first")
	failed := firstError{err}
	all, some, odd := true, false, false
	for _, arg := range args[1:] {
		value, err := e.need(arg)
		failed.add(err)
		is := truthy(value.data)
		all, some, odd = all && is, some || is, odd != is
	}
	if failed.err != nil {
		return node{}, failed.err
	}
	if len(args) == 1 {
		return node{}, e.report(n.place, "!Condition %s has nothing to look at: want at least one value after it", mode)
	}
	results := map[string]bool{"AND": all, "NAND": !all, "OR": some, "NOR": !some, "XOR": odd, "XNOR": !odd}
	result, known := results[strings.ToUpper(mode)]
	if !known {
		return node{}, e.report(args[0].place, "%q is no mode of !Condition: %s", mode, schema.Suggest(mode, []string{"AND", "NAND", "OR", "NOR", "XOR", "XNOR"}))
	}
	return node{n.place, result}, nil
}

// choose is !If. Only the value that is chosen is evaluated.
func (e *evaluator) choose(args list) (node, error) {
	condition, err := e.need(args[0])
	if err != nil {
		return node{}, err
	}
	is := truthy(condition.data)
	switch {
	case len(args) == 1:
		return node{args[0].place, is}, nil
	case is:
		return e.deep(args[1])
	default:
		return e.deep(args[2])
	}
}

// enumerate evaluates a value for each item of a list, a mapping or a text.
func (e *evaluator) enumerate(n node, args list, own *frame) (node, error) {
	if c, isCall := args[0].data.(*call); isCall && (c.tag == "!Value" || c.tag == "!Index") {
		if depth, ok := depthOf(c.arg); ok && depth == 0 {
			return node{}, e.report(args[0].place, "%s 0 is an item of this very !Enumerate: want a depth of 1 or more", c.tag)
		}
	}
	over, err := e.need(args[0])
	if err != nil {
		return node{}, err
	}
	if err := e.spend(n.place, sizeOf(over.data)); err != nil {
		return node{}, err
	}
	items, iterable := itemsOf(over)
	if !iterable {
		return node{}, e.report(args[0].place, "!Enumerate wants a list or a mapping: it got %s", typeName(over.data))
	}
	output, err := e.literal(args[1], "!Enumerate wants SEQ or MAP second")
	if err != nil {
		return node{}, err
	}
	switch strings.ToUpper(output) {
	case "SEQ":
		return e.enumerateList(n, args[2], items, own)
	case "MAP":
		return e.enumerateDict(n, args[2], items, own)
	default:
		return node{}, e.report(args[1].place, "%q is no output of !Enumerate: want SEQ or MAP", output)
	}
}

// sizeOf is how many elements a list, a mapping or a text has.
func sizeOf(data any) int {
	switch data := data.(type) {
	case dict:
		return len(data)
	case list:
		return len(data)
	case string:
		return len(data)
	default:
		return 0
	}
}

// itemsOf gives keys and values of a mapping, or positions and elements.
func itemsOf(over node) (dict, bool) {
	switch data := over.data.(type) {
	case dict:
		return data, true
	case list:
		items := make(dict, len(data))
		for i, element := range data {
			items[i] = pair{node{over.place, int64(i)}, element}
		}
		return items, true
	case string:
		var items dict
		for _, r := range data {
			items = append(items, pair{node{over.place, int64(len(items))}, node{over.place, string(r)}})
		}
		return items, true
	default:
		return nil, false
	}
}

func (e *evaluator) enumerateList(n, body node, items dict, own *frame) (node, error) {
	elements := make(list, 0, len(items))
	defer func() { *own = frame{} }()
	for _, item := range items {
		*own = frame{item.key, item.value, true}
		element, err := e.deep(body)
		if err != nil {
			return node{}, err
		}
		elements = append(elements, element)
	}
	return node{n.place, elements}, nil
}

func (e *evaluator) enumerateDict(n, body node, items dict, own *frame) (node, error) {
	var merged dict
	defer func() { *own = frame{} }()
	for _, item := range items {
		*own = frame{item.key, item.value, true}
		evaluated, err := e.deep(body)
		if err != nil {
			return node{}, err
		}
		pairs, err := e.pairsOf(body.place, evaluated)
		if err != nil {
			return node{}, err
		}
		m := merger{}
		merged = m.dicts(merged, pairs)
		if err := e.spend(n.place, m.copied/8); err != nil {
			return node{}, err
		}
	}
	return node{n.place, merged}, nil
}

// pairsOf reads one item of a MAP: [key, value], or a mapping.
func (e *evaluator) pairsOf(place schema.Place, item node) (dict, error) {
	item, err := e.known(item)
	if err != nil {
		return nil, err
	}
	switch data := item.data.(type) {
	case dict:
		return data, nil
	case list:
		if len(data) != 2 {
			break
		}
		key, err := e.known(data[0])
		if err != nil {
			return nil, err
		}
		if !isKey(key.data) {
			return nil, e.report(place, "%s can't be a key: want text", typeName(key.data))
		}
		return dict{{key, data[1]}}, nil
	}
	return nil, e.report(place, "!Enumerate with MAP wants [key, value] or a mapping for each item: it got %s", typeName(item.data))
}

// merger merges as authentik's always_merger does, and counts what it copies.
type merger struct{ copied int }

// dicts puts over into base: mappings are merged, lists are joined, and of
// anything else the later one stays.
func (m *merger) dicts(base, over dict) dict {
	m.copied += len(base) * (1 + len(over))
	merged := append(make(dict, 0, len(base)+len(over)), base...)
	for _, p := range over {
		i := merged.find(p.key.data)
		if i < 0 {
			merged = append(merged, p)
			continue
		}
		merged[i].value = m.nodes(merged[i].value, p.value)
	}
	return merged
}

func (m *merger) nodes(base, over node) node {
	switch data := over.data.(type) {
	case dict:
		if below, isDict := base.data.(dict); isDict {
			return node{over.place, m.dicts(below, data)}
		}
	case list:
		if below, isList := base.data.(list); isList {
			m.copied += len(below) + len(data)
			return node{over.place, append(append(list{}, below...), data...)}
		}
	}
	return over
}

// item is !Value or !Index: an item of an !Enumerate around it.
func (e *evaluator) item(n node, tag string, args list) (node, error) {
	depth, ok := depthOf(args[0])
	switch {
	case !ok:
		return node{}, e.report(n.place, "%s wants a depth: 0 is the innermost !Enumerate", tag)
	case len(e.frames) == 0:
		return node{}, e.report(n.place, "%s stands in no !Enumerate (authentik counts none that is itself the argument of another tag)", tag)
	case depth >= len(e.frames):
		return node{}, e.report(n.place, "%s %d reaches too far out: there are %d !Enumerate around it", tag, depth, len(e.frames))
	}
	at := e.frames[len(e.frames)-1-depth]
	if !at.at {
		return node{}, e.report(n.place, "%s %d is an item of an !Enumerate that has not begun: want a greater depth", tag, depth)
	}
	if tag == "!Index" {
		return node{n.place, at.key.data}, nil
	}
	return node{n.place, at.value.data}, nil
}

// depthOf reads the depth of !Value and !Index.
func depthOf(arg node) (int, bool) {
	text, _ := arg.data.(string)
	depth, err := strconv.Atoi(strings.TrimFunc(text, schema.IsPythonSpace))
	return depth, err == nil && depth >= 0
}
