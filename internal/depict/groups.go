package depict

import (
	"cmp"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Groups returns what tells of a plan's changes to which object of a kind they belong,
// such as to which flow, be that changed too or not: by what the entries declare, or else
// by what the plan knows. It gives nothing for one that belongs to none.
func Groups(s *schema.Schema, plan *sync.Plan, entries []*tree.Entry, kind *schema.Kind) func(*sync.Change) string {
	declared, changed := Blueprints(s.At(plan.Version), entries), Plan(s, plan)
	byEntries, byPlan := declared.groups(kind), changed.groups(kind)
	return func(change *sync.Change) string {
		return cmp.Or(byEntries(declared.places[change.Source]),
			byPlan(cmp.Or(changed.changes[change], changed.live[pointer{change.Model, change.PK}])))
	}
}

// groups returns what tells to which object of a kind one belongs.
func (s *Set) groups(kind *schema.Kind) func(*object) string {
	l := s.link()
	roots := slices.DeleteFunc(slices.Clone(s.objects), func(o *object) bool { return o.kind.Model != kind.Model })
	slices.SortStableFunc(roots, before)
	of := map[*object]string{}
	for _, root := range roots {
		name := kind.Title + " " + root.name
		b := l.building(root)
		b.draw(root)
		for o := range b.at {
			switch group, has := of[o]; {
			case o == root:
				of[o] = name
			case o.kind.Model == kind.Model:
			case !has:
				of[o] = name
			case group != name:
				of[o] = "more than one " + kind.Title
			}
		}
	}
	return func(o *object) string {
		if o != nil && l.lines[o] { // it is with what it belongs to
			own := owner(o.kind)
			for _, r := range o.refs {
				if r.field != nil && r.field.Name == own {
					o = r.to
					break
				}
			}
		}
		return of[o]
	}
}
