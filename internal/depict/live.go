package depict

import (
	"cmp"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Needs returns the models whose objects a picture of a server shows: what is chosen, or
// else what has a file of its own in an export, what belongs to it, what that refers to,
// and what uses it.
func Needs(s *schema.Schema, chosen []Choice) []string {
	roots, whole := rootKinds(s, chosen)
	n := &needs{schema: s, roots: roots, whole: whole, models: map[string]bool{}, followed: map[*schema.Kind]bool{}}
	for kind := range roots {
		n.follow(kind)
	}
	for model := range n.models {
		if kind := s.Kind(model); kind.Among != "" {
			n.models[kind.Among] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(n.models)), func(model string) bool { return s.Kind(model).Path == "" })
}

// needs are the models whose objects are needed, as they are found.
type needs struct {
	schema   *schema.Schema
	roots    map[*schema.Kind]bool
	whole    bool
	models   map[string]bool
	followed map[*schema.Kind]bool
}

// need takes a model that is referred to, and what is drawn with its objects wherever
// those are.
func (n *needs) need(model string) {
	for _, kind := range n.named(model) {
		if kind.File.Joins || n.whole && kind.File.Head {
			n.follow(kind)
		}
	}
}

// named takes the kinds whose objects a model's key can mean, and returns them.
func (n *needs) named(model string) []*schema.Kind {
	kind := n.schema.Kind(model)
	if kind == nil {
		return nil
	}
	kinds := append(n.schema.Members(model), kind)
	for _, one := range kinds {
		n.models[one.Model] = true
	}
	return kinds
}

// follow takes what objects of a kind are drawn with.
func (n *needs) follow(kind *schema.Kind) {
	if n.followed[kind] {
		return
	}
	n.followed[kind], n.models[kind.Model] = true, true
	for _, field := range kind.Fields.Fields {
		if n.whole || field.Name != owner(kind) { // drawn already
			n.need(field.Refers)
		}
	}
	for _, user := range n.schema.Referrers(kind) {
		switch own := owner(user.Kind); {
		case own == user.Field.Name:
			n.follow(user.Kind)
		case n.roots[kind]:
			n.models[user.Kind.Model] = true
			if field := user.Kind.Fields.Field(own); field != nil {
				n.named(field.Refers) // a binding is a line from what that is
			}
		}
	}
}

// rootKinds are those that the graphs of a picture are of, and whether that is all that
// can be.
func rootKinds(s *schema.Schema, chosen []Choice) (roots map[*schema.Kind]bool, whole bool) {
	roots = map[*schema.Kind]bool{}
	whole = len(chosen) == 0 || slices.ContainsFunc(chosen, func(c Choice) bool { return c.Kind == nil })
	for _, kind := range s.Managed() {
		if whole && kind.File.Head || slices.ContainsFunc(chosen, func(c Choice) bool { return c.Kind != nil && kind.Is(c.Kind.Model) }) {
			roots[kind] = true
		}
	}
	return roots, whole
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
