package sync

import (
	"cmp"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// labelOf is what people call an object whose kind has no key, such as a binding:
// what it binds, by name, and the rest of what tells it from others.
func (p *planner) labelOf(g *group) string {
	var label strings.Builder
	afterReference := false
	for _, name := range g.kind.Label {
		value := tree.PlainJSON(g.object[name])
		if g.object == nil {
			value, _ = p.after(g, name)
		}
		if _, isMapping := value.(map[string]any); value == nil || isMapping {
			continue
		}
		field := g.kind.Fields.Field(name)
		refers := field != nil && field.Refers != ""
		switch {
		case label.Len() > 0 && refers && afterReference:
			label.WriteString(" → ")
		case label.Len() > 0:
			label.WriteString(", ")
		}
		if refers {
			label.WriteString(p.nameFor(field.Refers, value))
		} else {
			label.WriteString(schema.LabelWords(name, value))
		}
		afterReference = refers
	}
	pk, _ := g.members[0].entry.Identifiers.Get(schema.PK)
	id, _ := g.kind.IDOf(g.object)
	return cmp.Or(label.String(), schema.IDText(id), schema.IDText(pk.Plain()), g.members[0].entry.Path)
}

// nameFor is what people call the object of a model with a key, as far as that is
// known without asking.
func (p *planner) nameFor(model string, id any) string {
	if id, isID := id.(tree.ID); isID {
		if g := p.candidates[id.Change].group; g != nil {
			return p.nameOf(g)
		}
		return laterText
	}
	key := schema.IDText(id)
	if g := p.groups[liveIdentity(model, key)]; g != nil && g.object != nil && g.kind.Key != "" {
		return asText(g.object[g.kind.Key])
	}
	for _, t := range p.tables {
		object := t.byID[key]
		if object == nil || !t.kind.Is(model) {
			continue
		}
		if t.kind.Key == "" {
			return t.kind.Title + " " + key
		}
		return cmp.Or(asText(object[t.kind.Key]), key)
	}
	return key
}
