package tags

import (
	"errors"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// lookupSteps is what a lookup counts for, beside what it gives.
const lookupSteps = 16

// mapping gives the pairs of a mapping or an object.
func mapping(data any) (tree.Map, bool) {
	switch data := data.(type) {
	case tree.Map:
		return data, true
	case tree.Object:
		return tree.Map(data), true
	default:
		return nil, false
	}
}

// refer gives what a reference means, once lookups are answered.
func (e *Evaluator) refer(r *reference) (tree.Value, error) {
	e.inputs++
	if e.lookup == nil {
		e.pending++
		var data any = r
		if r.to.Tag == tree.TagContext {
			data = serverValue{r}
		}
		return tree.Value{Place: r.to.Place, Data: data}, nil
	}
	return e.ask(r)
}

// ask looks up what a reference means.
func (e *Evaluator) ask(r *reference) (tree.Value, error) {
	if err := e.spend(r.to.Place, lookupSteps); err != nil {
		return tree.Value{}, err
	}
	value, err := e.lookup(r.to)
	if err != nil {
		return tree.Value{}, placed(err, r.to.Place)
	}
	if fields, isMap := value.Data.(tree.Map); isMap && r.to.Tag == tree.TagFindObject {
		return e.takeObject(r, fields)
	}
	if id, isID := value.Data.(tree.ID); isID && id.Known != nil && !id.IsUUID() {
		value.Data = id.Known // a number or a word of Python's
	}
	value, err = e.take(r.to.Place, value)
	if err == nil && r.to.Tag == tree.TagContext {
		value = withoutObjects(value) // it is a mapping of Python's
	}
	return value, err
}

// takeObject gives an object as authentik's serializers do: the key of another
// object is a key there, and its own is text.
func (e *Evaluator) takeObject(r *reference, fields tree.Map) (tree.Value, error) {
	taken, err := e.take(r.to.Place, tree.Value{Place: r.to.Place, Data: fields})
	if err != nil {
		return tree.Value{}, err
	}
	members, _ := taken.Data.(tree.Object)
	for i, p := range members {
		if field := r.kind.Fields.Field(p.Name()); field != nil && field.Refers != "" && p.Name() != schema.PK {
			members[i].Value = keysOf(p.Value)
		}
	}
	return taken, nil
}

// keysOf makes keys of the UUIDs in the field of an object that refers to others.
func keysOf(value tree.Value) tree.Value {
	switch data := value.Data.(type) {
	case string:
		if id := (tree.ID{Known: data}); id.IsUUID() {
			value.Data = id
		}
	case tree.List:
		for i := range data {
			data[i] = keysOf(data[i])
		}
	}
	return value
}

// take gives a copy of what a lookup answered, with the place of the reference
// where it has none, and counts it.
func (e *Evaluator) take(place tree.Place, value tree.Value) (tree.Value, error) {
	if value.Place == (tree.Place{}) {
		value.Place = place
	}
	members, _ := value.Data.(tree.Map)
	if err := e.spend(place, 1+len(members)+bounds.Weight(value.Data)); err != nil {
		return tree.Value{}, err
	}
	switch data := value.Data.(type) {
	case tree.List:
		elements := make(tree.List, len(data))
		for i, element := range data {
			var err error
			if elements[i], err = e.take(place, element); err != nil {
				return tree.Value{}, err
			}
		}
		value.Data = elements
	case tree.Map:
		taken := make(tree.Object, len(data))
		for i, p := range data {
			member, err := e.take(place, p.Value)
			if err != nil {
				return tree.Value{}, err
			}
			taken[i] = tree.Pair{Key: p.Key.Within(value.Place), Value: member}
		}
		value.Data = taken
	}
	return value, nil
}

// final gives what a resolved value is outside of tags, or the first problem.
func (e *Evaluator) final(value tree.Value, err error) (tree.Value, error) {
	switch {
	case errors.Is(err, ErrReported) && len(e.Problems) > 0:
		return tree.Value{}, e.Problems[0]
	case err != nil:
		return tree.Value{}, err
	}
	return withoutObjects(value), nil
}

// withoutObjects gives the value with mappings for objects.
func withoutObjects(value tree.Value) tree.Value {
	if !hasObject(value) {
		return value
	}
	if elements, isList := value.Data.(tree.List); isList {
		plain := make(tree.List, len(elements))
		for i, element := range elements {
			plain[i] = withoutObjects(element)
		}
		return tree.Value{Place: value.Place, Data: plain}
	}
	pairs, _ := mapping(value.Data)
	plain := make(tree.Map, len(pairs))
	for i, p := range pairs {
		plain[i] = tree.Pair{Key: p.Key, Value: withoutObjects(p.Value)}
	}
	return tree.Value{Place: value.Place, Data: plain}
}

func hasObject(value tree.Value) bool {
	switch data := value.Data.(type) {
	case tree.Object:
		return true
	case tree.List:
		for _, element := range data {
			if hasObject(element) {
				return true
			}
		}
	case tree.Map:
		for _, p := range data {
			if hasObject(p.Value) {
				return true
			}
		}
	}
	return false
}
