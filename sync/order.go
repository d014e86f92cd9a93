package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/schema"
)

// scopedName is a value that only one object of a kind, or of all kinds of a
// scope, may have of a field.
type scopedName struct {
	scope, field string
	value        any
}

func scoped(kind *schema.Kind, field string, value any) scopedName {
	if field == kind.Key {
		return scopedName{cmp.Or(kind.Scope, kind.Model), "", value}
	}
	return scopedName{kind.Model, field, value}
}

// uniqueFields returns the kind's key, if it has one, and its other fields of which
// no two objects have the same.
func uniqueFields(kind *schema.Kind) []string {
	var names []string
	for _, field := range kind.Fields.Fields {
		if field.Name == kind.Key || field.Unique {
			names = append(names, field.Name)
		}
	}
	return names
}

// valueNow is what the object has of a field before the change; nil if it is not there
// yet.
func (c *Change) valueNow(field, key string) any {
	if c.PK == "" {
		return nil
	}
	if field == key {
		return c.Name
	}
	return c.Live[field]
}

// valueNext is what the object has of a field after the change; nil if it is gone, or
// where that is known only after apply.
func (c *Change) valueNext(field, key string) any {
	if c.Action == Delete {
		return nil
	}
	for _, change := range c.Fields {
		if change.Name == field {
			if !indexed(change.After) || change.After == "" {
				return nil
			}
			return change.After
		}
	}
	return c.valueNow(field, key)
}

// checkNames makes sure that no two objects end up with one name, and lets a change
// that takes a name wait for the one that gives it up. Other values that only one
// object may have are as names are.
func (p *planner) checkNames() {
	takes := map[scopedName]*Change{}
	gives := map[scopedName]*Change{}
	var order []scopedName
	refused := map[*Change]string{}
	for _, change := range p.plan.Changes {
		kind := p.schema.Kind(change.Model)
		for _, field := range uniqueFields(kind) {
			now, next := counted(change.valueNow(field, kind.Key)), counted(change.valueNext(field, kind.Key))
			if now != nil && now != next {
				gives[scoped(kind, field, now)] = change
			}
			if next == nil || now == next {
				continue
			}
			name := scoped(kind, field, next)
			if other := takes[name]; other != nil {
				refused[change] = name.taken(kind.Fields.Field(field), fmt.Sprintf("that the %s at %s takes", other.Title, other.Source))
				continue
			}
			takes[name] = change
			order = append(order, name)
		}
	}
	for _, name := range order {
		change := takes[name]
		kind := p.schema.Kind(change.Model)
		if giver := gives[name]; giver != nil && giver != change {
			change.After = append(change.After, giver.ID)
		} else if other := p.taken(kind, change, name); other != "" {
			refused[change] = name.taken(kind.Fields.Field(cmp.Or(name.field, kind.Key)), "of another "+other)
		}
	}
	p.refuse(refused)
}

// counted is a value that only one object may have, or nil: of a boolean that is true.
func counted(value any) any {
	if value == false {
		return nil
	}
	return value
}

// taken says that a value of a field is somebody else's.
func (n scopedName) taken(field *schema.Field, by string) string {
	switch {
	case n.value == true:
		return fmt.Sprintf("true is the %s %s: only one may have it", n.field, by)
	case n.field == "":
		return fmt.Sprintf("%s is the name %s: want another name", field.Describe(n.value), by)
	}
	return fmt.Sprintf("%s is the %s %s: want another", field.Describe(n.value), n.field, by)
}

// taken returns the title of the kind of a live object of the change's scope that
// has the name, or nothing.
func (p *planner) taken(kind *schema.Kind, change *Change, name scopedName) string {
	for _, model := range slices.Sorted(maps.Keys(p.tables)) {
		t := p.tables[model]
		if t.kind != kind && (name.field != "" || kind.Scope == "" || kind.Scope != t.kind.Scope || !t.kind.Managed) {
			continue
		}
		for _, object := range t.having([]want{{field: cmp.Or(name.field, t.kind.Key), value: name.value}}) {
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
	deleted := map[schema.User]*Change{} // by the kind's own model, and by its bases
	for _, change := range p.plan.Changes {
		if change.Action == Delete {
			for _, model := range append([]string{change.Model}, p.schema.Kind(change.Model).Bases...) {
				deleted[schema.User{Model: model, ID: change.PK}] = change
			}
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
			return !holds(field.After, id)
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
			if !slices.ContainsFunc(path[at:], func(c *Change) bool { return c.Action != Delete }) {
				// Whichever goes first, the server lets go of it in the others.
				last := path[len(path)-1]
				last.After = slices.DeleteFunc(last.After, func(id int) bool { return id == change.ID })
				return
			}
			for _, member := range path[at:] {
				circles[member] = "its change waits for itself in a circle: make it in two steps"
			}
			return
		}
		for _, before := range slices.Clone(change.After) {
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
