// Package sync is the reconciler: it plans what separates the blueprints from
// the live objects, applies it, and does so again and again. Planning is a
// pure function; applying knows changes and no files; the daemon is a loop
// around the same pass that the commands make.
package sync

import (
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Action is what a change does to its object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	NoOp   Action = "no_op"
)

// Desired is what the blueprints say, in the order of the files and their
// entries. The entries are shared and never changed.
type Desired struct {
	// Entries are those of the valid files; offline evaluated and checked.
	Entries []*tree.Entry
	// Frozen are those of the invalid files, as far as they could be read.
	// Their objects are left as they are.
	Frozen []*tree.Entry
	// Silent are entries that ask for nothing now, since their conditions are
	// not met or their file is switched off: their objects are spoken of, and
	// not pruned.
	Silent []*tree.Entry
	// Incomplete is set where a file is invalid, and so perhaps an object
	// spoken of that nobody knows of: then nothing is pruned.
	Incomplete bool
}

// Plan is what has to be done, and what stands in the way.
type Plan struct {
	// Version is the server's, such as 2025.10.4.
	Version string
	// Changes are in the order in which they are applied; objects that are
	// as declared are among them as NoOp.
	Changes []*Change
	// Problems are entries that can't be planned; their objects are left as
	// they are.
	Problems tree.Problems
	// Failed counts the objects that the problems concern, by model.
	Failed map[string]int
	// Warnings are answers of the server that are not as the schema has
	// them, but that nothing depends on.
	Warnings []string
	// Refusal says why nothing of the plan is done, if a guard refuses it.
	Refusal string
	// Needs are models that references ask for and Live does not hold. A
	// plan that needs any is of no use but to say so.
	Needs []string
}

// Change is what happens to one object.
type Change struct {
	Action Action
	Kind   *schema.Kind
	// Name is the value of the kind's key; what people call the object.
	Name string
	// PK is the primary key; empty before creation.
	PK string
	// Entry is the declaration; where several entries declare the object,
	// the first one with the fields of all.
	Entry *tree.Entry
	// UsedBy names what uses the object, and Entrances those of them that
	// people log in through.
	UsedBy, Entrances []string
	// Fields are those that differ, in the order of the schema: all that
	// are declared for a creation, none for a deletion.
	Fields []FieldChange
	// After are the changes that have to be done before this one.
	After []*Change

	// live is the object as it was planned against; empty for a NoOp.
	live schema.Answer
	// inUse names what uses the object, as the server said when asked.
	inUse []string
	// held says why the change is left for later; empty if it is not.
	held string
	// references answers what is Pending in the entry, as far as the plan
	// can; nil for a NoOp.
	references tree.Lookup
	// refused is set while planning, for a change that is not made after all.
	refused bool
}

// FieldChange is one field with its old and its new value, as
// schema.Value.Plain gives them.
type FieldChange struct {
	Name          string
	Before, After any
	// KnownAfterApply is set where After depends on an object that this
	// very pass creates.
	KnownAfterApply bool
}

// HasChanges tells whether there is anything to apply.
func (p *Plan) HasChanges() bool {
	for _, change := range p.Changes {
		if change.Action != NoOp {
			return true
		}
	}
	return false
}

// MakePlan compares what is desired with what is live. It is a pure function:
// the same input gives the same plan.
func MakePlan(s *schema.Schema, desired Desired, live Live, guards Guards) *Plan {
	p := &planner{
		schema:  s,
		live:    indexLive(s, live),
		targets: map[*tree.Entry]*candidate{},
		plan:    &Plan{Version: live.Version, Failed: map[string]int{}},
	}
	for _, entry := range desired.Entries {
		p.add(entry)
	}
	for _, c := range p.candidates {
		p.resolve(c)
	}
	if len(p.plan.Needs) > 0 {
		return p.plan
	}
	frozen := frozenOf(s, desired.Frozen)
	for _, group := range p.groups() {
		p.planObject(group, frozen)
	}
	if len(guards.Prune) > 0 && !desired.Incomplete {
		p.prune(guards.Prune, slices.Concat(desired.Entries, desired.Silent))
	}
	p.checkNames()
	p.order()
	p.plan.checkLimits(guards, p.countLive())
	p.plan.Problems = p.plan.Problems.Sort()
	return p.plan
}

// countLive gives how many live objects of managed kinds there are.
func (p *planner) countLive() int {
	count := 0
	for model, ix := range p.live {
		if p.schema.Kind(model).Managed {
			count += len(ix.all)
		}
	}
	return count
}

// planner holds what one call of MakePlan works on.
type planner struct {
	schema     *schema.Schema
	live       map[string]*index
	candidates []*candidate
	targets    map[*tree.Entry]*candidate // of !KeyOf
	plan       *Plan
}

// candidate is an entry on its way to becoming a change.
type candidate struct {
	entry *tree.Entry
	kind  *schema.Kind
	phase phase
	// object is the live object that the identifiers find; nil if none.
	object schema.Object
	// waits are the candidates whose objects this one refers to and that
	// are yet to be created.
	waits  []*candidate
	change *Change
}

type phase int

const (
	unresolved phase = iota
	resolving
	resolved
	dropped // its conditions are not met
	failed
)

func (p *planner) add(entry *tree.Entry) {
	kind := p.schema.Kind(entry.Model)
	if kind == nil || !kind.Managed {
		return
	}
	c := &candidate{entry: entry, kind: kind}
	p.candidates = append(p.candidates, c)
	if entry.ID != "" {
		p.targets[entry] = c
	}
}

// fail records problems of a candidate, whose object is then left alone.
func (p *planner) fail(c *candidate, problems ...tree.Problem) {
	if c.phase != failed {
		p.plan.Failed[c.kind.Model]++
	}
	c.phase = failed
	p.plan.Problems = append(p.plan.Problems, problems...)
}

// planObject turns all entries of one object into its change.
func (p *planner) planObject(group []*candidate, frozen frozenObjects) {
	c := p.merge(group)
	if c == nil {
		return
	}
	if problem := frozen.check(c); problem != nil {
		p.fail(c, *problem)
		return
	}
	change, problems := p.makeChange(c)
	if len(problems) > 0 {
		p.fail(c, problems...)
		return
	}
	for _, member := range group {
		member.change = change
	}
	p.plan.Changes = append(p.plan.Changes, change)
}

// makeChange decides on the action by the entry's state.
func (p *planner) makeChange(c *candidate) (*Change, tree.Problems) {
	change := &Change{Kind: c.kind, Entry: c.entry, Action: NoOp, Name: c.name(), references: p.lookup}
	if c.object != nil {
		answer, err := c.kind.ReadAnswer(c.object)
		if err != nil {
			return nil, tree.Problems{{Place: c.entry.Place, Path: c.entry.Path, Message: err.Error()}}
		}
		p.plan.Warnings = append(p.plan.Warnings, answer.Warnings...)
		change.live, change.PK, change.UsedBy, change.Entrances = answer, answer.PK, answer.Users, answer.Entrances
	}
	switch state := state(c.entry); {
	case state == tree.Absent:
		if c.object != nil {
			change.Action = Delete
		}
	case c.object == nil:
		if problems := c.kind.CheckCreate(*c.entry); len(problems) > 0 {
			return nil, problems
		}
		change.Action = Create
		change.Fields = createdFields(c)
	case state == tree.MustCreated:
		return nil, tree.Problems{{Place: c.entry.State.Place, Path: c.entry.Path + ".state",
			Message: "the " + c.kind.Title + " " + quote(change.Name) + " exists already: must_created allows only a new one, use created or present"}}
	case state == tree.Created:
	default:
		change.Fields = changedFields(c, change.live)
		if len(change.Fields) > 0 {
			change.Action = Update
		}
	}
	if change.Action == NoOp {
		// A plan that is kept does not keep all live objects with it.
		change.live, change.references = schema.Answer{}, nil
	}
	return change, nil
}

// createdFields are all that are declared.
func createdFields(c *candidate) []FieldChange {
	var fields []FieldChange
	for _, field := range c.kind.Fields.Fields {
		if value, given := c.entry.Field(field.Name); given {
			fields = append(fields, fieldChange(field.Name, nil, value))
		}
	}
	return fields
}

// changedFields are those that are declared and differ from the live ones.
func changedFields(c *candidate, live schema.Answer) []FieldChange {
	var fields []FieldChange
	for _, field := range c.kind.Fields.Fields {
		value, given := c.entry.Field(field.Name)
		if before := live.Fields[field.Name]; given && (value.HasPending() || !reflect.DeepEqual(value.Plain(), before)) {
			fields = append(fields, fieldChange(field.Name, before, value))
		}
	}
	return fields
}

func fieldChange(name string, before any, after tree.Value) FieldChange {
	if after.HasPending() {
		return FieldChange{Name: name, Before: before, KnownAfterApply: true}
	}
	return FieldChange{Name: name, Before: before, After: after.Plain()}
}

// apiKey is what ends the object's path in the API.
func (c *Change) apiKey() string {
	if c.Kind.Lookup == schema.PK {
		return c.PK
	}
	return asText(c.live.Fields[c.Kind.Lookup])
}

// text gives a field that the entry declares as text, or nothing.
func text(e *tree.Entry, field string) string {
	value, _ := e.Field(field)
	text, _ := value.Data.(string)
	return text
}

func state(e *tree.Entry) tree.State {
	text, _ := e.State.Data.(string)
	return tree.State(text)
}
