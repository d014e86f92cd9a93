package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/schema"
)

// scopedName is a name among those that have to differ: of a kind, or of all
// kinds of a scope.
type scopedName struct{ scope, name string }

func scoped(kind *schema.Kind, name string) scopedName {
	return scopedName{cmp.Or(kind.Scope, kind.Model), name}
}

// nameNow is what the object is called before the change; empty if it is not
// there yet.
func (c *Change) nameNow() string {
	if c.PK == "" {
		return ""
	}
	return c.Name
}

// nameNext is what the object is called after the change; empty if it is gone,
// or where the name is known only after apply.
func (c *Change) nameNext(key string) string {
	if c.Action == Delete {
		return ""
	}
	for _, field := range c.Fields {
		if field.Name == key {
			return asText(field.After)
		}
	}
	return c.nameNow()
}

// checkNames makes sure that no two objects of a scope end up with one name,
// and lets a change that takes a name wait for the one that gives it up.
func (p *planner) checkNames() {
	takes := map[scopedName]*Change{}
	gives := map[scopedName]*Change{}
	refused := map[*Change]string{}
	for _, change := range p.plan.Changes {
		kind := p.schema.Kind(change.Model)
		now, next := change.nameNow(), change.nameNext(kind.Key)
		if now != "" && now != next {
			gives[scoped(kind, now)] = change
		}
		if next == "" || now == next {
			continue
		}
		if other := takes[scoped(kind, next)]; other != nil {
			refused[change] = fmt.Sprintf("%s is the name that the %s at %s takes: want another name", quote(next), other.Title, other.Source)
			continue
		}
		takes[scoped(kind, next)] = change
	}
	for name, change := range takes {
		kind := p.schema.Kind(change.Model)
		if giver := gives[name]; giver != nil && giver != change {
			change.After = append(change.After, giver.ID)
		} else if other := p.taken(kind, change, name.name); other != "" {
			refused[change] = quote(name.name) + " is the name of another " + other + ": want another name"
		}
	}
	p.refuse(refused)
}

// taken returns the title of the kind of a live object of the change's scope that
// has the name, or nothing.
func (p *planner) taken(kind *schema.Kind, change *Change, name string) string {
	for _, model := range slices.Sorted(maps.Keys(p.tables)) {
		t := p.tables[model]
		if t.kind != kind && (kind.Scope == "" || kind.Scope != t.kind.Scope) {
			continue
		}
		for _, object := range t.index(t.kind.Key)[name] {
			if model != change.Model || t.id(object) != change.PK {
				return t.kind.Title
			}
		}
	}
	return ""
}

// sortChanges puts each change behind those it waits for, deletions last, and
// otherwise keeps the order of the blueprints. What waits for itself in a
// circle, or for something that is not done, is refused.
func (p *planner) sortChanges() {
	p.waitForUsers()
	pending := slices.Clone(p.plan.Changes)
	slices.SortStableFunc(pending, func(a, b *Change) int { return cmp.Compare(rank(a), rank(b)) })
	sorted, circles := sortChanges(pending)
	p.plan.Changes = sorted
	p.refuse(circles)
	for {
		waiting := map[*Change]string{}
		for _, change := range p.plan.Changes {
			for _, before := range change.After {
				if other := p.refused[before]; other != nil {
					waiting[change] = fmt.Sprintf("it waits for the %s, which can't be planned: put that right first", other.what())
				}
			}
		}
		if len(waiting) == 0 {
			return
		}
		p.refuse(waiting)
	}
}

func rank(c *Change) int {
	if c.Action == Delete {
		return 1
	}
	return 0
}

// waitForUsers lets a deletion wait for the changes of what refers to its object:
// users go first, or are given something else.
func (p *planner) waitForUsers() {
	deleted := map[schema.User]*Change{}
	for _, change := range p.plan.Changes {
		if change.Action == Delete {
			deleted[schema.User{Model: change.Model, ID: change.PK}] = change
		}
	}
	if len(deleted) == 0 {
		return
	}
	for _, change := range p.plan.Changes {
		for _, field := range p.schema.Kind(change.Model).Fields.Fields {
			model := field.Refers
			if model == "" || change.Live == nil {
				continue
			}
			for _, id := range elements(change.Live[field.Name]) {
				target := deleted[schema.User{Model: model, ID: schema.IDText(id)}]
				if target != nil && target != change && letsGo(change, field.Name, id) {
					target.After = append(target.After, change.ID)
				}
			}
		}
	}
}

// letsGo reports whether a change ends that a field of its object refers to the
// one with that key.
func letsGo(change *Change, name string, id any) bool {
	if change.Action == Delete {
		return true
	}
	for _, field := range change.Fields {
		if field.Name == name {
			return !slices.Contains(elements(field.After), id)
		}
	}
	return false
}

// sortChanges is a depth-first topological sort that keeps the given order where
// nothing waits. The changes of a circle get a message.
func sortChanges(changes []*Change) (sorted []*Change, circles map[*Change]string) {
	byID := make(map[int]*Change, len(changes))
	for _, change := range changes {
		byID[change.ID] = change
	}
	circles = map[*Change]string{}
	sorted = make([]*Change, 0, len(changes))
	done := make(map[*Change]bool, len(changes))
	var visit func(change *Change, path []*Change)
	visit = func(change *Change, path []*Change) {
		if done[change] {
			return
		}
		if at := slices.Index(path, change); at >= 0 {
			for _, member := range path[at:] {
				circles[member] = "its change waits for itself in a circle: make it in two steps"
			}
			return
		}
		for _, before := range change.After {
			if other := byID[before]; other != nil {
				visit(other, append(path, change))
			}
		}
		if !done[change] {
			done[change] = true
			sorted = append(sorted, change)
		}
	}
	for _, change := range changes {
		visit(change, nil)
	}
	return sorted, circles
}
