package export

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// entry is one object as it is declared.
type entry struct {
	kind *schema.Kind
	// key finds the object; fields are the others, in the order of the schema.
	key    field
	fields []field

	identity identity
	// refersTo are the objects that it refers to.
	refersTo []identity
}

// field is one field with its value: as schema.Value.Plain gives it, with a
// reference in place of each primary key.
type field struct {
	of    *schema.Field
	value any
}

// reference stands for the primary key of the one object of a model whose key
// has a value.
type reference struct {
	model, key string
	value      any
}

// gathering is what one call of gather works on.
type gathering struct {
	schema  *schema.Schema
	options Options
	// targets are the objects that references can mean.
	targets map[identity]schema.Object
	names   nameFilter
	// problems are what is wrong with objects.
	problems []error
}

// gather makes the entries, in order.
func gather(s *schema.Schema, objects map[string][]schema.Object, o Options) ([]entry, error) {
	kinds, err := o.kinds(s)
	if err != nil {
		return nil, err
	}
	if err := checkFlow(s, kinds, objects, o.Flow); err != nil {
		return nil, err
	}
	g := &gathering{schema: s, options: o, targets: byID(s, objects), names: newNameFilter(o.Names)}
	var entries []entry
	for _, kind := range dependenciesFirst(kinds, modelOf, referredModels) {
		entries = append(entries, g.entries(kind, objects[kind.Model])...)
	}
	g.problems = append(g.problems, g.names.problems()...)
	return entries, errors.Join(g.problems...)
}

func modelOf(kind *schema.Kind) string { return kind.Model }

func referredModels(kind *schema.Kind) []string {
	var models []string
	for _, field := range kind.Fields.Fields {
		models = append(models, field.Refers)
	}
	return models
}

// identity tells objects apart: a key says nothing without its model.
type identity struct{ model, id string }

func byID(s *schema.Schema, objects map[string][]schema.Object) map[identity]schema.Object {
	targets := map[identity]schema.Object{}
	for model, list := range objects {
		kind := s.Kind(model)
		for _, object := range list {
			if id, has := kind.IDOf(object); has {
				targets[identity{kind.Model, schema.IDText(id)}] = object
			}
		}
	}
	return targets
}

// entries makes those of one kind.
func (g *gathering) entries(kind *schema.Kind, objects []schema.Object) []entry {
	var entries []entry
	for _, object := range objects {
		wanted, err := g.wants(kind, object)
		if !wanted && err == nil {
			continue
		}
		var made entry
		if err == nil {
			made, err = g.entry(kind, object)
		}
		if err != nil {
			g.problems = append(g.problems, fmt.Errorf("%s: %w", describe(kind, object), err))
			continue
		}
		entries = append(entries, made)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Compare(fmt.Sprint(a.key.value), fmt.Sprint(b.key.value))
	})
	return dependenciesFirst(entries,
		func(e entry) identity { return e.identity },
		func(e entry) []identity { return e.refersTo })
}

// describe names an object for an error message.
func describe(kind *schema.Kind, object schema.Object) string {
	if name, isText := object[kind.Key].(string); isText {
		return fmt.Sprintf("the %s %q", kind.Title, name)
	}
	return fmt.Sprintf("the %s with the %s %v", kind.Title, kind.ID, object[kind.ID])
}

// entry makes the entry of one object.
func (g *gathering) entry(kind *schema.Kind, object schema.Object) (entry, error) {
	answer, err := kind.ReadAnswer(object)
	if err != nil {
		return entry{}, err
	}
	made := entry{kind: kind, identity: identity{kind.Model, schema.IDText(answer.ID)}}
	for _, of := range kind.Fields.Fields {
		if odd, isOdd := answer.Odd[of.Name]; isOdd {
			return entry{}, fmt.Errorf("the server's answer is not as aksync knows it: %s: %s", of.Name, odd)
		}
		value, has := answer.Fields[of.Name]
		if !has && of.Required {
			return entry{}, fmt.Errorf("the server's answer is not as aksync knows it: it has no %s", of.Name)
		}
		if !has {
			continue // an older server has not got it
		}
		isDefault := of.HasDefault && sameJSON(value, of.Default)
		if isDefault && !of.Required && !g.options.Full && of.Name != kind.Key {
			continue
		}
		if err := checkDeclarable(of, value); err != nil {
			return entry{}, err
		}
		declared := field{of: of}
		if declared.value, err = g.withReferences(&made, of, value); err != nil {
			return entry{}, fmt.Errorf("%s: %w", of.Name, err)
		}
		if of.Name == kind.Key {
			made.key = declared
		} else {
			made.fields = append(made.fields, declared)
		}
	}
	return made, nil
}

// withReferences gives a field's value with references for primary keys, and
// notes them.
func (g *gathering) withReferences(e *entry, of *schema.Field, value any) (any, error) {
	if of.Refers == "" {
		return value, nil
	}
	switch value := value.(type) {
	case string, int64:
		if of.Type == schema.List {
			return value, nil
		}
		return g.reference(e, of, schema.IDText(value))
	case []any:
		if of.Type != schema.List {
			return value, nil
		}
		references := make([]any, len(value))
		for i, element := range value {
			id := schema.IDText(element)
			if id == "" {
				references[i] = element
				continue
			}
			var err error
			if references[i], err = g.reference(e, of, id); err != nil {
				return nil, err
			}
		}
		return references, nil
	default:
		return value, nil
	}
}

// reference gives what finds the object with the primary key.
func (g *gathering) reference(e *entry, of *schema.Field, id string) (any, error) {
	kind := g.schema.Kind(of.Refers)
	to := identity{kind.Model, id}
	target, among := g.targets[to]
	if !among {
		return nil, fmt.Errorf("refers to the %s with the %s %s, which the server does not list: perhaps the token may not see it", kind.Title, kind.ID, id)
	}
	value := tree.FromJSON(target[kind.Key])
	if problems := kind.Fields.Field(kind.Key).Check(kind.Key, value); len(problems) > 0 {
		return nil, fmt.Errorf("refers to the %s with the %s %s, which is not as aksync knows it: %w", kind.Title, kind.ID, id, problems[0])
	}
	e.refersTo = append(e.refersTo, to)
	return reference{model: kind.Model, key: kind.Key, value: value.Plain()}, nil
}
