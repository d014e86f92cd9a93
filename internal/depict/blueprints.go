package depict

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/secret"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// declared finds among the entries what they refer to.
type declared struct {
	*Set
	entries map[*object][]*tree.Entry
	of      map[*tree.Entry]*object
	// by are the objects that say something of a field, by their models and their bases.
	by      map[fieldKey][]*object
	numbers map[*object]int
}

// fieldKey is a value of a field of a model.
type fieldKey struct{ model, field, value string }

// Blueprints returns what entries declare, and what that refers to. It looks at no
// server.
func Blueprints(s *schema.Schema, entries []*tree.Entry) *Set {
	set := newSet(s)
	set.source, set.outside, set.rest = "the blueprints", "not declared here", true
	d := &declared{Set: set, entries: map[*object][]*tree.Entry{}, of: map[*tree.Entry]*object{}, by: map[fieldKey][]*object{}, numbers: map[*object]int{}}
	for _, entry := range entries {
		if kind := s.Kind(entry.Model); kind != nil && kind.Managed {
			d.declare(kind, entry)
		}
	}
	for _, o := range slices.Clone(set.objects) {
		d.resolve(o)
	}
	joined := d.joinSame()
	set.places = make(map[tree.Place]*object, len(entries))
	for entry, o := range d.of {
		set.places[entry.Place] = cmp.Or(joined[o], o)
	}
	return set
}

// declare notes the object of an entry: one that others speak of too is one object.
func (d *declared) declare(kind *schema.Kind, entry *tree.Entry) {
	name, _ := entry.Field(kind.Key)
	var o *object
	if called := tree.KeyID(name.Data); kind.Key != "" && called != "" {
		for _, other := range d.by[fieldKey{kind.Model, kind.Key, called}] {
			if other.kind == kind {
				o = other
			}
		}
	}
	if o == nil {
		o = d.add(kind, text(name.Data))
		d.number(o)
	}
	d.of[entry] = o
	d.entries[o] = append(d.entries[o], entry)
	if pk, given := entry.Identifiers.Get(schema.PK); given {
		d.know(o, schema.IDText(pk.Data))
	}
	for _, member := range slices.Concat(entry.Identifiers, entry.Attrs) {
		value := tree.KeyID(member.Value.Data)
		if value == "" {
			continue
		}
		for _, model := range append([]string{kind.Model}, kind.Bases...) {
			at := fieldKey{model, member.Name(), value}
			if !slices.Contains(d.by[at], o) {
				d.by[at] = append(d.by[at], o)
			}
		}
	}
	if entry.State.Data == string(tree.Absent) {
		o.mark = graph.Deletes
	}
}

// number gives an object a number that stands for its key.
func (d *declared) number(o *object) int {
	n, has := d.numbers[o]
	if !has {
		n = len(d.numbers) + 1
		d.numbers[o], d.numbered[n] = n, o
	}
	return n
}

// resolve notes what an object refers to.
func (d *declared) resolve(o *object) {
	of := func(name string) any { return d.value(o, name).Plain() }
	o.describe(of)
	d.refer(o, of)
	if o.name == "" {
		o.name = o.label
	}
}

// value is what the entries of an object say of a field, or null where they say nothing
// or only a server knows.
func (d *declared) value(o *object, name string) tree.Value {
	for _, entry := range d.entries[o] {
		if value, given := entry.Field(name); given {
			resolved, err := value.Peek(d.lookup)
			if err != nil {
				return tree.Value{}
			}
			return resolved
		}
	}
	return tree.Value{}
}

// errServer is the error of what only a server knows.
var errServer = errors.New("only the server knows")

// lookup answers a reference with the number of the object that is meant: of one that
// is declared nowhere, too.
func (d *declared) lookup(ref tree.Reference) (tree.Value, error) {
	var o *object
	switch kind := d.schema.Kind(ref.Model); {
	case ref.Tag == tree.TagKeyOf:
		o = d.of[ref.Target]
	case ref.Tag == tree.TagFind && kind != nil:
		o = d.find(kind, ref.Where)
	}
	if o == nil {
		return tree.Value{}, errServer
	}
	return tree.Value{Place: ref.Place, Data: tree.ID{Change: d.number(o)}}, nil
}

// find returns the first object that meets the conditions; it makes one outside where
// none does.
func (d *declared) find(kind *schema.Kind, where []tree.Condition) *object {
	values := make([]tree.Value, len(where))
	var words []string
	for i, condition := range where {
		value, err := condition.Value.Peek(d.lookup)
		if err != nil {
			return nil
		}
		values[i] = value
		if slices.Contains(kind.Hidden(), condition.Field) {
			words = append(words, secret.Mark)
		} else {
			words = append(words, d.words(value))
		}
	}
	if o := d.meeting(kind, where, values); o != nil {
		return o
	}
	name := strings.Join(words, ", ")
	return d.other(kind, kind.Model, "where "+describe(where, words), name)
}

// describe is equal for conditions that mean the same.
func describe(where []tree.Condition, words []string) string {
	parts := make([]string, len(where))
	for i, condition := range where {
		parts[i] = condition.Field + "=" + words[i]
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x00")
}

// words is a value of a condition for people.
func (d *declared) words(value tree.Value) string {
	if id, isID := value.Data.(tree.ID); isID && id.Known == nil {
		return d.numbered[id.Change].name
	}
	if text, isText := value.Plain().(string); isText {
		return text
	}
	return tree.Describe(value.Plain())
}

// meeting returns the first object that meets the conditions, or nil.
func (d *declared) meeting(kind *schema.Kind, where []tree.Condition, values []tree.Value) *object {
	if len(where) == 0 {
		return nil
	}
	candidates := d.by[fieldKey{kind.Model, where[0].Field, tree.KeyID(values[0].Data)}]
	if where[0].Field == schema.PK {
		return d.live[pointer{kind.Model, schema.IDText(values[0].Data)}]
	}
	if tree.KeyID(values[0].Data) == "" {
		candidates = slices.DeleteFunc(slices.Clone(d.objects), func(o *object) bool { return !o.kind.Is(kind.Model) || o.outside })
	}
	for _, o := range candidates {
		meets := true
		for i, condition := range where {
			meets = meets && same(d.value(o, condition.Field), values[i])
		}
		if meets {
			return o
		}
	}
	return nil
}

// same reports whether two values are equal texts, numbers or keys.
func same(a, b tree.Value) bool {
	if id, isID := a.Data.(tree.ID); isID {
		return id == b.Data
	}
	return tree.KeyID(a.Data) != "" && tree.KeyID(a.Data) == tree.KeyID(b.Data)
}

// joinSame makes one of objects without a name that are known by the same, and returns
// which stands for which.
func (d *declared) joinSame() map[*object]*object {
	first, joined := map[string]*object{}, map[*object]*object{}
	for _, o := range d.objects {
		if o.outside || o.kind.Key != "" {
			continue
		}
		id := d.likeness(o)
		if id == "" {
			continue
		}
		if other := first[id]; other != nil {
			joined[o] = other
			for _, r := range o.refs {
				if !other.has(r.to) {
					other.refs = append(other.refs, r)
				}
			}
		} else {
			first[id] = o
		}
	}
	d.objects = slices.DeleteFunc(d.objects, func(o *object) bool { return joined[o] != nil })
	for _, o := range d.objects {
		for i, r := range o.refs {
			if other := joined[r.to]; other != nil {
				o.refs[i].to = other
			}
		}
	}
	return joined
}

// likeness is equal for objects that the same finds, and empty where nothing does.
func (d *declared) likeness(o *object) string {
	values := map[string]string{}
	for _, entry := range d.entries[o] {
		for _, member := range entry.Identifiers {
			value := d.value(o, member.Name())
			if id, isID := value.Data.(tree.ID); isID {
				values[member.Name()] = "id" + d.words(value) + schema.IDText(int64(id.Change))
			} else {
				values[member.Name()] = tree.KeyID(value.Data)
			}
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] == "" {
			return ""
		}
		all = append(all, name+"="+values[name])
	}
	if len(all) == 0 {
		return ""
	}
	return o.kind.Model + "\x00" + strings.Join(all, "\x00")
}
