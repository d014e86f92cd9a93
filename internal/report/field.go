package report

import (
	"encoding/json"

	"github.com/aksync/aksync/sync"
)

// Field is a field of a change as it is kept: without what nobody is to see, and with
// long values folded. Its JSON is that of plans.
type Field struct {
	Name            string `json:"name"`
	Before          any    `json:"before"`
	After           any    `json:"after"`
	KnownAfterApply bool   `json:"known_after_apply,omitempty"`
	Sensitive       bool   `json:"sensitive,omitempty"`
	WriteOnly       bool   `json:"write_only,omitempty"`
	// Folded is set where the values are text that people read, since one of them is
	// too long to be kept.
	Folded bool `json:"folded,omitempty"`
}

// Fields gives the fields of a change to keep. A value whose JSON is longer than most is
// folded.
func Fields(change *sync.Change, most int) []Field {
	fields := make([]Field, 0, len(change.Fields))
	for _, f := range change.Fields {
		kept := asField(change.Action, f)
		field := Field{
			Name: kept.Name, Before: kept.Before, After: kept.After,
			KnownAfterApply: kept.KnownAfterApply, Sensitive: kept.Sensitive, WriteOnly: kept.WriteOnly,
		}
		if isLonger(field.Before, most) || isLonger(field.After, most) {
			field.Before, field.After, field.Folded = Literal(field.Before, most), Literal(field.After, most), true
		}
		fields = append(fields, field)
	}
	return fields
}

// isLonger reports whether a value is longer than most, or none that can be written.
func isLonger(value any, most int) bool {
	text, err := json.Marshal(value)
	return err != nil || len(text) > most
}

// Change is the field for those who show changes.
func (f Field) Change() sync.FieldChange {
	change := sync.FieldChange{Name: f.Name, Before: f.Before, After: f.After, Sensitive: f.Sensitive, WriteOnly: f.WriteOnly}
	if f.KnownAfterApply {
		change.After = mark(afterApply)
	}
	if before, isText := f.Before.(string); isText && f.Folded {
		change.Before = mark(before)
	}
	if after, isText := f.After.(string); isText && f.Folded && !f.KnownAfterApply {
		change.After = mark(after)
	}
	return change
}
