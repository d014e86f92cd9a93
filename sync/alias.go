package sync

import (
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// An alias is a pk that exists nowhere, in the identifiers of an entry that other
// identifiers find or make: authentik's own exports are written so. Within the
// file it stands for the object.

func (p *planner) alias(c *candidate, pk string) {
	if p.aliases == nil {
		p.aliases = map[aliasKey]*candidate{}
	}
	p.aliases[aliasKey{c.entry.Place.File, pk}] = c
}

type aliasKey struct{ file, pk string }

// dealias returns a value of a field that refers to other objects with the aliases
// in it replaced by what they stand for.
func (p *planner) dealias(c *candidate, name string, v tree.Value) tree.Value {
	field := c.kind.Fields.Field(name)
	if field == nil || field.Refers == "" {
		return v
	}
	list, isList := v.Data.(tree.List)
	if !isList {
		return p.dealiasOne(c, field, v)
	}
	own := slices.Clone(list)
	for i, element := range own {
		own[i] = p.dealiasOne(c, field, element)
	}
	return tree.Value{Place: v.Place, Data: own}
}

func (p *planner) dealiasOne(c *candidate, field *schema.Field, v tree.Value) tree.Value {
	key := schema.IDText(v.Data)
	if key == "" {
		return v
	}
	if target := p.aliases[aliasKey{c.entry.Place.File, key}]; target != nil && target.group != nil {
		return tree.Value{Place: v.Place, Data: target.group.id()}
	}
	if id := p.byOtherID(field.Refers, key); id != nil {
		v.Data = tree.ID{Known: id}
	}
	return v
}

// byOtherID returns the primary key of the live object that policy bindings know
// by another id, or nil (policies/api/bindings.py: either is taken, and the primary
// key answered).
func (p *planner) byOtherID(base, id string) any {
	for _, kind := range p.schema.Members(base) {
		if kind.Alias == "" {
			continue
		}
		for _, object := range p.table(kind).having([]want{{field: kind.Alias, value: id}}) {
			pk, _ := kind.IDOf(object)
			return pk
		}
	}
	return nil
}

// otherID is the other way round: the id by which policy bindings know the object with a
// primary key that a field refers to by a base, or nothing where that is the same.
func (p *planner) otherID(field *schema.Field, pk string) string {
	if field == nil || field.Refers == "" {
		return ""
	}
	for _, t := range p.tables {
		if object := t.byID[pk]; object != nil && t.kind.Model != field.Refers && t.kind.Is(field.Refers) && t.kind.Alias != "" {
			return asText(object[t.kind.Alias])
		}
	}
	return ""
}
