package export

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// arranging puts the entries of one file in the order in which a person would write
// them: first what one is made of, then itself, then what is bound to it.
type arranging struct {
	among map[identity]*entry
	// inside are the entries that stand behind an object: what is in its file because
	// of it.
	inside map[identity][]*entry
	seen   map[identity]bool
	sorted []*entry
}

// arrange returns the sorted entries of a file in order, with !KeyOf for references to those
// that stand above. taken are ids that others in the file have.
func (l *layout) arrange(entries []*entry, taken map[string]bool) []*entry {
	a := &arranging{among: map[identity]*entry{}, inside: map[identity][]*entry{}, seen: map[identity]bool{}}
	for _, e := range entries {
		a.among[e.identity] = e
	}
	for _, e := range entries {
		if around, is := l.around[e.identity]; is {
			a.inside[around] = append(a.inside[around], e)
		}
	}
	for _, e := range entries {
		if e.kind.File.Head {
			a.add(e)
		}
	}
	for _, e := range entries {
		if a.among[l.around[e.identity]] == nil {
			a.add(e)
		}
	}
	for _, e := range entries { // what is around itself
		a.add(e)
	}
	referInside(a.sorted, taken)
	return a.sorted
}

func (a *arranging) add(e *entry) {
	if a.seen[e.identity] {
		return
	}
	a.seen[e.identity] = true
	for _, to := range e.refersTo {
		if target := a.among[to]; target != nil {
			a.add(target)
		}
	}
	a.sorted = append(a.sorted, e)
	for _, inside := range a.inside[e.identity] {
		a.add(inside)
	}
}

// before orders entries by kind, then by the numbers that are part of what people call
// them, such as the order of a binding, and then by name.
func before(a, b *entry) int {
	if a.kind != b.kind {
		return cmp.Compare(a.kind.Model, b.kind.Model)
	}
	for _, name := range a.kind.Label {
		if of := a.kind.Fields.Field(name); of != nil && of.Type == schema.Integer && of.Refers == "" {
			if order := cmp.Compare(number(a, name), number(b, name)); order != 0 {
				return order
			}
		}
	}
	if order := cmp.Compare(a.name, b.name); order != 0 {
		return order // without their texts, which take long to write
	}
	return cmp.Or(cmp.Compare(a.text(), b.text()), cmp.Compare(a.identity.id, b.identity.id))
}

func number(e *entry, name string) int64 {
	for _, f := range e.all() {
		if number, is := f.value.(int64); is && f.name == name {
			return number
		}
	}
	return 0
}

// text is what an entry declares.
func (e *entry) text() string {
	return canonical([]any{plainFields(e.identifiers), plainFields(e.fields)})
}

// referInside puts !KeyOf in place of references to entries above, and gives those an
// id.
func referInside(entries []*entry, taken map[string]bool) {
	above, wanted := map[identity]*entry{}, map[*entry]bool{}
	for _, e := range entries {
		for _, f := range slices.Concat(e.all(), slices.Concat(e.permissions...)) {
			for _, to := range referred(f.value) {
				if target := above[to]; target != nil {
					wanted[target] = true
				}
			}
		}
		above[e.identity] = e
	}
	nameEntries(entries, wanted, taken)
	clear(above)
	for _, e := range entries {
		for _, fields := range append([][]field{e.identifiers, e.fields}, e.permissions...) {
			for i, f := range fields {
				fields[i].value = inside(f.value, above)
			}
		}
		above[e.identity] = e
	}
}

// inside is a value with !KeyOf for what is above.
func inside(value any, above map[identity]*entry) any {
	switch value := value.(type) {
	case reference:
		if target := above[value.to]; target != nil {
			return keyOf(target.id)
		}
		return value
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = inside(element, above)
		}
		return list
	default:
		return value
	}
}

// nameEntries gives the wanted ones of the entries ids: what they are called, with their
// kind where several are called so, and none that is taken.
func nameEntries(entries []*entry, wanted map[*entry]bool, taken map[string]bool) {
	count := map[string]int{}
	for _, e := range entries {
		count[e.shortName()]++
	}
	taken = maps.Clone(taken)
	if taken == nil {
		taken = map[string]bool{}
	}
	for _, e := range entries {
		if !wanted[e] {
			continue
		}
		e.id = e.shortName()
		if count[e.id] > 1 {
			e.id = strings.Trim(e.id+"-"+slug(e.kind.Title), "-")
		}
		for base, n := e.id, 2; taken[e.id]; n++ {
			e.id = fmt.Sprintf("%s-%d", base, n)
		}
		taken[e.id] = true
	}
}

// shortName is what an entry is called within its file.
func (e *entry) shortName() string { return cmp.Or(slug(e.short), slug(e.kind.Title)) }
