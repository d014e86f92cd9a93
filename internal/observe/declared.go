package observe

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/secret"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// mostValueLines is how many lines of a value the page shows.
const mostValueLines = 60

// fields are those that an object declares, with what the last pass found live. A value
// that nobody is to see is not shown, and one that can't be read back not compared.
func (l lastPass) fields(s *schema.Schema, kind *schema.Kind, names *report.Names, o metrics.Object, changes []*sync.Change) []metrics.Field {
	if change := ofFields(changes); change != nil && change.Declared != nil {
		return compared(kind, names, change)
	}
	d := &declaration{schema: s, names: map[sync.Pointer]sync.Named{}}
	names = report.NewNames(&sync.Plan{Names: d.names})
	entries := l.entriesOf(kind, o)
	var fields []metrics.Field
	for _, field := range kind.Fields.Fields {
		for _, entry := range entries {
			value, given := entry.Field(field.Name)
			if !given || entry.State.Data == string(tree.Absent) {
				continue
			}
			shown := names.Shown(sync.Create, sync.FieldChangeOf(field, nil, d.plain(field, value)))
			row := metrics.Field{Name: field.Name, Declared: long(shown.After)}
			row.Same = o.State == sync.InSync && field.Shown() && isCompared(entry)
			if !row.Same {
				row.Live = []string{unknownLive(field, entry, o)}
			}
			fields = append(fields, row)
			break
		}
	}
	return fields
}

// isCompared reports whether a pass compares what an entry declares with what is live.
func isCompared(entry *tree.Entry) bool {
	return entry.State.Data == nil || entry.State.Data == string(tree.Present)
}

// unknownLive says why the live value of a field is not shown.
func unknownLive(field *schema.Field, entry *tree.Entry, o metrics.Object) string {
	switch {
	case !isCompared(entry) && o.State == sync.InSync:
		return "(not compared: state " + string(tree.Created) + ")"
	case !field.Shown():
		return "(write-only)"
	case o.PK == "":
		return "(not there)"
	default:
		return "(not kept: aksync plan shows it)"
	}
}

// ofFields is the change of an object's own fields, or nil.
func ofFields(changes []*sync.Change) *sync.Change {
	for _, change := range changes {
		if change.Permits == nil && change.Of == nil {
			return change
		}
	}
	return nil
}

// compared sets what a change declares beside what is live.
func compared(kind *schema.Kind, names *report.Names, change *sync.Change) []metrics.Field {
	var fields []metrics.Field
	for _, field := range kind.Fields.Fields {
		declared, given := change.Declared[field.Name]
		if !given {
			continue
		}
		live, isThere := change.Live[field.Name]
		shown := names.Shown(change.Action, sync.FieldChangeOf(field, live, declared))
		row := metrics.Field{Name: field.Name, Declared: long(shown.After), Live: long(shown.Before)}
		differs := slices.ContainsFunc(change.Fields, func(f sync.FieldChange) bool { return f.Name == field.Name })
		switch {
		case !field.Shown():
			row.Live = []string{"(write-only)"}
		case !differs && change.Action == sync.Update && reflect.DeepEqual(live, declared):
			row.Same = true
		case change.Action == sync.Create || !isThere:
			row.Live = []string{"(not there)"}
		case !differs && !field.Sensitive:
			row.Same = true
		}
		fields = append(fields, row)
	}
	return fields
}

// pageColumns is how wide a value is on the page.
const pageColumns = 200

func long(value any) []string { return report.Long(value, pageColumns, mostValueLines) }

// rowAt is what tells the object of a row from others.
func rowAt(o metrics.Object) declaredAt { return declaredFrom(o.Source, o.Path, o.Model, o.Name) }

// entriesOf are the entries that declare an object: the one of its place first, and then
// others of the same name.
func (l lastPass) entriesOf(kind *schema.Kind, o metrics.Object) []*tree.Entry {
	var own, others []*tree.Entry
	for _, entry := range l.entries {
		if entry.Model != o.Model {
			continue
		}
		if entry.Place == o.Source && entry.Path == o.Path {
			own = append(own, entry)
		} else if name, given := entry.Field(kind.Key); kind.Key != "" && given && name.Data == o.Name {
			others = append(others, entry)
		}
	}
	return append(own, others...)
}

// declaration shows what entries declare, with references as they are written.
type declaration struct {
	schema *schema.Schema
	names  map[sync.Pointer]sync.Named
}

// plain is a declared value. What a reference means stands for it by name.
func (d *declaration) plain(field *schema.Field, value tree.Value) any {
	resolved, err := value.Peek(func(ref tree.Reference) (tree.Value, error) { return d.lookup(field, ref) })
	if err != nil {
		return report.Note("(known to the server)")
	}
	return resolved.Plain()
}

// errServer is the error of what only the server knows.
var errServer = errors.New("only the server knows")

// lookup answers a reference with a key that stands for a name.
func (d *declaration) lookup(field *schema.Field, ref tree.Reference) (tree.Value, error) {
	name := ""
	kind := d.schema.Kind(ref.Model)
	switch {
	case ref.Tag == tree.TagKeyOf && ref.Target != nil:
		if kind = d.schema.Kind(ref.Target.Model); kind != nil {
			value, _ := ref.Target.Field(kind.Key)
			text, _ := value.Data.(string)
			name = cmp.Or(text, ref.Target.ID)
		}
	case ref.Tag == tree.TagFind:
		name = d.where(field, kind, ref.Where)
	}
	if kind == nil || name == "" {
		return tree.Value{}, errServer
	}
	key := kind.Title + " " + name
	d.names[sync.Pointer{Model: field.Refers, Key: key}] = sync.Named{Model: kind.Model, Title: kind.Title, Name: name}
	return tree.Value{Place: ref.Place, Data: tree.ID{Known: key}}, nil
}

// where are the values that a reference to a kind asks for, without what nobody is to
// see.
func (d *declaration) where(field *schema.Field, kind *schema.Kind, conditions []tree.Condition) string {
	var words []string
	for _, condition := range conditions {
		if kind != nil && slices.Contains(kind.Hidden(), condition.Field) {
			words = append(words, secret.Mark)
			continue
		}
		resolved, err := condition.Value.Peek(func(ref tree.Reference) (tree.Value, error) { return d.lookup(field, ref) })
		if err != nil {
			return ""
		}
		text, isText := tree.Scalar(resolved.Plain())
		if !isText {
			text = schema.IDText(resolved.Plain())
		}
		words = append(words, text)
	}
	return strings.Join(words, ", ")
}
