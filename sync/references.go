package sync

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// checkReferences makes sure that what changes refer to is there when their turn
// comes: it lets them wait for the changes that create it, and refuses those that
// refer to what is not there after the pass.
func (p *planner) checkReferences() {
	p.renumber()
	creates := map[int]*Change{}
	for _, change := range p.plan.Changes {
		if change.Action == Create {
			creates[change.ID] = change
		}
	}
	refused := map[*Change]string{}
	for _, change := range p.plan.Changes {
		for _, id := range idsOf(change) {
			if creates[id] == nil {
				refused[change] = fmt.Sprintf("it refers to %s, which can't be planned: put that right first", p.whatIs(id))
			} else if id != change.ID {
				change.After = append(change.After, id)
			}
		}
	}
	for _, g := range p.order {
		if g.change == nil || g.deletes() {
			continue
		}
		if problem := p.danglingField(g); problem != nil {
			refused[g.change] = "" // it has a message of its own
			p.plan.Problems = append(p.plan.Problems, *problem)
		}
	}
	p.refuse(refused)
}

// idsOf returns the numbers of the changes that a change needs the keys of.
func idsOf(change *Change) []int {
	var ids []int
	if change.Permits != nil {
		ids = tree.IDs(change.Permits.ID)
	}
	for _, name := range slices.Sorted(maps.Keys(change.Declared)) {
		for _, id := range tree.IDs(change.Declared[name]) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// moved is the key of an object that the number of a change, or of what it was joined
// with, stands for.
func (p *planner) moved(id tree.ID) any {
	for {
		other, was := p.renumbered[id.Change]
		if !was {
			return tree.Value{Data: p.candidates[id.Change].group.id()}.Plain()
		}
		id.Change = other
	}
}

// renumber gives references to a group that was joined with another one the
// other's number.
func (p *planner) renumber() {
	if len(p.renumbered) == 0 {
		return
	}
	for _, change := range p.plan.Changes {
		for name, value := range change.Declared {
			change.Declared[name] = tree.Replace(value, p.moved)
		}
		for i, field := range change.Fields {
			change.Fields[i].After = tree.Replace(field.After, p.moved)
		}
	}
}

// whatIs names the object of a group for a message.
func (p *planner) whatIs(number int) string {
	c := p.candidates[number]
	if c.group == nil {
		return "the " + c.kind.Title + " at " + c.entry.Place.String()
	}
	return "the " + c.kind.Title + " " + quote(p.nameOf(c.group))
}

// danglingField finds a declared key of an object that is not there after the
// pass. A key that the live object has too is one of an object that is there
// before.
func (p *planner) danglingField(g *group) *tree.Problem {
	for _, field := range g.kind.Fields.Fields {
		value, declared := g.entry.Field(field.Name)
		if field.Refers == "" || !declared || g.object != nil && g.change.State != tree.Present {
			continue
		}
		for _, one := range elementsOf(value) {
			if message := p.dangling(field.Refers, one, g.change.sets(field.Name)); message != "" {
				return p.fieldProblem(g, field.Name, message)
			}
		}
	}
	return nil
}

// elements returns what a field for one key, or for a list of them, holds.
func elements(plain any) []any {
	if list, isList := plain.([]any); isList {
		return list
	}
	return []any{plain}
}

// holds reports whether a field for one key, or for a list of them, holds the key.
func holds(plain, id any) bool {
	return slices.ContainsFunc(elements(plain), func(element any) bool { return schema.IDText(element) == schema.IDText(id) })
}

// elementsOf is elements for a value.
func elementsOf(v tree.Value) []tree.Value {
	if list, isList := v.Data.(tree.List); isList {
		return list
	}
	return []tree.Value{v}
}

// dangling says what is wrong with a key of an object of the model, if anything. A
// key that a reference has found is that of an object that was there: all that is
// asked is whether it stays, and of one that was looked up by a base, whether it is
// of the model.
func (p *planner) dangling(model string, v tree.Value, changes bool) string {
	key := schema.IDText(v.Plain())
	if key == "" { // null, or known after apply
		return ""
	}
	if g := p.groups[liveIdentity(model, key)]; g != nil && g.deletes() {
		return fmt.Sprintf("the %s %s is deleted by the entry at %s: want one that stays", g.kind.Title, quote(p.nameOf(g)), g.members[0].entry.Place)
	}
	id, found := v.Data.(tree.ID)
	if found && (id.Model == "" || id.Model == model) || !changes {
		return ""
	}
	return p.missing(model, key)
}

// missing says that no object of the model has a key, if that is so.
func (p *planner) missing(model, key string) string {
	kind := p.schema.Kind(model)
	if kind == nil {
		return ""
	}
	kinds := []*schema.Kind{kind}
	if kind.Path == "" {
		kinds = p.schema.Members(model)
	}
	for _, one := range kinds {
		if t := p.tables[one.Model]; t != nil && t.byID[key] != nil {
			return ""
		}
	}
	for _, one := range kinds {
		t := p.table(one)
		if t.Err != nil || t.get(key) != nil { // the server will say
			return ""
		}
	}
	return fmt.Sprintf("no %s has the %s %s: want one that exists", kind.Title, kind.ID, key)
}

// fieldProblem is a problem with what a group's entries say of a field.
func (p *planner) fieldProblem(g *group, name, message string) *tree.Problem {
	for _, c := range g.members {
		if value, given := c.entry.Field(name); given {
			return &tree.Problem{Place: value.Place, Path: c.entry.Path + "." + part(c.entry, name) + "." + name, Message: message}
		}
	}
	first := g.members[0].entry
	return &tree.Problem{Place: first.Place, Path: first.Path, Message: message}
}

// refuse takes changes out of the plan, with a problem for each that has a
// message. Those that wait for them are taken out when all are sorted.
func (p *planner) refuse(why map[*Change]string) {
	if p.refused == nil {
		p.refused = map[int]*Change{}
	}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(change *Change) bool {
		message, drop := why[change]
		if !drop {
			return false
		}
		p.refused[change.ID] = change
		p.plan.Failed[change.Model]++
		if message != "" {
			p.plan.Problems = append(p.plan.Problems, change.problem(message))
		}
		return true
	})
}
