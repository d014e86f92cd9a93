package export

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// entry is one object as it is declared.
type entry struct {
	kind *schema.Kind
	// name is what people call the object.
	name string
	// short is the same within the file that the object is in because of another one.
	short string
	// identifiers find the object; fields are the others, in the order of the
	// schema.
	identifiers, fields []field
	// permissions are what somebody is permitted to do with the object: of each its name,
	// and who has it.
	permissions [][]field
	// hidden are the fields that are left out, since they are secret or the API does
	// not show them.
	hidden []hidden
	// refused is set where a field has a value that no blueprint may ask for.
	refused bool
	// notes are what had to be left out of it.
	notes []string
	// managed is set where authentik says that it manages the object itself.
	managed bool
	// id is what other entries of the file call it, where one does.
	id string

	identity identity
	// refersTo are the objects that it refers to.
	refersTo []identity
}

// all are its identifiers and its fields.
func (e *entry) all() []field { return slices.Concat(e.identifiers, e.fields) }

// hidden is a field that is left out; it is empty where it is known that nothing is
// set.
type hidden struct {
	of    *schema.Field
	empty bool
}

// field is one field with its value: as schema.Value.Plain gives it, with a
// reference in place of each primary key. What it is of may be nil.
type field struct {
	name  string
	of    *schema.Field
	value any
}

// reference stands for the primary key of the one object of a model whose fields
// have these values.
type reference struct {
	model string
	where []field
	to    identity
}

// keyOf stands for the primary key of the object of the entry with the id, in the same
// file.
type keyOf string

// gathering is what one call of gather works on.
type gathering struct {
	schema  *schema.Schema
	options Options
	objects map[string][]schema.Object
	targets targets
	names   nameFilter
	// folder is set where a whole server is gathered for one.
	folder bool
	// permitted is who may do what with an object.
	permitted map[identity][]sync.Permitted
	// whole are the models of which all objects are exported.
	whole map[string]bool
	// refused are the objects that no blueprint can make.
	refused map[identity]bool
	// unlisted counts the objects that refer to one of a kind that could not be listed.
	unlisted map[*schema.Kind]int
	// problems are what is wrong with objects.
	problems []error
}

// gather makes the entries, in order.
func gather(s *schema.Schema, objects map[string][]schema.Object, o Options) ([]entry, error) {
	kinds, err := o.kinds(s)
	if err != nil {
		return nil, err
	}
	objects = ownObjects(s, objects)
	g := &gathering{schema: s, options: o, objects: objects, targets: newTargets(s, objects), names: newNameFilter(o.Names)}
	if len(o.Names) == 0 && o.Want == nil {
		g.whole = map[string]bool{}
		for _, kind := range kinds {
			g.whole[kind.Model] = true
		}
	}
	var entries []entry
	for _, kind := range dependenciesFirst(kinds, modelOf, g.referredModels) {
		entries = append(entries, g.entries(kind)...)
	}
	g.problems = append(g.problems, g.names.problems()...)
	return dependenciesFirst(entries,
		func(e entry) identity { return e.identity },
		func(e entry) []identity { return e.refersTo }), errors.Join(g.problems...)
}

func modelOf(kind *schema.Kind) string { return kind.Model }

// referredModels returns the models that a kind's fields can refer to.
func (g *gathering) referredModels(kind *schema.Kind) []string {
	var models []string
	for _, field := range kind.Fields.Fields {
		if field.Refers == "" {
			continue
		}
		models = append(models, field.Refers)
		for _, member := range g.schema.Members(field.Refers) {
			models = append(models, member.Model)
		}
	}
	return models
}

// entries makes those of one kind.
func (g *gathering) entries(kind *schema.Kind) []entry {
	var entries []entry
	for _, object := range g.objects[kind.Model] {
		name := g.nameOf(kind, object)
		wanted, err := g.wants(kind, object, name)
		if !wanted && err == nil {
			continue
		}
		var made entry
		if err == nil {
			made, err = g.entry(kind, object, name)
		}
		if unlisted, is := errors.AsType[*unlistedError](err); is && g.folder {
			g.unlisted[unlisted.kind]++
			continue
		}
		if err != nil {
			g.problems = append(g.problems, fmt.Errorf("%s: %w", describe(kind, object, name), err))
			continue
		}
		entries = append(entries, made)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.identity.id, b.identity.id))
	})
	return entries
}

// describe names an object for an error message.
func describe(kind *schema.Kind, object schema.Object, name string) string {
	if name != "" {
		return fmt.Sprintf("the %s %q", kind.Title, name)
	}
	return fmt.Sprintf("the %s with the %s %v", kind.Title, kind.ID, object[kind.ID])
}

// entry makes the entry of one object.
func (g *gathering) entry(kind *schema.Kind, object schema.Object, name string) (entry, error) {
	answer, err := kind.ReadAnswer(object)
	if err != nil {
		return entry{}, err
	}
	made := entry{kind: kind, name: name, short: g.shortNameOf(kind, object), identity: identity{kind.Model, schema.IDText(answer.ID)}}
	made.refused = kind.IsReserved(object)
	managed, _ := object[managedKey].(string)
	made.managed = managed != ""
	finders := g.targets.finders(target{kind, object})
	for _, finder := range finders {
		if kind.Fields.Field(finder) == nil {
			made.identifiers = append(made.identifiers, field{name: finder, value: tree.PlainJSON(object[answered(kind, finder)])})
		}
	}
	for _, of := range kind.Fields.Fields {
		finds := slices.Contains(finders, of.Name)
		if g.mirrored(of) {
			continue
		}
		granted, asked := g.options.Granted[sync.Grant{Model: kind.Model, ID: made.identity.id, Field: of.Name}]
		if asked && granted.Err == nil {
			if len(granted.Values) > 0 {
				made.fields = append(made.fields, field{name: of.Name, of: of, value: sortedSet(of, granted.Values)})
			}
			continue
		}
		if !finds && (of.Sensitive || !of.Answers()) {
			made.hidden = append(made.hidden, hidden{of, isEmpty(of, object, answer)})
			continue
		}
		made.refused = made.refused || of.Refuses(answer.Fields[of.Name])
		value, declares, err := g.declared(of, answer, finds)
		if err != nil {
			return entry{}, err
		}
		if !declares {
			continue
		}
		if g.folder && g.hasReserved(of, value) {
			made.notes = append(made.notes, fmt.Sprintf("%s of %s is left out: it has something in it that authentik makes for itself.", of.Name, describe(kind, object, name)))
			continue
		}
		declared := field{name: of.Name, of: of}
		if declared.value, err = g.withReferences(&made, of, value); err != nil {
			return entry{}, fmt.Errorf("%s: %w", of.Name, err)
		}
		if finds {
			made.identifiers = append(made.identifiers, declared)
		} else {
			made.fields = append(made.fields, declared)
		}
	}
	g.permit(&made)
	return made, nil
}

// sortedSet is a list in order where the server keeps none.
func sortedSet(of *schema.Field, list []any) []any {
	if of.Set {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(canonical(a), canonical(b)) })
	}
	return list
}

// hasReserved reports whether a list refers to an object that authentik makes for itself:
// it can be declared neither with it nor without.
func (g *gathering) hasReserved(of *schema.Field, value any) bool {
	list, isList := value.([]any)
	return isList && of.Refers != "" && slices.ContainsFunc(list, func(key any) bool {
		one, among := g.targets.by[identity{of.Refers, schema.IDText(key)}]
		return among && one.kind.IsReserved(one.object)
	})
}

// isEmpty reports whether it is known that nothing is set in a field that is left out.
func isEmpty(of *schema.Field, object schema.Object, answer schema.Answer) bool {
	if of.Proof.Absent(object) {
		return true
	}
	value, has := answer.Fields[of.Name]
	if !has || !of.Answers() {
		return false
	}
	empty := []any{nil, "", []any{}, map[string]any{}}
	return of.HasDefault && sameJSON(value, of.Default) || slices.ContainsFunc(empty, func(none any) bool { return sameJSON(value, none) })
}

// mirrored reports whether other objects that are exported declare the same relation
// from its other end.
func (g *gathering) mirrored(of *schema.Field) bool {
	model, _, mirrors := of.Mirror()
	return mirrors && g.whole[model]
}

// declared returns the value of a field as a blueprint declares it, and whether it
// has to: not where the server would take the same without it.
func (g *gathering) declared(of *schema.Field, answer schema.Answer, finds bool) (value any, declares bool, err error) {
	if odd, isOdd := answer.Odd[of.Name]; isOdd {
		if of.Via != nil {
			return nil, false, nil // such as null for a URL that is not set
		}
		return nil, false, fmt.Errorf("the server's answer is not as aksync knows it: %s: %s", of.Name, odd)
	}
	value, has := answer.Fields[of.Name]
	switch {
	case !has && of.Required:
		return nil, false, fmt.Errorf("the server's answer is not as aksync knows it: it has no %s", of.Name)
	case !has: // an older server has not got it
		return nil, false, nil
	case of.Via != nil && of.Via.URL && (value == nil || of.Same("", value)): // it is not set
		return nil, false, nil
	case madeUp(of, answer), of.Volatile, of.Refuses(value):
		return nil, false, nil
	case of.Generated && value == nil && !finds: // it can't be made without, and authentik's own engine takes no null
		return nil, false, nil
	}
	isDefault := of.HasDefault && sameJSON(value, of.Default)
	if isDefault && !of.Required && !of.Stated && !finds && (!g.options.Full || checkDeclarable(of, value) != nil) {
		return nil, false, nil
	}
	return value, true, checkDeclarable(of, value)
}

// madeUp reports whether the server makes up the field with each write.
func madeUp(of *schema.Field, answer schema.Answer) bool {
	for name, value := range of.Unless {
		if !sameJSON(answer.Fields[name], value) {
			return false
		}
	}
	return len(of.Unless) > 0
}

// withReferences gives a field's value with references for primary keys, and
// notes them.
func (g *gathering) withReferences(e *entry, of *schema.Field, value any) (any, error) {
	if of.Refers == "" {
		return value, nil
	}
	if list, isList := value.([]any); isList && of.Type == schema.List {
		references := make([]any, len(list))
		for i, element := range list {
			var err error
			if references[i], err = g.reference(e, of.Refers, element); err != nil {
				return nil, err
			}
		}
		return sortedSet(of, references), nil
	}
	if of.Type == schema.List || schema.IDText(value) == "" {
		return value, nil
	}
	return g.reference(e, of.Refers, value)
}

// reference gives what finds the object of a model with the primary key, and notes
// that the entry refers to it.
func (g *gathering) reference(e *entry, model string, key any) (any, error) {
	id := schema.IDText(key)
	if id == "" {
		return key, nil
	}
	found, to, err := g.targets.reference(model, id)
	if err != nil {
		return nil, err
	}
	found.to = to
	e.refersTo = append(e.refersTo, to)
	return found, nil
}
