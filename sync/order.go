package sync

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// checkNames makes sure that no two objects of a scope end up with one name,
// and lets a change that takes a name wait for the one that gives it up.
func (p *planner) checkNames() {
	takes := map[string]*Change{}
	gives := map[string]*Change{}
	for _, change := range p.plan.Changes {
		now, next := change.nameNow(), change.nameNext()
		if now != "" && now != next {
			gives[change.scoped(now)] = change
		}
		if next != "" && now != next {
			if other := takes[change.scoped(next)]; other != nil {
				p.refuse(change, fmt.Sprintf("%s is the name that the %s at %s takes: want another name", quote(next), other.Kind.Title, other.Entry.Place))
				continue
			}
			takes[change.scoped(next)] = change
		}
	}
	for _, change := range p.plan.Changes {
		next := change.nameNext()
		if takes[change.scoped(next)] != change {
			continue
		}
		if giver := gives[change.scoped(next)]; giver != nil {
			change.After = append(change.After, giver)
		} else if p.taken(change, next) {
			p.refuse(change, quote(next)+" is the name of another object: want another name")
		}
	}
}

func (c *Change) scoped(name string) string {
	return cmp.Or(c.Kind.Scope, c.Kind.Model) + " " + name
}

// nameNow is what the object is called before the change; empty if it is not
// there yet.
func (c *Change) nameNow() string {
	if c.PK == "" {
		return ""
	}
	return c.Name
}

// nameNext is what the object is called after the change; empty if it is gone.
func (c *Change) nameNext() string {
	if c.Action == Delete {
		return ""
	}
	for _, field := range c.Fields {
		if field.Name == c.Kind.Key {
			return asText(field.After)
		}
	}
	return c.nameNow()
}

// taken tells whether a live object of the change's scope has the name.
func (p *planner) taken(change *Change, name string) bool {
	for model, ix := range p.live {
		kind := p.schema.Kind(model)
		if kind == change.Kind || kind.Scope != "" && kind.Scope == change.Kind.Scope {
			if object := ix.byKey[name]; object != nil && asText(object[schema.PK]) != change.PK {
				return true
			}
		}
	}
	return false
}

// order puts each change behind those it waits for, deletions last, and
// otherwise keeps the order of the blueprints. What waits for itself in a
// circle, or for something that is not done, is refused.
func (p *planner) order() {
	p.waitForCreators()
	pending := slices.Clone(p.plan.Changes)
	slices.SortStableFunc(pending, func(a, b *Change) int { return cmp.Compare(rank(a), rank(b)) })
	sorted := p.sort(pending)
	for _, change := range sorted {
		for _, before := range change.After {
			if before.refused && !change.refused {
				p.refuse(change, fmt.Sprintf("it waits for the %s %s, which can't be planned: put that right first", before.Kind.Title, quote(before.Name)))
			}
		}
	}
	p.plan.Changes = slices.DeleteFunc(sorted, func(c *Change) bool { return c.refused })
}

func rank(c *Change) int {
	if c.Action == Delete {
		return 1
	}
	return 0
}

// waitForCreators lets a change wait for those that create what it refers to.
func (p *planner) waitForCreators() {
	for _, c := range p.candidates {
		if c.change == nil {
			continue
		}
		for _, creator := range c.waits {
			switch {
			case creator.change == nil && !c.change.refused:
				p.refuse(c.change, fmt.Sprintf("it refers to the %s %s, which can't be planned: put that right first",
					creator.kind.Title, quote(text(creator.entry, creator.kind.Key))))
			case creator.change != nil && !slices.Contains(c.change.After, creator.change):
				c.change.After = append(c.change.After, creator.change)
			}
		}
	}
}

// sort is a depth-first topological sort that keeps the given order where
// nothing waits. The changes of a circle are refused.
func (p *planner) sort(changes []*Change) []*Change {
	sorted := make([]*Change, 0, len(changes))
	done := make(map[*Change]bool, len(changes))
	var visit func(change *Change, path []*Change)
	visit = func(change *Change, path []*Change) {
		if done[change] {
			return
		}
		if at := slices.Index(path, change); at >= 0 {
			for _, member := range path[at:] {
				p.refuse(member, "its change waits for itself in a circle: make it in two steps")
			}
			return
		}
		for _, before := range change.After {
			visit(before, append(path, change))
		}
		if !done[change] {
			done[change] = true
			sorted = append(sorted, change)
		}
	}
	for _, change := range changes {
		visit(change, nil)
	}
	return sorted
}

// refuse marks a change as one that is not made, and says why.
func (p *planner) refuse(change *Change, message string) {
	if change.refused {
		return
	}
	change.refused = true
	p.plan.Failed[change.Kind.Model]++
	p.plan.Problems = append(p.plan.Problems, tree.Problem{
		Place: change.Entry.Place, Path: change.Entry.Path, Message: message,
	})
}
