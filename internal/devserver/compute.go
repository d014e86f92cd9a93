package devserver

import (
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// computed makes a field that is not stored.
func (v view) computed(o *object, how *computed) any {
	switch {
	case how.Call != "":
		return calls[how.Call](v, o, how)
	case how.Choice != nil:
		return how.Choice[pkText(o.fields[how.Of])]
	case how.Of != "":
		return v.nested(o, how)
	case how.Back != "":
		return v.back(o, how)
	case how.Text != "":
		return v.text(o, how.Text)
	case how.Path != "":
		return v.path(o, how.Path)
	default:
		return how.Value
	}
}

// nested shows what a field refers to.
func (v view) nested(o *object, how *computed) any {
	value := o.fields[how.Of]
	if o.table.virtual(how.Of) != nil {
		value, _ = v.field(o, how.Of)
	}
	model := o.table.refers(how.Of)
	find := v.store.find
	if how.Key != "" {
		model = how.Refers
		find = v.by(how.Key)
	}
	if list, isList := value.([]any); isList {
		v.before = nil // a list is read anew
		shown := []any{}
		for _, element := range list {
			if other := find(model, element); other != nil {
				shown = append(shown, v.within(other, how))
			}
		}
		return shown
	}
	if other := find(model, value); other != nil {
		return v.within(other, how)
	}
	return nil
}

// by finds objects by another field than their primary key.
func (v view) by(key string) func(model string, value any) *object {
	return func(model string, value any) *object {
		for _, t := range v.store.members[model] {
			for _, o := range t.inOrder.objects {
				if o.fields[key] == value {
					return o
				}
			}
		}
		return nil
	}
}

// within is an object as it stands in another one.
func (v view) within(o *object, how *computed) map[string]any {
	shown := v.object(o, v.shape(how.Shape))
	if base := v.store.kinds[how.Base]; base != nil && (!how.Written || has(v.written, how.Of)) {
		shown["meta_model_name"], shown["component"] = how.Base, ""
		shown["verbose_name"], shown["verbose_name_plural"] = base.about.Verbose, base.about.Plural
		for _, name := range how.Empties {
			shown[name] = nil
		}
	}
	return shown
}

func (v view) shape(name string) []string {
	if name == "" {
		return nil
	}
	return v.store.shapes[name]
}

// back shows what refers to the object.
func (v view) back(o *object, how *computed) any {
	model, field := splitBack(how.Back)
	objects := v.store.referrers(model, field, o.pk)
	if how.Count {
		also, other := splitBack(how.Also)
		return int64(len(objects) + len(v.store.referrers(also, other, o.pk)))
	}
	shown := []any{}
	for _, other := range objects {
		shown = append(shown, v.shown(other, how))
	}
	if how.Many {
		return shown
	}
	if len(shown) == 0 {
		return nil
	}
	return shown[0]
}

// shown is what a computed field shows of an object that refers to its own.
func (v view) shown(o *object, how *computed) any {
	if v.before != nil && o.pk == v.before.pk && o.table == v.before.table {
		o = v.before
	}
	if how.Show == "" {
		if how.Shape != "" {
			return v.object(o, v.shape(how.Shape))
		}
		return o.id
	}
	value, _ := v.field(o, how.Show)
	if how.Shape == "" {
		return value
	}
	other := v.store.find(o.table.refers(how.Show), value)
	if other == nil {
		return nil
	}
	if how.Shape == wholeShape {
		return v.object(other, nil)
	}
	return v.object(other, v.shape(how.Shape))
}

// wholeShape is all that an object shows.
const wholeShape = "*"

// path follows a field to a field of what it refers to.
func (v view) path(o *object, path string) any {
	first, rest, more := strings.Cut(path, ".")
	value, _ := v.field(o, first)
	if !more {
		return value
	}
	other := v.store.find(o.table.refers(first), value)
	if other == nil {
		return nil
	}
	return v.path(other, rest)
}

// text fills in fields in braces. It is nil where one of them holds nothing.
func (v view) text(o *object, text string) any {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		value := v.placeholder(o, name)
		if value == nil {
			return nil
		}
		shown, _ := tree.PythonText(value)
		b.WriteString(shown)
		text = after
	}
}

func (v view) placeholder(o *object, name string) any {
	switch name {
	case "host":
		return "http://" + v.host
	case schema.PK:
		return o.id
	case "pk_hex":
		return strings.ReplaceAll(o.pk, "-", "")
	case "str":
		return v.says(o)
	}
	if field, isKey := strings.CutPrefix(name, "pk:"); isKey {
		return o.fields[field]
	}
	if field, isOther := strings.CutPrefix(name, "str:"); isOther {
		value := o.fields[field]
		if other := v.store.find(o.table.refers(field), value); other != nil {
			return v.says(other)
		}
		return nil
	}
	return v.path(o, name)
}
