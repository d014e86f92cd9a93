package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Names say what people call the objects that a plan's changes refer to.
type Names struct {
	plan     *sync.Plan
	creators map[int]*sync.Change
}

// NewNames takes them from a plan.
func NewNames(plan *sync.Plan) *Names {
	n := &Names{plan, map[int]*sync.Change{}}
	for _, change := range plan.Changes {
		if change.Action == sync.Create {
			n.creators[change.ID] = change
		}
	}
	return n
}

// object stands for the key of an object in what people read.
type object struct {
	title, name string
	// key tells it from another one that is called the same, if there is one; created is
	// where the plan creates it, if it does.
	key, created string
}

// Shown returns the field of a change as people are to see it: masked, and with objects
// in place of their keys as far as it is known what those are called.
func (n *Names) Shown(action sync.Action, field sync.FieldChange) sync.FieldChange {
	field = Masked(action, field)
	if field.Refers == "" {
		return field
	}
	called := map[object]any{}
	field.Before = n.named(field.Refers, field.Before, called)
	field.After = n.named(field.Refers, field.After, called)
	return field
}

// named returns a value with objects in place of keys. Of two that are called the same
// the second has its key beside it.
func (n *Names) named(refers string, value any, called map[object]any) any {
	if list, isList := value.([]any); isList {
		named := make([]any, len(list))
		for i, element := range list {
			named[i] = n.named(refers, element, called)
		}
		return named
	}
	o, known := n.object(refers, value)
	if !known {
		return value
	}
	if other, has := called[o]; has && other != value {
		o.key = schema.IDText(value)
	}
	called[o] = value
	return o
}

// object is what a key means.
func (n *Names) object(refers string, key any) (object, bool) {
	if change := n.creator(key); change != nil {
		return object{title: change.Title, name: change.Name, created: inShort(change.Source)}, true
	}
	text := schema.IDText(key)
	if text == "" {
		return object{}, false
	}
	named, known := n.plan.Names[sync.Pointer{Model: refers, Key: text}]
	return object{title: named.Title, name: named.Name}, known
}

// creator is the change that creates the object of a key, or nil.
func (n *Names) creator(key any) *sync.Change {
	if id, isID := key.(tree.ID); isID && id.Known == nil {
		return n.creators[id.Change]
	}
	return nil
}

// inShort is a place by file and line, the file's name without its folders where those
// are long.
func inShort(place tree.Place) string {
	const most = 30
	file := clean(place.File)
	if place.Line > 0 {
		file = fmt.Sprintf("%s:%d", file, place.Line)
	}
	if runes := []rune(file); len(runes) > most {
		return ellipsis + string(runes[len(runes)-most:])
	}
	return file
}

// notes say more of an object, the longest first.
func (o object) notes() []string {
	switch {
	case o.created != "":
		return []string{" (created by this plan, " + o.created + ")", " (created by this plan)", ""}
	case o.key != "":
		return []string{" (" + o.key + ")"}
	default:
		return []string{""}
	}
}

// literal writes an object in as many columns: its name is the last that is cut.
func (o object) literal(width int) string {
	title := clean(o.title)
	if o.name != "" {
		title += " "
	}
	const least = 16
	notes := o.notes()
	for i, note := range notes {
		room := width - terminal.Width(title) - terminal.Width(note)
		if last := i == len(notes)-1; last || terminal.Width(clean(o.name)) <= room {
			return title + terminal.Shorten(o.name, max(room, least)) + note
		}
	}
	return title
}

// split puts where the plan creates an object into a row of its own, where there is no
// room for that beside its name.
func (o object) split(sign byte, width int) (object, []row) {
	if o.created == "" || strings.HasSuffix(o.literal(width), o.notes()[0]) {
		return o, nil
	}
	further := []row{{sign, elementDepth, "created by this plan, " + o.created}}
	o.created = ""
	return o, further
}

// reference is an object that a field refers to, for programs.
type reference struct {
	Model string  `json:"model"`
	Name  string  `json:"name"`
	PK    *string `json:"pk"`
	// CreatedAt is where it is declared, if the same plan creates it.
	CreatedAt *source `json:"created_at,omitempty"`
}

// references are what a field referred to and will refer to, as far as that is known.
type references struct {
	Before []reference `json:"before,omitempty"`
	After  []reference `json:"after,omitempty"`
}

// references returns those of a field that has any.
func (n *Names) references(field sync.FieldChange) *references {
	if field.Refers == "" || field.Sensitive {
		return nil
	}
	found := references{n.list(field.Refers, field.Before), n.list(field.Refers, field.After)}
	if len(found.Before)+len(found.After) == 0 {
		return nil
	}
	return &found
}

func (n *Names) list(refers string, value any) []reference {
	elements, isList := value.([]any)
	if !isList {
		elements = []any{value}
	}
	var list []reference
	for _, element := range elements {
		if change := n.creator(element); change != nil {
			place := asSource(change.Source)
			list = append(list, reference{Model: change.Model, Name: change.Name, CreatedAt: &place})
			continue
		}
		if named, known := n.plan.Names[sync.Pointer{Model: refers, Key: schema.IDText(element)}]; known {
			list = append(list, reference{Model: named.Model, Name: named.Name, PK: &named.PK})
		}
	}
	return list
}

// keysOf are the keys of all objects, sorted.
func keysOf(objects ...map[string]any) []string {
	all := map[string]bool{}
	for _, o := range objects {
		for key := range o {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
