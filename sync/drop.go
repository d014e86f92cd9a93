package sync

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// A guard is a function from plan to plan: it takes changes out, with a problem
// for each, or refuses the plan as a whole. It changes no plan that it is given.
type guard func(*Plan) *Plan

// copied returns a plan whose lists can be changed.
func (p *Plan) copied() *Plan {
	own := *p
	own.Changes = slices.Clone(p.Changes)
	own.Problems = slices.Clone(p.Problems)
	own.Failed = maps.Clone(p.Failed)
	return &own
}

// refused returns the plan with none of it done.
func (p *Plan) refused(why string) *Plan {
	own := p.copied()
	own.Refusal = why
	own.Problems = append(own.Problems, tree.Problem{Message: why})
	return own
}

// without returns the plan without the changes that why has a message for, and
// without those that wait for them; each becomes a problem.
func (p *Plan) without(why map[int]string) *Plan {
	if len(why) == 0 {
		return p
	}
	why = maps.Clone(why)
	byID := p.byID()
	own := p.copied()
	// Changes are in an order in which none waits for a later one.
	own.Changes = slices.DeleteFunc(own.Changes, func(change *Change) bool {
		message, drop := why[change.ID]
		for _, before := range change.After {
			if _, dropped := why[before]; dropped && !drop {
				message, drop = fmt.Sprintf("it waits for the %s, which can't be done: put that right first", byID[before].what()), true
				why[change.ID] = message
			}
		}
		if drop {
			own.Failed[change.Model]++
			own.Problems = append(own.Problems, change.problem(message))
		}
		return drop
	})
	own.Problems = own.Problems.Sort()
	return own
}

// byID finds changes by their numbers.
func (p *Plan) byID() map[int]*Change {
	byID := make(map[int]*Change, len(p.Changes))
	for _, change := range p.Changes {
		byID[change.ID] = change
	}
	return byID
}
