package sync

import (
	"maps"
	"slices"

	"github.com/aksync/aksync/schema"
)

// saveNames returns the names of what the plan's changes refer to, in order.
func (p *Plan) saveNames() []SavedName {
	var names []SavedName
	for _, to := range slices.SortedFunc(maps.Keys(p.Names), Pointer.compare) {
		named := p.Names[to]
		names = append(names, SavedName{Refers: to.Model, Key: to.Key, Model: named.Model, Name: named.Name, PK: named.PK})
	}
	return names
}

// NamesIn returns the names of what the fields of a change refer to, in order; made are
// those of what was created meanwhile.
func (p *Plan) NamesIn(change *Change, made map[Pointer]Named) []SavedName {
	one := Plan{Names: map[Pointer]Named{}}
	for _, field := range change.Fields {
		for _, key := range slices.Concat(elements(field.Before), elements(field.After)) {
			to := Pointer{field.Refers, schema.IDText(key)}
			if named, known := p.Names[to]; known {
				one.Names[to] = named
			} else if named, known := made[to]; known {
				one.Names[to] = named
			}
		}
	}
	return one.saveNames()
}

// RestoreNames is the way back. A name of what this aksync does not know is of no use,
// and does no harm.
func RestoreNames(sch *schema.Schema, all []SavedName) map[Pointer]Named {
	names := make(map[Pointer]Named, len(all))
	for _, saved := range all {
		if kind := sch.Kind(saved.Model); kind != nil {
			names[Pointer{saved.Refers, saved.Key}] = Named{kind.Model, kind.Title, saved.Name, saved.PK}
		}
	}
	return names
}

// Plan returns the plan as it was saved, for people to look at. It is not compared with
// any server.
func (s *SavedPlan) Plan(sch *schema.Schema) (*Plan, error) { return s.restore(sch.At(s.Version)) }
