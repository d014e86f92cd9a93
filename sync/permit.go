package sync

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// An entry's permissions are what somebody is permitted to do with its object: they
// are given and never taken away, as authentik does it (blueprints/v1/importer.py).
// Each change of them is one of its own, beside that of the object.

// Permitting is who is permitted what with the object of a change.
type Permitting struct {
	// Model and ID are of who is permitted it: an ID that is not known yet is a
	// tree.ID.
	Model string
	ID    any
	// Codenames are what is permitted, without the name of the app.
	Codenames []string
}

// full are the permissions with the name of the app of the object's kind in front.
func (p *Permitting) full(kind *schema.Kind) []any {
	names := make([]any, len(p.Codenames))
	for i, codename := range p.Codenames {
		names[i] = kind.App() + "." + codename
	}
	return names
}

// permit is a permission that a candidate declares, resolved.
type permit struct {
	place    tree.Place
	path     string
	model    string // of the holder
	holder   any    // its primary key, or a tree.ID
	codename string
}

// resolvePermissions resolves the permissions of an entry that counts.
func (p *planner) resolvePermissions(c *candidate) {
	for _, declared := range c.entry.Permissions {
		if c.phase != settled {
			return
		}
		if problem := p.resolvePermission(c, declared); problem != nil {
			p.fail(c, *problem)
		}
	}
}

func (p *planner) resolvePermission(c *candidate, declared tree.Permission) *tree.Problem {
	fields := make(tree.Map, len(declared.Fields))
	for i, member := range declared.Fields {
		value, err := member.Value.Resolve(p.lookup)
		if err != nil {
			problem := tree.AsProblem(err, member.Value.Place, schema.Join(declared.Path, member.Name()))
			return &problem
		}
		fields[i] = tree.Member(member.Key.Place, member.Name(), value)
	}
	codename := ""
	for _, member := range fields {
		if field := p.schema.Permission.Field(member.Name()); field.Refers == "" {
			name, _ := member.Value.Data.(string)
			var complaint string
			if codename, complaint = c.kind.Codename(name); complaint != "" {
				return &tree.Problem{Place: member.Value.Place, Path: schema.Join(declared.Path, member.Name()), Message: complaint}
			}
			if lacking := p.whole.LackingPermission(c.kind.App()+"."+codename, p.plan.Version); lacking != "" {
				return &tree.Problem{Place: member.Value.Place, Path: schema.Join(declared.Path, member.Name()), Message: lacking}
			}
		}
	}
	for _, member := range fields {
		field := p.schema.Permission.Field(member.Name())
		if field.Refers == "" || member.Value.Data == nil {
			continue
		}
		holder, complaint := p.holder(c, field, member.Value)
		if complaint != "" {
			return &tree.Problem{Place: member.Value.Place, Path: schema.Join(declared.Path, member.Name()), Message: complaint}
		}
		c.permits = append(c.permits, permit{declared.Place, declared.Path, field.Refers, holder, codename})
		p.warnOfBareName(c, field, declared, codename)
	}
	return nil
}

// warnOfBareName says that authentik's own engine refuses a permission without the name
// of its app, in the versions whose API does (seen with 2026.2.2).
func (p *planner) warnOfBareName(c *candidate, field *schema.Field, declared tree.Permission, codename string) {
	full := c.kind.App() + "." + codename
	name, given := declared.Fields.Get("permission")
	if !given || name.Data == full || !p.schema.Kind(field.Refers).Holds.IsFull(p.plan.Version) {
		return
	}
	p.plan.Warnings = append(p.plan.Warnings, tree.Problem{Place: name.Place, Path: schema.Join(declared.Path, "permission"),
		Message: c.kind.NotFull(full, p.plan.Version)})
}

// holder returns who is permitted something, or says why that can't be.
func (p *planner) holder(c *candidate, field *schema.Field, value tree.Value) (holder any, complaint string) {
	kind, whole := p.schema.Kind(field.Refers), p.whole.Kind(field.Refers)
	if kind == nil || kind.Holds == nil {
		return nil, whole.WithoutHolds(p.plan.Version)
	}
	holder = p.dealiasOne(c, field, field.Normalize(value)).Plain()
	if key := schema.IDText(holder); key != "" {
		if t := p.table(kind); t.Err == nil && t.get(key) == nil {
			return nil, fmt.Sprintf("there is no %s with the primary key %s", kind.Title, key)
		}
	}
	return holder, ""
}

// planPermissions adds the changes of what entries permit.
func (p *planner) planPermissions() {
	for _, g := range p.order {
		if g.change == nil || g.deletes() {
			continue
		}
		for _, permits := range p.permitsOf(g) {
			g.change.Permitted = append(g.change.Permitted, Permitting{permits[0].model, permits[0].holder, codenames(permits)})
			change, err := p.permitChange(g, permits)
			if err != nil {
				p.plan.Failed[g.kind.Model]++ // its object is put right all the same
				p.plan.Problems = append(p.plan.Problems, tree.Problem{Place: permits[0].place, Path: permits[0].path, Message: "can't be compared: " + p.unasked(err)})
			} else if change != nil {
				p.plan.Changes = append(p.plan.Changes, change)
			}
		}
	}
}

// permitsOf returns what is permitted with a group's object, by who is permitted it, in
// the order of the entries.
func (p *planner) permitsOf(g *group) [][]permit {
	var holders []holder
	by := map[holder][]permit{}
	for _, c := range g.members {
		for _, one := range c.permits {
			one.holder = tree.Replace(one.holder, p.moved)
			key := holder{one.model, keyText(one.holder)}
			if by[key] == nil {
				holders = append(holders, key)
			}
			by[key] = append(by[key], one)
		}
	}
	permits := make([][]permit, len(holders))
	for i, key := range holders {
		permits[i] = by[key]
	}
	return permits
}

// permitChange returns the change that permits somebody what entries want and he is not
// permitted yet; nil where there is nothing to do.
func (p *planner) permitChange(g *group, permits []permit) (*Change, error) {
	first := permits[0]
	var has []string
	if key := schema.IDText(first.holder); key != "" && g.change.PK != "" {
		var err error
		if has, err = p.permitted(g, first.model, key); err != nil {
			return nil, err
		}
	}
	missing := unique(without(codenames(permits), has))
	if len(missing) == 0 {
		return nil, nil
	}
	change := &Change{
		ID: p.number(), Action: Update, Model: g.change.Model, Title: g.change.Title, Name: g.change.Name,
		PK: g.change.PK, Key: g.change.Key, Source: first.place, Path: first.path, State: tree.Present, Edited: g.change.Edited,
		Permits: &Permitting{Model: first.model, ID: first.holder, Codenames: missing},
	}
	if g.object == nil {
		change.Of, change.After = &g.change.ID, []int{g.change.ID}
	} else if g.change.Action != NoOp {
		change.After = []int{g.change.ID} // its path may change by it
	}
	kind := p.schema.Kind(first.model)
	change.Fields = []FieldChange{{
		Name:   fmt.Sprintf("permissions of the %s %s", kind.Title, quote(p.nameFor(first.model, first.holder))),
		Before: listOf(has), After: listOf(unique(slices.Concat(has, missing))),
	}}
	return change, nil
}

func codenames(permits []permit) []string {
	names := make([]string, len(permits))
	for i, one := range permits {
		names[i] = one.codename
	}
	return names
}

// permitted returns what somebody is permitted with a live object, sorted. Where that
// was not asked for it notes that the plan needs it.
func (p *planner) permitted(g *group, model, holder string) ([]string, error) {
	need := PermitNeed{Holder{model, holder}, g.kind.Model, g.change.PK}
	permits, asked, err := p.live.Permits.of(need)
	if err != nil {
		return nil, err
	}
	if !asked {
		p.plan.NeedsPermits = append(p.plan.NeedsPermits, need)
	}
	var names []string
	for _, permit := range permits {
		if permit.Model == g.kind.Model && permit.Object == g.change.PK {
			names = append(names, permit.Codename)
		}
	}
	return unique(names), nil
}

func listOf(texts []string) []any {
	elements := make([]any, len(texts))
	for i, text := range texts {
		elements[i] = text
	}
	return elements
}
