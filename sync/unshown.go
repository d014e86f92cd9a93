package sync

import (
	"reflect"

	"github.com/aksync/aksync/schema"
)

// unshown are the fields of an update that no answer shows and that differ all the
// same: by what proves the value, by a request that reads it, or by what this
// process has sent before. Those of which nothing is known are noted with the
// change, or are among the fields where they are to be sent.
func (p *planner) unshown(change *Change, g *group, declared, live map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range g.kind.Fields.Fields {
		value, given := declared[field.Name]
		if !given || field.Shown() || value == nil && field.Via != nil {
			continue // with nothing to set, what there is stays
		}
		key := fieldKey{g.kind.Model, change.PK, field.Name}
		verdict := p.tells(key, field, value, g.object, live)
		if verdict == schema.Unknown && p.sendUnshown {
			verdict = schema.Different
		}
		switch verdict {
		case schema.Different:
			fields = append(fields, unshownChange(field, value, g.object))
		case schema.Unknown:
			change.Uncompared = append(change.Uncompared, field.Name)
			p.plan.unseen[key] = value
		case schema.Equal:
			p.plan.unseen[key] = value
		}
	}
	return fields
}

// splitAlong notes which of the fields that can't be compared go along with those that
// an update sets.
func (c *Change) splitAlong(kind *schema.Kind) {
	if !c.writes(kind) {
		return
	}
	left := c.Uncompared
	c.Uncompared = nil
	for _, name := range left {
		if kind.Fields.Field(name).GoesAlong() {
			c.Along = append(c.Along, name)
		} else {
			c.Uncompared = append(c.Uncompared, name)
		}
	}
}

// tells says whether a declared value is what the object has, as far as anything but
// its answer tells. A value that was read by a request of its own is among live.
func (p *planner) tells(key fieldKey, field *schema.Field, value any, object schema.Object, live map[string]any) schema.Verdict {
	if verdict := field.Proof.Tells(value, object); verdict != schema.Unknown {
		return verdict
	}
	if has, read := live[field.Name]; read && field.Via.Views() {
		if reflect.DeepEqual(has, value) {
			return schema.Equal
		}
		return schema.Different
	}
	return p.live.Sent.tells(key, value)
}

// unshownChange is the change of a field that no answer shows, with what proves its
// values where something does.
func unshownChange(field *schema.Field, value any, object schema.Object) FieldChange {
	change := FieldChangeOf(field, nil, value)
	if before, after := field.Proof.Shows(value, object); before != nil {
		change.Before, change.After, change.WriteOnly = before, after, false
	}
	return change
}
