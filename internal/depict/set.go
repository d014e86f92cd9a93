// Package depict says what a picture of blueprints, of a plan or of a server shows: a
// flow with its bindings in order, an application with its provider. It names no kind:
// what belongs to what follows from the schema, from what refers to what, what binds,
// and in whose file an export puts it.
package depict

import (
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Set is objects that can be drawn, and what they refer to.
type Set struct {
	schema  *schema.Schema
	objects []*object
	// live finds objects by model and key, numbered those whose keys nobody knows yet.
	live     map[pointer]*object
	numbered map[int]*object
	// only is set where nothing is drawn that has no change in it.
	only bool
	// rest is set where what belongs to nothing else is drawn too.
	rest bool
	// source says what the picture is of, and outside what objects are that are in none.
	source, outside string
	notes           []string
	// changes are the objects that a plan changes.
	changes map[*sync.Change]*object
	// places are the objects that entries declare, by where those are.
	places map[tree.Place]*object
	// linked is what link made.
	linked *links
	// bound tells kinds of bindings that nothing can refer to.
	bound map[*schema.Kind]bool
}

type pointer struct{ model, key string }

// object is one that can be drawn.
type object struct {
	kind    *schema.Kind
	name    string
	mark    graph.Mark
	outside bool
	refs    []ref
	// label is what is said of a binding beside what it binds, and order its place
	// among others.
	label string
	order int64
}

// ref is a field that refers to an object. The field is nil where all that is known is
// that an object is used.
type ref struct {
	field *schema.Field
	to    *object
	mark  graph.Mark
}

func newSet(s *schema.Schema) *Set {
	return &Set{schema: s, live: map[pointer]*object{}, numbered: map[int]*object{}, bound: map[*schema.Kind]bool{}}
}

// add adds an object of the set.
func (s *Set) add(kind *schema.Kind, name string) *object {
	o := &object{kind: kind, name: name}
	s.objects = append(s.objects, o)
	return o
}

// know lets an object be found by its key, by its kind and by its bases.
func (s *Set) know(o *object, key string) {
	if key == "" {
		return
	}
	for _, model := range append([]string{o.kind.Model}, o.kind.Bases...) {
		if s.live[pointer{model, key}] == nil {
			s.live[pointer{model, key}] = o
		}
	}
}

// other returns the object outside of the set that a key means.
func (s *Set) other(kind *schema.Kind, model, key, name string) *object {
	at := pointer{model, key}
	if o := s.live[at]; o != nil {
		return o
	}
	o := s.add(kind, name)
	o.outside = true
	s.live[at] = o
	s.know(o, key)
	return o
}

// target returns the object that an element of a field refers to, or nil.
func (s *Set) target(field *schema.Field, element any, named func(model, key string) (*schema.Kind, string)) *object {
	if id, isID := element.(tree.ID); isID && id.Known == nil {
		return s.numbered[id.Change]
	}
	key := schema.IDText(element)
	if key == "" {
		return nil
	}
	if o := s.live[pointer{field.Refers, key}]; o != nil {
		return o
	}
	kind, name := named(field.Refers, key)
	if kind == nil {
		return nil
	}
	return s.other(kind, field.Refers, key, name)
}

// unnamed calls an object by its key.
func (s *Set) unnamed(model, key string) (*schema.Kind, string) { return s.schema.Kind(model), key }

// elements returns what a field for one key, or for a list of them, holds.
func elements(plain any) []any {
	if list, isList := plain.([]any); isList {
		return list
	}
	return []any{plain}
}

// describe notes what a binding is called beside what it binds, from its fields.
func (o *object) describe(of func(name string) any) {
	var words []string
	for _, name := range o.kind.Label {
		field, value := o.kind.Fields.Field(name), of(name)
		if field == nil || field.Refers != "" || field.Sensitive || value == nil {
			continue
		}
		words = append(words, schema.LabelWords(name, value))
		if number, isNumber := value.(int64); isNumber {
			o.order = number
		}
	}
	if o.kind.Switch != "" && of(o.kind.Switch) == false {
		words = append(words, "off")
	}
	o.label = strings.Join(words, ", ")
}

// owner is the field that refers to what an object belongs to, such as the target of a
// binding; or nothing.
func owner(kind *schema.Kind) string {
	if kind.File.With != "" {
		return kind.File.With
	}
	if kind.Binds() {
		if field := kind.Fields.Field(kind.Label[0]); field != nil && field.Refers != "" {
			return field.Name
		}
	}
	return ""
}

// isLine reports whether an object is drawn as a line from what it belongs to to what
// it binds: a binding that nothing can refer to.
func (s *Set) isLine(o *object) bool {
	if !o.kind.Binds() || owner(o.kind) == "" {
		return false
	}
	line, known := s.bound[o.kind]
	if !known {
		line = len(s.schema.Referrers(o.kind)) == 0
		s.bound[o.kind] = line
	}
	bound := 0
	for _, r := range o.refs {
		if r.field != nil && r.field.Name != owner(o.kind) {
			bound++
		}
	}
	return line && bound > 0
}

// belongs reports whether an object is drawn with all that it leads to wherever it is
// drawn, as it is in the file of what uses it (schema.Filing).
func belongs(o *object) bool { return o.kind.File.Joins || owner(o.kind) != "" }

// isNamed reports whether objects of a kind have a name of their own, if not one that
// finds them.
func isNamed(kind *schema.Kind) bool {
	return kind.Key != "" || slices.ContainsFunc(kind.Label, func(name string) bool {
		field := kind.Fields.Field(name)
		return field != nil && field.Refers == "" && field.Type == schema.Text
	})
}

// called is what a node says of an object.
func (o *object) called() string {
	if o.kind.Key == "" && o.label != "" && owner(o.kind) != "" {
		return o.label
	}
	return o.name
}
