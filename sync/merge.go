package sync

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// groups gathers the entries that are about the same object, in the order of
// the first of each. Where an entry failed, its object gets no group.
func (p *planner) groups() [][]*candidate {
	var order []string
	groups := map[string][]*candidate{}
	for _, c := range p.candidates {
		if c.phase != resolved {
			continue
		}
		id := c.identity()
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], c)
	}
	sorted := make([][]*candidate, len(order))
	for i, id := range order {
		sorted[i] = groups[id]
	}
	return sorted
}

// identity tells objects apart: by primary key where there is one already.
func (c *candidate) identity() string {
	if c.object != nil {
		return c.kind.Model + " pk " + asText(c.object[schema.PK])
	}
	if pk, given := c.entry.Identifiers.Get(schema.PK); given {
		return c.kind.Model + " pk " + asText(pk.Data)
	}
	return c.kind.Model + " key " + text(c.entry, c.kind.Key)
}

// name is what people call the candidate's object: as it is live, as it is
// declared, or else its primary key.
func (c *candidate) name() string {
	pk, _ := c.entry.Identifiers.Get(schema.PK)
	return cmp.Or(asText(c.object[c.kind.Key]), text(c.entry, c.kind.Key), asText(pk.Data))
}

// merge makes one candidate of several entries about the same object. Where
// they disagree none of them counts, and the problem names both places.
func (p *planner) merge(group []*candidate) *candidate {
	first := group[0]
	if len(group) == 1 {
		return first
	}
	merged, entry := *first, *first.entry
	merged.entry = &entry
	merged.entry.Attrs = slices.Clone(first.entry.Attrs)
	for _, other := range group[1:] {
		if problem := disagreement(&merged, other); problem != nil {
			p.fail(first, *problem)
			return nil
		}
		for _, member := range other.entry.Attrs {
			if _, given := merged.entry.Attrs.Get(member.Name()); !given {
				merged.entry.Attrs = append(merged.entry.Attrs, member)
			}
		}
		if _, given := merged.entry.Identifiers.Get(merged.kind.Key); !given {
			merged.entry.Identifiers = append(slices.Clone(merged.entry.Identifiers), other.entry.Identifiers...)
		}
		merged.waits = append(merged.waits, other.waits...)
	}
	return &merged
}

// disagreement says where two entries of one object want different things.
func disagreement(a, b *candidate) *tree.Problem {
	if state(a.entry) != state(b.entry) {
		return &tree.Problem{Place: b.entry.Place, Path: b.entry.Path, Message: fmt.Sprintf(
			"the %s %s is declared %s here and %s at %s: want one of the two",
			b.kind.Title, quote(b.name()), state(b.entry), state(a.entry), a.entry.Place)}
	}
	for _, member := range b.entry.Attrs {
		other, given := a.entry.Field(member.Name())
		if given && !reflect.DeepEqual(other.Plain(), member.Value.Plain()) {
			return &tree.Problem{Place: member.Value.Place, Path: b.entry.Path + ".attrs." + member.Name(), Message: fmt.Sprintf(
				"the %s %s has another %s at %s: want one of the two",
				b.kind.Title, quote(b.name()), member.Name(), other.Place)}
		}
	}
	return nil
}

// frozenObjects are the objects that invalid files speak of, with the place
// where they do.
type frozenObjects map[string]tree.Place

func frozenOf(s *schema.Schema, entries []*tree.Entry) frozenObjects {
	frozen := frozenObjects{}
	for _, entry := range entries {
		kind := s.Kind(entry.Model)
		if kind == nil {
			continue
		}
		if name := text(entry, kind.Key); name != "" {
			frozen[frozenID(kind, kind.Key, name)] = entry.Place
		}
		if pk, _ := entry.Identifiers.Get(schema.PK); asText(pk.Data) != "" {
			frozen[frozenID(kind, schema.PK, asText(pk.Data))] = entry.Place
		}
	}
	return frozen
}

func frozenID(kind *schema.Kind, field, value string) string {
	return kind.Model + " " + field + " " + value
}

// check refuses to touch an object that an invalid file speaks of too, since
// nobody knows what that file wants of it.
func (f frozenObjects) check(c *candidate) *tree.Problem {
	ids := []string{frozenID(c.kind, c.kind.Key, text(c.entry, c.kind.Key))}
	if c.object != nil {
		ids = append(ids,
			frozenID(c.kind, c.kind.Key, asText(c.object[c.kind.Key])),
			frozenID(c.kind, schema.PK, asText(c.object[schema.PK])))
	}
	for _, id := range ids {
		if place, found := f[id]; found {
			return &tree.Problem{Place: c.entry.Place, Path: c.entry.Path, Message: fmt.Sprintf(
				"this %s is declared at %s too, in a file with errors: it is left as it is until they are put right",
				c.kind.Title, place)}
		}
	}
	return nil
}
