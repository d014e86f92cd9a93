package sync

import (
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// droppedElements are the fields of which the object has all that is declared and
// elements that nobody wants any more: the server adds some of its own, and those are
// objects that it manages (KINDS.md 4.2).
func (p *planner) droppedElements(kind *schema.Kind, declared, live map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		value, given := declared[field.Name]
		if !given || !field.Superset || field.Refers == "" || !field.Same(value, live[field.Name]) {
			continue
		}
		for _, id := range elements(live[field.Name]) {
			if !holds(value, id) && !p.serverManages(field.Refers, schema.IDText(id)) {
				fields = append(fields, fieldChange(field, live[field.Name], value))
				break
			}
		}
	}
	return fields
}

// serverManages reports whether the object of a model is one that authentik brings
// and keeps itself. One that can't be found may be.
func (p *planner) serverManages(model, key string) bool {
	object := p.table(p.schema.Kind(model)).byID[key]
	return object == nil || tree.PlainJSON(object["managed"]) != nil
}
