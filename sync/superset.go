package sync

import (
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// The server adds elements of its own to some lists, such as a proxy's property
// mappings (KINDS.md 4.2): objects that it manages. They are left out of what is
// compared, and what nobody wants any more of the others is taken away.

// isOwnList reports whether the server adds objects of its own to a list that is
// declared.
func isOwnList(field *schema.Field, declared map[string]any) bool {
	_, given := declared[field.Name]
	return given && field.Superset && field.Refers != ""
}

// withoutServers returns the live fields without what the server has added.
func (p *planner) withoutServers(kind *schema.Kind, declared, live map[string]any) map[string]any {
	for _, field := range kind.Fields.Fields {
		list, isList := live[field.Name].([]any)
		if !isList || !isOwnList(field, declared) {
			continue
		}
		live = maps.Clone(live)
		live[field.Name] = slices.DeleteFunc(slices.Clone(list), func(id any) bool {
			return !holds(declared[field.Name], id) && p.serverManages(field.Refers, schema.IDText(id))
		})
	}
	return live
}

// serverManages reports whether the object of a model is one that authentik brings
// and keeps itself. One that can't be found may be.
func (p *planner) serverManages(model, key string) bool {
	object := p.table(p.schema.Kind(model)).get(key)
	return object == nil || tree.PlainJSON(object["managed"]) != nil
}

// droppedElements are the fields of which the object has all that is declared, and
// more.
func droppedElements(kind *schema.Kind, declared, live map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		value := declared[field.Name]
		if isOwnList(field, declared) && field.Same(value, live[field.Name]) &&
			slices.ContainsFunc(elements(live[field.Name]), func(id any) bool { return !holds(value, id) }) {
			fields = append(fields, FieldChangeOf(field, live[field.Name], value))
		}
	}
	return fields
}

// drops reports whether a change takes elements out of a list that the server adds
// to: what it answers can't tell whether that is done.
func (t target) drops() bool {
	return t.setsAny(t.kind, func(field *schema.Field) bool { return isOwnList(field, t.declared) })
}
