package export

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// identity tells objects apart: a key says nothing without its model.
type identity struct{ model, id string }

// target is an object that references can mean.
type target struct {
	kind   *schema.Kind
	object schema.Object
}

// targets are the objects that references can mean, by the models that references
// name.
type targets struct {
	schema *schema.Schema
	by     map[identity]target
	// listed are the models whose objects are known.
	listed map[string]bool
	// alike counts the objects of a model that have the same in all that finds one.
	alike map[identity]int
}

// newTargets finds them among the objects. One that is known by its own kind is
// found by its bases, too; of any other its base has what is known.
func newTargets(s *schema.Schema, objects map[string][]schema.Object) targets {
	t := targets{schema: s, by: map[identity]target{}, listed: map[string]bool{}, alike: map[identity]int{}}
	for _, kind := range s.Kinds() {
		_, t.listed[kind.Model] = objects[kind.Model]
		for _, object := range objects[kind.Model] {
			t.add(kind, object)
		}
	}
	return t
}

func (t targets) add(kind *schema.Kind, object schema.Object) {
	id, has := kind.IDOf(object)
	if !has {
		return
	}
	one := target{kind, object}
	t.alike[t.likeness(one)]++
	for _, key := range []any{id, object[kind.Alias]} {
		text := schema.IDText(key)
		if text == "" {
			continue
		}
		t.by[identity{kind.Model, text}] = one
		for _, base := range kind.Bases {
			t.by[identity{base, text}] = one
		}
	}
}

// ownObjects leaves out of a kind's objects those that are of another one, where
// the server lists both.
func ownObjects(s *schema.Schema, objects map[string][]schema.Object) map[string][]schema.Object {
	own := make(map[string][]schema.Object, len(objects))
	for model, list := range objects {
		kind := s.Kind(model)
		switch {
		case kind == nil:
		case kind.Among == "":
			own[kind.Model] = list
		default:
			own[kind.Model] = kind.Own(list, s.Kind(kind.Among), objects[kind.Among])
		}
	}
	return own
}

// finders names the fields that find an object: those of its kind's key, or of the
// first key that it has; with its primary key where others have the same.
func (t targets) finders(one target) []string {
	names := plainFinders(one)
	if len(names) == 0 || t.alike[t.likeness(one)] > 1 {
		return append([]string{schema.PK}, names...)
	}
	return names
}

// managedKey is the field by which authentik's own objects are known, whatever somebody
// calls them.
const managedKey = "managed"

// referredBy names the fields by which others refer to an object: finders, but for what
// authentik has a name of its own.
func (t targets) referredBy(one target) []string {
	managed, _ := one.object[managedKey].(string)
	isKey := slices.ContainsFunc(one.kind.Keys, func(key []string) bool { return len(key) == 1 && key[0] == managedKey })
	if managed != "" && isKey {
		return []string{managedKey}
	}
	return t.finders(one)
}

// plainFinders are finders, whatever others have.
func plainFinders(one target) []string {
	if one.kind.Key != "" {
		return []string{one.kind.Key}
	}
	for _, key := range one.kind.Keys {
		if len(key) > 0 && len(one.known(key)) == len(key) {
			return key
		}
	}
	return one.known(one.kind.Label)
}

// known returns those of the fields that have a value that may be shown.
func (one target) known(names []string) []string {
	var known []string
	for _, name := range names {
		of := one.kind.Fields.Field(name)
		if of == nil && one.kind.Create || of != nil && (of.Sensitive || !of.Answers()) {
			continue // what the server gives finds what it makes, and nothing else
		}
		if one.object[name] != nil {
			known = append(known, name)
		}
	}
	return known
}

// likeness is equal for objects of a kind that have the same in all that finds
// them.
func (t targets) likeness(one target) identity {
	var values []any
	for _, name := range plainFinders(one) {
		values = append(values, name, one.object[name])
	}
	return identity{one.kind.Model, canonical(values)}
}

// answered is the field of an answer that a finder's value is in.
func answered(kind *schema.Kind, finder string) string {
	if finder == schema.PK {
		return kind.ID
	}
	return finder
}

// mostDeep is how deep references within references may be.
const mostDeep = 4

// reference gives what finds the object of a model with the primary key, and which
// it is.
func (t targets) reference(model, id string) (reference, identity, error) {
	return t.find(model, id, 0)
}

func (t targets) find(model, id string, depth int) (reference, identity, error) {
	kind := t.schema.Kind(model)
	if kind == nil || depth > mostDeep {
		return reference{}, identity{}, fmt.Errorf("refers to the %s with the key %s, which can't be looked up", model, id)
	}
	one, among := t.by[identity{model, id}]
	if !among && !t.isListed(kind) {
		return reference{}, identity{}, &unlistedError{kind}
	}
	if !among {
		return reference{}, identity{}, fmt.Errorf("refers to the %s with the %s %s, which the server does not list: perhaps the token may not see it", kind.Title, kind.ID, id)
	}
	found := reference{model: one.kind.Model}
	pk, _ := one.kind.IDOf(one.object)
	to := identity{one.kind.Model, schema.IDText(pk)}
	if special := t.schema.Kind(schema.SpecialOf(one.object)); special != nil && special.Is(one.kind.Model) && special.Key == one.kind.Key {
		found.model, to.model = special.Model, special.Model // it is listed by its base only
	}
	for _, name := range t.referredBy(one) {
		condition, err := t.condition(one, name, depth)
		if err != nil {
			return reference{}, identity{}, fmt.Errorf("refers to the %s with the %s %s, which is not as aksync knows it: %w", one.kind.Title, one.kind.ID, id, err)
		}
		found.where = append(found.where, condition)
	}
	return found, to, nil
}

// isListed reports whether all objects are known that a reference to the kind can mean.
func (t targets) isListed(kind *schema.Kind) bool {
	members := t.schema.Members(kind.Model)
	return (t.listed[kind.Model] || kind.Path == "") &&
		!slices.ContainsFunc(members, func(member *schema.Kind) bool { return member.Path != "" && !t.listed[member.Model] })
}

// unlistedError is a reference to an object of a kind that could not be listed, which is
// known already.
type unlistedError struct{ kind *schema.Kind }

func (e *unlistedError) Error() string {
	return fmt.Sprintf("refers to a %s, which the server does not list", e.kind.Title)
}

// condition is what an object has in a field, with a reference for the key of
// another one.
func (t targets) condition(one target, name string, depth int) (field, error) {
	of := one.kind.Fields.Field(name)
	value := tree.FromJSON(one.object[answered(one.kind, name)])
	condition := field{name: name, of: of, value: value.Plain()}
	if of == nil {
		return condition, nil
	}
	if problems := of.Check(name, value); len(problems) > 0 {
		return field{}, problems[0]
	}
	if id := schema.IDText(condition.value); of.Refers != "" && id != "" {
		inner, _, err := t.find(of.Refers, id, depth+1)
		condition.value = inner
		return condition, err
	}
	return condition, nil
}
