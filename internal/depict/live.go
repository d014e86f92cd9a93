package depict

import (
	"cmp"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Needs returns the models whose objects a picture of a server shows: what has a file
// of its own in an export, what belongs to it, and what that refers to.
func Needs(s *schema.Schema) []string {
	needed, spread := map[string]bool{}, map[string]bool{}
	var follow func(kind *schema.Kind)
	need := func(model string) {
		kind := s.Kind(model)
		if kind == nil {
			return
		}
		for _, one := range append(s.Members(model), kind) {
			needed[one.Model] = true
			if one.File.Joins || one.File.Head {
				follow(one)
			}
		}
	}
	follow = func(kind *schema.Kind) {
		if spread[kind.Model] {
			return
		}
		spread[kind.Model], needed[kind.Model] = true, true
		for _, field := range kind.Fields.Fields {
			need(field.Refers)
		}
		for _, user := range s.Referrers(kind) {
			if kind.File.Head || owner(user.Kind) == user.Field.Name {
				needed[user.Kind.Model] = true
			}
			if owner(user.Kind) == user.Field.Name {
				follow(user.Kind)
			}
		}
	}
	for _, kind := range s.Managed() {
		if kind.File.Head {
			follow(kind)
		}
	}
	for model := range needed {
		if kind := s.Kind(model); kind.Among != "" {
			needed[kind.Among] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(needed)), func(model string) bool { return s.Kind(model).Path == "" })
}

// Live returns the objects of a server, as the API lists them by model.
func Live(s *schema.Schema, objects map[string][]schema.Object) *Set {
	set := newSet(s)
	set.source, set.outside = "authentik", "not among what the server lists"
	type read struct {
		*object
		answer schema.Object
	}
	var all []read
	for _, kind := range ownFirst(s, objects) {
		list := objects[kind.Model]
		if kind.Among != "" {
			list = kind.Own(list, s.Kind(kind.Among), objects[kind.Among])
		}
		for _, answer := range list {
			id, has := kind.IDOf(answer)
			if !has || set.live[pointer{kind.Model, schema.IDText(id)}] != nil {
				continue // a base lists it too
			}
			o := set.add(special(s, kind, answer), text(answer[kind.Key]))
			o.name = cmp.Or(o.name, schema.IDText(id))
			set.know(o, schema.IDText(id))
			set.know(o, schema.IDText(answer[kind.Alias]))
			all = append(all, read{o, answer})
		}
	}
	for _, o := range all {
		of := func(name string) any { return tree.PlainJSON(o.answer[name]) }
		o.describe(of)
		set.refer(o.object, of)
	}
	return set
}

// refer notes what an object refers to.
func (s *Set) refer(o *object, of func(name string) any) {
	for _, field := range o.kind.Fields.Fields {
		if field.Refers == "" || field.Sensitive {
			continue
		}
		for _, element := range elements(of(field.Name)) {
			if to := s.target(field, element, s.unnamed); to != nil {
				o.refs = append(o.refs, ref{field: field, to: to})
			}
		}
	}
}

// ownFirst returns the kinds of the objects, bases last: they list what has a kind of
// its own.
func ownFirst(s *schema.Schema, objects map[string][]schema.Object) []*schema.Kind {
	var kinds []*schema.Kind
	for _, model := range slices.Sorted(maps.Keys(objects)) {
		if kind := s.Kind(model); kind != nil {
			kinds = append(kinds, kind)
		}
	}
	slices.SortStableFunc(kinds, func(a, b *schema.Kind) int { return cmp.Compare(min(len(a.Members), 1), min(len(b.Members), 1)) })
	return kinds
}

// special is the kind of an object that a base lists, where that is known.
func special(s *schema.Schema, kind *schema.Kind, answer schema.Object) *schema.Kind {
	if own := s.Kind(schema.SpecialOf(answer)); own != nil && own.Is(kind.Model) {
		return own
	}
	return kind
}

func text(data any) string {
	text, _ := data.(string)
	return text
}
