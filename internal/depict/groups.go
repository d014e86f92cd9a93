package depict

import (
	"slices"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Groups returns what tells of a plan's changes to which object of a kind they belong,
// such as to which flow: the first by name, where there are several. It gives nothing
// for one that belongs to none.
func Groups(s *schema.Schema, plan *sync.Plan, kind *schema.Kind) func(*sync.Change) string {
	set := Plan(s, plan)
	l := set.link()
	roots := slices.DeleteFunc(slices.Clone(set.objects), func(o *object) bool { return o.kind.Model != kind.Model })
	slices.SortStableFunc(roots, before)
	of := map[*object]string{}
	for _, root := range roots {
		b := l.building(root)
		b.draw(root)
		for o := range b.at {
			if _, has := of[o]; !has && (o == root || o.kind.Model != kind.Model) {
				of[o] = root.kind.Title + " " + root.name
			}
		}
	}
	return func(change *sync.Change) string {
		o := set.changes[change]
		if o == nil {
			o = set.live[pointer{change.Model, change.PK}]
		}
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
