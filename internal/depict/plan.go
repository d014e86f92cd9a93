package depict

import (
	"cmp"
	"slices"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Plan returns what a plan changes, and what that refers to.
func Plan(s *schema.Schema, plan *sync.Plan) *Set {
	set := newSet(s.At(plan.Version))
	set.source, set.outside = "the plan", "not changed"
	set.only, set.rest = true, true
	set.change(plan)
	return set
}

// Change marks what a plan changes of the objects of a server, and leaves all out in
// whose picture nothing changes.
func (s *Set) Change(plan *sync.Plan) {
	s.only, s.rest = true, true
	s.source = "the plan"
	s.change(plan)
}

func (s *Set) change(plan *sync.Plan) {
	s.linked = nil
	changed := map[*sync.Change]*object{}
	for _, change := range plan.Changes {
		kind := s.schema.Kind(change.Model)
		if change.Action == sync.NoOp || change.Permits != nil || kind == nil {
			continue
		}
		changed[change] = s.changed(kind, change)
	}
	named := func(model, key string) (*schema.Kind, string) {
		name, known := plan.Names[sync.Pointer{Model: model, Key: key}]
		if !known {
			return s.unnamed(model, key)
		}
		return s.schema.Kind(name.Model), name.Name
	}
	for _, change := range plan.Changes {
		if o := changed[change]; o != nil {
			s.referChange(o, change, named)
		}
	}
	binds := s.binds()
	for _, change := range plan.Changes {
		if o := changed[change]; o != nil {
			s.uses(o, change, binds)
		}
	}
	s.changes = changed
}

// changed returns the object of a change, marked.
func (s *Set) changed(kind *schema.Kind, change *sync.Change) *object {
	if change.Of != nil {
		return s.numbered[*change.Of]
	}
	o := s.live[pointer{kind.Model, change.PK}]
	if o == nil {
		o = s.add(kind, change.Name)
		s.know(o, change.PK)
		s.numbered[change.ID] = o
	}
	o.outside = false
	o.mark = map[sync.Action]graph.Mark{sync.Create: graph.Creates, sync.Update: graph.Changes, sync.Delete: graph.Deletes}[change.Action]
	return o
}

// referChange notes what the object of a change refers to, did or will.
func (s *Set) referChange(o *object, change *sync.Change, named func(model, key string) (*schema.Kind, string)) {
	now := func(name string) any {
		if value, declared := change.Declared[name]; declared && change.Action != sync.Delete {
			return value
		}
		return change.Live[name]
	}
	if change.Of == nil {
		o.refs = nil
		o.describe(now)
	}
	for _, field := range o.kind.Fields.Fields {
		if field.Refers == "" || field.Sensitive {
			continue
		}
		before := s.targets(field, change.Live[field.Name], named)
		after := s.targets(field, now(field.Name), named)
		for _, to := range before {
			if !slices.Contains(after, to) {
				o.refs = append(o.refs, ref{field, to, graph.Deletes})
			}
		}
		for _, to := range after {
			mark := graph.Stays
			if change.Action == sync.Update && change.Of == nil && !slices.Contains(before, to) {
				mark = graph.Creates
			}
			o.refs = append(o.refs, ref{field, to, mark})
		}
	}
}

func (s *Set) targets(field *schema.Field, value any, named func(model, key string) (*schema.Kind, string)) []*object {
	var targets []*object
	for _, element := range elements(value) {
		if to := s.target(field, element, named); to != nil {
			targets = append(targets, to)
		}
	}
	return targets
}

// uses notes what the server says uses an object, where nothing in the set binds it to
// that.
func (s *Set) uses(o *object, change *sync.Change, binds map[[2]*object]bool) {
	for _, user := range change.Users {
		kind := s.schema.Kind(user.Model)
		if kind == nil {
			continue
		}
		by := s.other(kind, user.Model, user.ID, cmp.Or(user.Name, user.ID))
		if by != o && !binds[[2]*object{by, o}] {
			by.refs = append(by.refs, ref{to: o})
		}
	}
}

// binds are the pairs of objects of which something that belongs to the first refers to
// the second.
func (s *Set) binds() map[[2]*object]bool {
	pairs := map[[2]*object]bool{}
	for _, o := range s.objects {
		own := owner(o.kind)
		for _, to := range o.refs {
			if own == "" || to.field == nil || to.field.Name != own {
				continue
			}
			for _, r := range o.refs {
				pairs[[2]*object{to.to, r.to}] = true
			}
		}
	}
	return pairs
}

func (o *object) has(to *object) bool {
	return slices.ContainsFunc(o.refs, func(r ref) bool { return r.to == to })
}
