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
	words := p.labelWords(g.kind, func(name string) any {
		if g.object == nil {
			value, _ := p.after(g, name)
			return value
		}
		return tree.PlainJSON(g.object[name])
	})
	pk, _ := g.members[0].entry.Identifiers.Get(schema.PK)
	id, _ := g.kind.IDOf(g.object)
	return cmp.Or(words, schema.IDText(id), schema.IDText(pk.Plain()), g.members[0].entry.Path)
}

// labelWords is what an object of the kind is called by what its fields have.
func (p *planner) labelWords(kind *schema.Kind, of func(name string) any) string {
	return labelWords(kind, of, p.nameFor)
}

// labelWords has the name of what a field refers to by nameFor.
func labelWords(kind *schema.Kind, of func(name string) any, nameFor func(model string, id any) string) string {
	var label strings.Builder
	afterReference := false
	for _, name := range kind.Label {
		value := of(name)
		if _, isMapping := value.(map[string]any); value == nil || isMapping {
			continue
		}
		field := kind.Fields.Field(name)
		refers := field != nil && field.Refers != ""
		switch {
		case label.Len() > 0 && refers && afterReference:
			label.WriteString(" → ")
		case label.Len() > 0:
			label.WriteString(", ")
		}
		if refers {
			label.WriteString(nameFor(field.Refers, value))
		} else {
			label.WriteString(schema.LabelWords(name, value))
		}
		afterReference = refers
	}
	return label.String()
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
			return p.liveLabel(t.kind, object)
		}
		return cmp.Or(asText(object[t.kind.Key]), key)
	}
	return key
}
