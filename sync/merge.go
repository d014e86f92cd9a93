package sync

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// merge makes one entry of several about the same object. Where they disagree
// none of them counts, and the problem names both places. It is nil where the
// object is left as it is.
func (p *planner) merge(g *group) *tree.Entry {
	if g.failed {
		return nil
	}
	first := g.members[0].entry
	if len(g.members) == 1 {
		return first
	}
	merged := *first
	merged.Attrs = slices.Clone(first.Attrs)
	merged.Identifiers = slices.Clone(first.Identifiers)
	for _, c := range g.members[1:] {
		if problem := disagreement(g.kind, p.nameOf(g), &merged, c.entry); problem != nil {
			p.fail(g.members[0], *problem)
			return nil
		}
		merged.Attrs = missing(merged, merged.Attrs, c.entry.Attrs)
		merged.Identifiers = missing(merged, merged.Identifiers, c.entry.Identifiers)
	}
	return &merged
}

// missing adds those members that the entry says nothing of yet.
func missing(e tree.Entry, to, from tree.Map) tree.Map {
	for _, member := range from {
		if _, given := e.Field(member.Name()); !given {
			to = append(to, member)
		}
	}
	return to
}

// disagreement says where two entries of one object want different things.
func disagreement(kind *schema.Kind, name string, a, b *tree.Entry) *tree.Problem {
	what := kind.Title + " " + quote(name)
	if state(a) != state(b) {
		return &tree.Problem{Place: b.Place, Path: b.Path, Message: fmt.Sprintf(
			"the %s is declared %s here and %s at %s: want one of the two", what, state(b), state(a), a.Place)}
	}
	if state(a) == tree.Absent {
		return nil
	}
	for _, field := range kind.Fields.Fields {
		value, given := b.Field(field.Name)
		other, both := a.Field(field.Name)
		if given && both && !field.Same(other.Plain(), value.Plain()) && !reflect.DeepEqual(other.Plain(), value.Plain()) {
			return &tree.Problem{Place: value.Place, Path: b.Path + "." + part(b, field.Name) + "." + field.Name, Message: fmt.Sprintf(
				"the %s has another %s at %s: want one of the two", what, field.Name, other.Place)}
		}
	}
	return nil
}

// part says in which mapping of an entry a field stands.
func part(e *tree.Entry, field string) string {
	if _, given := e.Attrs.Get(field); given {
		return "attrs"
	}
	return "identifiers"
}

// frozenObjects are the objects that invalid files speak of, with the place
// where they do.
type frozenObjects map[string]tree.Place

// freeze finds what invalid files speak of, as far as that could be read.
func (p *planner) freeze(entries []*tree.Entry) frozenObjects {
	frozen := frozenObjects{}
	for _, entry := range entries {
		kind := p.schema.Kind(entry.Model)
		if kind == nil || !kind.Managed {
			continue
		}
		t := p.table(kind)
		pk, _ := entry.Identifiers.Get(schema.PK)
		if id := schema.IDText(pk.Plain()); id != "" {
			frozen[liveIdentity(kind.Model, id)] = entry.Place
		}
		where, complete := literalWants(entry)
		if len(where) > 0 && complete {
			frozen[identity(kind, t, nil, where, tree.Value{})] = entry.Place
			for _, object := range t.having(where) {
				frozen[liveIdentity(kind.Model, t.id(object))] = entry.Place
			}
		}
		if name, _ := entry.Field(kind.Key); asText(name.Data) != "" {
			frozen[namedIdentity(kind, asText(name.Data))] = entry.Place
		}
	}
	return frozen
}

// literalWants returns what identifiers say as they are written, but for the pk,
// and whether that is all of them.
func literalWants(entry *tree.Entry) (where []want, complete bool) {
	for _, member := range entry.Identifiers {
		if member.Value.HasPending() {
			return where, false
		}
		if member.Name() != schema.PK {
			where = append(where, want{field: member.Name(), value: member.Value.Plain()})
		}
	}
	return where, true
}

func namedIdentity(kind *schema.Kind, name string) string { return kind.Model + " name " + name }

// check refuses to touch an object that an invalid file speaks of too, since
// nobody knows what that file wants of it.
func (f frozenObjects) check(p *planner, g *group) *tree.Problem {
	if len(f) == 0 {
		return nil
	}
	t, first := p.table(g.kind), g.members[0].entry
	ids := []string{}
	if g.object != nil {
		ids = append(ids, liveIdentity(g.kind.Model, t.id(g.object)), namedIdentity(g.kind, asText(g.object[g.kind.Key])))
	}
	for _, c := range g.members {
		name, _ := c.entry.Field(g.kind.Key)
		ids = append(ids, identity(g.kind, t, nil, p.identifying(c), tree.Value{}), namedIdentity(g.kind, asText(name.Data)))
	}
	for _, id := range ids {
		if place, found := f[id]; found {
			return &tree.Problem{Place: first.Place, Path: first.Path, Message: fmt.Sprintf(
				"this %s is declared at %s too, in a file with errors: it is left as it is until they are put right",
				g.kind.Title, place)}
		}
	}
	return nil
}
