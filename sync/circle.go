package sync

import (
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// breakCircles makes creations that wait for each other in a circle possible: one of
// them leaves a field out that refers to another, and an update of its own gives the
// object that field afterwards. A circle that no field lets go of is refused when
// changes are sorted.
func (p *planner) breakCircles() {
	for {
		circle := p.circle()
		if circle == nil || !p.postpone(circle) {
			return
		}
	}
}

// circle returns creations each of which waits for the next one, and the last for
// the first; or nil.
func (p *planner) circle() []*Change {
	creates := map[int]*Change{}
	for _, change := range p.plan.Changes {
		if change.Action == Create {
			creates[change.ID] = change
		}
	}
	done := map[*Change]bool{}
	var path []*Change
	var visit func(*Change) []*Change
	visit = func(change *Change) []*Change {
		if done[change] {
			return nil
		}
		if at := slices.Index(path, change); at >= 0 {
			return slices.Clone(path[at:])
		}
		path = append(path, change)
		defer func() { path = path[:len(path)-1] }()
		for _, id := range idsOf(change) {
			if other := creates[id]; other != nil {
				if found := visit(other); found != nil {
					return found
				}
			}
		}
		done[change] = true
		return nil
	}
	for _, change := range p.plan.Changes {
		if creates[change.ID] == change {
			if found := visit(change); found != nil {
				return found
			}
		}
	}
	return nil
}

// postpone takes a field out of one of the creations of a circle, and reports
// whether there is one that can come later.
func (p *planner) postpone(circle []*Change) bool {
	for i, change := range circle {
		next := circle[(i+1)%len(circle)]
		kind := p.schema.Kind(change.Model)
		for _, field := range kind.Fields.Fields {
			value, declared := change.Declared[field.Name]
			if !declared || field.Required || field.Via != nil || !kind.Update || field.Name == kind.Key ||
				!slices.Contains(tree.IDs(value), next.ID) {
				continue
			}
			p.postponeField(change, field.Name)
			return true
		}
	}
	return false
}

func (p *planner) postponeField(change *Change, name string) {
	at := slices.IndexFunc(change.Fields, func(f FieldChange) bool { return f.Name == name })
	later := *change
	later.ID, later.Action, later.Of, later.State = p.number(), Update, &change.ID, tree.Present
	later.Fields = []FieldChange{change.Fields[at]}
	later.Declared = map[string]any{name: change.Declared[name]}
	later.Live = nil
	later.After = append([]int{change.ID}, tree.IDs(change.Declared[name])...)
	slices.Sort(later.After)
	later.After = slices.Compact(later.After)
	p.plan.Changes = append(p.plan.Changes, &later)

	change.Declared = maps.Clone(change.Declared)
	delete(change.Declared, name)
	change.Fields = slices.Delete(slices.Clone(change.Fields), at, at+1)
	needed := idsOf(change)
	change.After = slices.DeleteFunc(change.After, func(id int) bool {
		return slices.Contains(tree.IDs(later.Declared[name]), id) && !slices.Contains(needed, id)
	})
}

// number returns one that no change has.
func (p *planner) number() int {
	p.numbers++
	return len(p.candidates) + p.numbers
}
