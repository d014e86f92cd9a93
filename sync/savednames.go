package sync

import (
	"cmp"
	"slices"

	"github.com/aksync/aksync/schema"
)

// saveNames returns the names of what the plan's changes refer to, in order.
func (p *Plan) saveNames() []SavedName {
	var names []SavedName
	for to, named := range p.Names {
		names = append(names, SavedName{Refers: to.Model, Key: to.Key, Model: named.Model, Name: named.Name, PK: named.PK})
	}
	slices.SortFunc(names, func(a, b SavedName) int {
		return cmp.Or(cmp.Compare(a.Refers, b.Refers), cmp.Compare(a.Key, b.Key))
	})
	return names
}

// restoreNames is the way back. A name of what this aksync does not know is of no use,
// and does no harm.
func (s *SavedPlan) restoreNames(sch *schema.Schema) map[Pointer]Named {
	names := make(map[Pointer]Named, len(s.Names))
	for _, saved := range s.Names {
		if kind := sch.Kind(saved.Model); kind != nil {
			names[Pointer{saved.Refers, saved.Key}] = Named{kind.Model, kind.Title, saved.Name, saved.PK}
		}
	}
	return names
}

// Plan returns the plan as it was saved, for people to look at. It is not compared with
// any server.
func (s *SavedPlan) Plan(sch *schema.Schema) (*Plan, error) { return s.restore(sch.At(s.Version)) }
