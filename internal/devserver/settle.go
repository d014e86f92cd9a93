package devserver

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// settle brings a value into the form in which the database gives it back: sets
// have no order and nothing twice, references are primary keys, instants have no
// zone.
func (ch *change) settle(field *schema.Field) {
	value, given := ch.fields[field.Name]
	if !given {
		return
	}
	value = known(field, value)
	if list, isList := value.([]any); isList && ch.table.about.Formats[field.Name] == "upper" {
		value = upper(list)
	}
	ch.fields[field.Name] = value
	if field.Type == schema.JSON {
		ch.fields[field.Name] = jsonNumbers(value)
	}
	if number, isWhole := value.(int64); isWhole && field.Type == schema.Number {
		ch.fields[field.Name] = float64(number)
	}
	if number, isWhole := value.(int64); isWhole && field.Type == schema.Text {
		ch.fields[field.Name] = pkText(number) // a choice
	}
	if text, isText := value.(string); isText && field.Type == schema.Time {
		if t, isTime := parseTime(text); isTime {
			ch.fields[field.Name] = instant(t)
		}
	}
	if field.Refers != "" && value != nil {
		ch.fields[field.Name] = ch.pointed(field, value)
	} else if list, isList := value.([]any); isList && field.Set {
		ch.fields[field.Name] = sortedSet(list)
	}
}

// upper puts texts into capital letters.
func upper(list []any) []any {
	capitals := make([]any, len(list))
	for i, element := range list {
		capitals[i] = strings.ToUpper(pkText(element))
	}
	return capitals
}

// jsonNumbers makes numbers of JSON that don't fit into 64 bits floating
// (normalise/json-2).
func jsonNumbers(value any) any {
	switch value := value.(type) {
	case *big.Int:
		number, _ := new(big.Float).SetInt(value).Float64()
		return number
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = jsonNumbers(element)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(value))
		for name, element := range value {
			m[name] = jsonNumbers(element)
		}
		return m
	default:
		return value
	}
}

// pointed are references as the database gives them back: a set in the order of the
// table that they refer to.
func (s *store) pointed(field *schema.Field, value any) any {
	list, isList := value.([]any)
	if !isList || field.Set {
		return s.settled(field.Refers, value)
	}
	ids := make([]any, len(list))
	for i, element := range list {
		ids[i] = s.storedValue(field.Refers, element)
	}
	return ids
}

// known leaves out what an object in a list has beside its fields.
func known(field *schema.Field, value any) any {
	list, isList := value.([]any)
	if !isList || field.Element == nil || field.Element.Fields == nil {
		return value
	}
	kept := make([]any, len(list))
	for i, element := range list {
		kept[i] = element
		if m, isMap := element.(map[string]any); isMap {
			m = maps.Clone(m)
			maps.DeleteFunc(m, func(name string, _ any) bool { return field.Element.Fields.Field(name) == nil })
			kept[i] = m
		}
	}
	return kept
}

// settled are references as the database gives them back, in the order of the table
// that they refer to.
func (s *store) settled(model string, value any) any {
	list, isList := value.([]any)
	if !isList {
		return s.storedValue(model, value)
	}
	found := map[*object]bool{}
	for _, element := range list {
		if o := s.find(model, element); o != nil {
			found[o] = true
		}
	}
	objects := slices.Collect(maps.Keys(found))
	slices.SortFunc(objects, func(a, b *object) int { return cmp.Compare(a.row, b.row) })
	ids := make([]any, len(objects))
	for i, o := range objects {
		ids[i] = o.id
	}
	return ids
}

func sortedSet(list []any) []any {
	list = slices.Clone(list)
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}

// spread writes the fields that are the other side of another kind's: each object
// that the list names refers to this one then, and no other.
func (ch *change) spread(o *object) {
	for _, field := range ch.table.kind.Fields.Fields {
		how := ch.table.virtual(field.Name)
		value, given := ch.fields[field.Name]
		if how == nil || !given {
			continue
		}
		model, name := splitBack(how.Back)
		wanted := targets(value)
		for _, other := range ch.referrers(model, name, o.pk) {
			if !slices.Contains(wanted, other.pk) {
				ch.set(other, map[string]any{name: without(other.fields[name], o.id)})
			}
		}
		for _, pk := range wanted {
			if other := ch.find(field.Refers, pk); other != nil {
				ch.set(other, map[string]any{name: ch.with(other, name, o.id)})
			}
		}
	}
}

// without takes a primary key out of a reference or a list of them.
func without(value, id any) any {
	list, isList := value.([]any)
	if !isList {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list), func(element any) bool { return element == id })
}

// with adds a primary key to a reference or a list of them.
func (s *store) with(o *object, name string, id any) any {
	field := o.table.field(name)
	if field == nil || field.Type != schema.List {
		return id
	}
	list, _ := o.fields[name].([]any)
	return s.settled(field.Refers, append(slices.Clone(list), id))
}
