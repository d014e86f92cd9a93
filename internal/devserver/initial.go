package devserver

import (
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// newFields are what a new object holds if nothing else is said: the schema's
// defaults.
func (s *store) newFields(t *table) map[string]any {
	fields := make(map[string]any, len(t.names))
	for _, field := range t.kind.Fields.Fields {
		if field.Via == nil && t.virtual(field.Name) == nil {
			fields[field.Name] = t.initial(field)
		}
	}
	for name, value := range t.about.Initial {
		fields[name] = tree.PlainJSON(value)
	}
	return fields
}

// initial is what a field holds that was never set.
func (t *table) initial(field *schema.Field) any {
	switch {
	case field.Generated && t.about.Verbose == "" && len(field.Values) == 0 && field.Type == schema.Text:
		return random("text40")
	case field.HasDefault && (field.Default != nil || field.Nullable):
		return field.Default
	case field.Nullable:
		return nil
	}
	switch field.Type {
	case schema.List:
		return []any{}
	case schema.Text:
		if len(field.Values) > 0 {
			return nil
		}
		return ""
	default:
		return nil
	}
}

// makeUp fills in what the server makes up for an object that is new, or changed.
func (s *store) makeUp(t *table, fields map[string]any, isNew bool, now time.Time) {
	for name, how := range t.answers {
		if fields[name] != nil && (isNew || how.Now != "updated") {
			continue
		}
		switch {
		case how.Now == "updated", how.Now != "" && isNew:
			fields[name] = instant(now)
		case how.Random != "" && isNew:
			fields[name] = random(how.Random)
		}
	}
}

// random makes something up.
func random(sort string) any {
	switch sort {
	case "uuid":
		return uuid.NewString()
	case "text60":
		return (rand.Text() + rand.Text() + rand.Text())[:60]
	case "text128":
		return rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text()[:24]
	default:
		return (rand.Text() + rand.Text())[:40]
	}
}
