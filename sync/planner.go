package sync

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// MakePlan compares what is desired with what is live. It is a pure function:
// the same input gives the same plan. What a glob of prune matches and no entry
// speaks of is deleted.
func MakePlan(s *schema.Schema, desired Desired, live Live, prune ...Glob) *Plan {
	p := &planner{
		schema: s.At(live.Version), whole: s, live: live, edited: desired.Edited,
		tables:  make(map[string]*table, len(live.Kinds)),
		byModel: map[string][]*candidate{},
		targets: map[*tree.Entry]*candidate{},
		groups:  map[string]*group{}, identified: map[string]bool{},
		plan: &Plan{Version: live.Version, Failed: map[string]int{}, Live: map[string]int{}},
	}
	for _, entry := range desired.Entries {
		p.add(entry)
	}
	for _, c := range p.candidates {
		p.identify(c)
	}
	for _, c := range p.candidates {
		p.resolveAttrs(c)
	}
	if p.plan.asks() {
		return p.plan
	}
	p.joinGroups()
	frozen := p.freeze(desired.Frozen)
	for _, g := range p.order {
		p.planObject(g, frozen)
	}
	if len(prune) > 0 && !desired.Incomplete {
		p.prune(prune, desired.Silent)
	}
	p.checkReferences()
	p.checkMirrors()
	p.checkNames()
	p.checkInstances(desired.Applies)
	if p.plan.asks() {
		return p.plan
	}
	p.breakCircles()
	p.warnOfLoss()
	p.reportUnlisted()
	p.sortChanges()
	p.countLive()
	p.plan.Problems = p.plan.Problems.Sort()
	return p.plan
}

// planner holds what one call of MakePlan works on: the live objects, and the
// entries on their way to becoming changes. Together they are the state after
// the pass, which every question is asked of.
type planner struct {
	// schema is what the server's version has of the whole.
	schema, whole *schema.Schema
	live          Live
	edited        map[*tree.Entry]bool
	tables        map[string]*table
	candidates    []*candidate
	byModel       map[string][]*candidate    // by the kinds' own models and by their bases
	targets       map[*tree.Entry]*candidate // of !KeyOf
	identified    map[string]bool            // the models whose entries are identified
	// groups are the objects that entries are about, by identity; order is
	// that of their first entries.
	groups map[string]*group
	order  []*group
	// declared finds groups by what their entries say of a field.
	declared map[declaredField]map[any][]*group
	// aliases are the pks that stand for an object within a file.
	aliases map[aliasKey]*candidate
	// renumbered are the numbers of groups that were joined with another one.
	renumbered map[int]int
	// refused are the changes that are not made after all, by number.
	refused map[int]*Change
	// numbers counts the changes that no candidate gave its number.
	numbers int
	// unlisted counts the candidates whose kinds can't be listed, by model.
	unlisted map[string]int
	plan     *Plan
}

// candidate is an entry on its way to becoming part of a change.
type candidate struct {
	number int
	// source is the entry as it is declared; entry is a copy of it once values
	// of it were resolved.
	source, entry *tree.Entry
	kind          *schema.Kind
	phase         phase
	// attrs are the phases of those attrs that are Pending, by name.
	attrs map[string]phase
	group *group
}

// phase is how far something has come that may depend on other entries.
type phase int

const (
	untouched phase = iota
	underWay
	settled
	dropped // its conditions are not met
	failed
)

// group is all entries about one object.
type group struct {
	kind *schema.Kind
	// number stands for the object in references to it while it has no key,
	// and is that of its change.
	number int
	// object is the live object; nil where it is yet to be created.
	object  schema.Object
	members []*candidate
	// change is what becomes of the object, and entry what the members say
	// together; both are nil where it is left as it is.
	change *Change
	entry  *tree.Entry
	failed bool
}

func (p *planner) add(entry *tree.Entry) {
	kind := p.schema.Kind(entry.Model)
	if kind == nil {
		p.addLacking(entry)
		return
	}
	if !kind.Managed {
		return
	}
	c := &candidate{number: len(p.candidates), source: entry, entry: entry, kind: kind}
	p.candidates = append(p.candidates, c)
	for _, model := range append([]string{kind.Model}, kind.Bases...) {
		p.byModel[model] = append(p.byModel[model], c)
	}
	if entry.ID != "" {
		p.targets[entry] = c
	}
}

// addLacking says of an entry that the server's version has not got its kind.
func (p *planner) addLacking(entry *tree.Entry) {
	kind := p.whole.Kind(entry.Model)
	if kind == nil || !kind.Managed {
		return
	}
	p.plan.Failed[kind.Model]++
	p.plan.Problems = append(p.plan.Problems, tree.Problem{Place: entry.Place, Path: entry.Path + ".model",
		Message: kind.Lacking(kind.Model, p.plan.Version)})
}

// fail records problems of a candidate, whose object is then left alone.
func (p *planner) fail(c *candidate, problems ...tree.Problem) {
	if c.phase != failed {
		p.plan.Failed[c.kind.Model]++
	}
	c.phase = failed
	if c.group != nil {
		c.group.failed = true
	}
	p.plan.Problems = append(p.plan.Problems, problems...)
}

// table returns the live objects of a kind. Where they were not asked for it
// notes that the plan needs them and returns none.
func (p *planner) table(kind *schema.Kind) *table {
	if t := p.tables[kind.Model]; t != nil {
		return t
	}
	listing, asked := p.live.Kinds[kind.Model]
	switch {
	case kind.Path == "":
		listing.Err = fmt.Errorf("the API has no list of each %s", kind.Title)
	case !asked:
		p.plan.Needs = append(p.plan.Needs, kind.Model)
	case kind.Among != "":
		listing = p.own(kind, listing)
	}
	t := newTable(kind, listing)
	p.tables[kind.Model] = t
	return t
}

// own returns those of a kind's list that are of the kind, where the server lists
// others too: the list of the base says which.
func (p *planner) own(kind *schema.Kind, listing Listing) Listing {
	base := p.table(p.schema.Kind(kind.Among))
	if listing.Err != nil || base.Err != nil {
		return Listing{Err: cmp.Or(listing.Err, base.Err)}
	}
	isOther := func(object schema.Object) bool {
		id, _ := kind.IDOf(object)
		model, isText := base.byID[schema.IDText(id)]["meta_model_name"].(string)
		return isText && model != kind.Model
	}
	return Listing{Objects: slices.DeleteFunc(slices.Clone(listing.Objects), isOther)}
}

// planObject turns all entries of one object into its change.
func (p *planner) planObject(g *group, frozen frozenObjects) {
	merged := p.merge(g)
	if merged == nil {
		return
	}
	if problem := frozen.check(p, g); problem != nil {
		p.fail(g.members[0], *problem)
		return
	}
	change, problems := p.makeChange(g, merged)
	if len(problems) > 0 {
		p.fail(g.members[0], problems...)
		return
	}
	g.change, g.entry = change, merged
	p.plan.Changes = append(p.plan.Changes, change)
}

// makeChange decides on the action by the state of the object's entry.
func (p *planner) makeChange(g *group, entry *tree.Entry) (*Change, tree.Problems) {
	change := &Change{
		ID: g.number, Action: NoOp, Model: g.kind.Model, Title: g.kind.Title, Name: p.nameOf(g),
		Source: entry.Place, Path: entry.Path, State: state(entry), Edited: p.isEdited(g), Hidden: g.kind.Hidden(),
	}
	var live schema.Answer
	if g.object != nil {
		var err error
		if live, err = g.kind.ReadAnswer(g.object); err != nil {
			return nil, tree.Problems{{Place: entry.Place, Path: entry.Path, Message: err.Error()}}
		}
		change.PK, change.Key, change.Users = schema.IDText(live.ID), g.kind.KeyOf(live), live.Users
		p.addGrants(g, &live)
	}
	var problems tree.Problems
	switch {
	case change.State == tree.Absent:
		if g.object != nil && !g.kind.Delete {
			problems = p.cannot(change, "deleted")
		} else if g.object != nil {
			change.Action = Delete
			change.Live = live.Fields
		}
	case g.object == nil && !g.kind.Create:
		problems = p.cannot(change, "created, only changed: it has to be there")
	case g.object == nil:
		change.Action = Create
		change.Declared = declaredBy(g.kind, entry)
		change.Fields = createdFields(g.kind, change.Declared)
		problems = g.kind.CheckCreate(*entry)
	case change.State == tree.MustCreated:
		return nil, tree.Problems{{Place: entry.State.Place, Path: entry.Path + ".state",
			Message: "the " + change.what() + " exists already: must_created allows only a new one, use created or present"}}
	case change.State != tree.Created:
		problems = p.update(change, g, entry, live)
	}
	return change, problems
}

// update makes an update of a change where what is declared differs from the live
// object.
func (p *planner) update(change *Change, g *group, entry *tree.Entry, live schema.Answer) tree.Problems {
	declared := declaredBy(g.kind, entry)
	problems := p.unanswered(g, live, declared)
	if len(problems) > 0 {
		return problems
	}
	own := p.withoutServers(g.kind, declared, live.Fields)
	fields := append(changedFields(g.kind, declared, own), droppedElements(g.kind, declared, own)...)
	if len(fields) > 0 && !g.kind.Update {
		return p.cannot(change, "changed")
	}
	if len(fields) > 0 {
		change.Action, change.Fields, change.Declared, change.Live = Update, fields, declared, live.Fields
	}
	return nil
}

// cannot says what the API does not let be done to a kind.
func (p *planner) cannot(change *Change, done string) tree.Problems {
	return tree.Problems{change.problem(fmt.Sprintf("the %s can't be %s: authentik's API has no way to", change.what(), done))}
}

// addGrants adds what a list of its own shows of an object, for those fields that
// are declared. Where it was not asked for it notes that the plan needs it.
func (p *planner) addGrants(g *group, live *schema.Answer) {
	for _, field := range g.kind.Fields.Fields {
		if !field.Via.Lists() || !slices.ContainsFunc(g.members, func(c *candidate) bool { _, given := c.entry.Field(field.Name); return given }) {
			continue
		}
		grant := Grant{g.kind.Model, schema.IDText(live.ID), field.Name}
		granted, asked := p.live.Grants[grant]
		if !asked {
			p.plan.NeedsGrants = append(p.plan.NeedsGrants, grant)
		}
		live.Fields[field.Name] = granted
	}
}

// unanswered says which declared fields the server's object has not got, or has
// otherwise than aksync knows, and warns of the rest.
func (p *planner) unanswered(g *group, live schema.Answer, declared map[string]any) tree.Problems {
	kind := g.kind
	var problems tree.Problems
	for _, field := range kind.Fields.Fields {
		odd, isOdd := live.Odd[field.Name]
		_, isDeclared := declared[field.Name]
		_, isLive := live.Fields[field.Name]
		isOther := isOdd && field.Type == schema.Text && len(field.Values) > 0 // a value that may be changed into a known one
		switch {
		case isDeclared && isOdd && !isOther:
			problems = append(problems, *p.fieldProblem(g, field.Name, fmt.Sprintf(
				"the server's %s has another kind of value there than aksync knows (%s): leave the field out, or use an aksync that knows authentik %s", kind.Title, odd, p.plan.Version)))
		case isDeclared && !isLive && !isOdd && field.Answers():
			problems = append(problems, *p.fieldProblem(g, field.Name, fmt.Sprintf(
				"a %s of this server, authentik %s, has no %s: leave it out", kind.Title, p.plan.Version, field.Name)))
		case isOdd:
			p.plan.Warnings = append(p.plan.Warnings, tree.Problem{Message: fmt.Sprintf("the server's %s %s is not as aksync knows it: %s: %s", kind.Title, quote(p.liveName(kind, live)), field.Name, odd)})
		}
	}
	return problems
}

func (p *planner) liveName(kind *schema.Kind, live schema.Answer) string {
	return cmp.Or(asText(live.Fields[kind.Key]), schema.IDText(live.ID))
}

// declaredBy returns the declared fields as they are sent.
func declaredBy(kind *schema.Kind, entry *tree.Entry) map[string]any {
	declared := map[string]any{}
	for _, field := range kind.Fields.Fields {
		if value, given := entry.Field(field.Name); given {
			declared[field.Name] = value.Plain()
		}
	}
	return declared
}

// createdFields are all that are declared.
func createdFields(kind *schema.Kind, declared map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		if value, given := declared[field.Name]; given {
			fields = append(fields, fieldChange(field, nil, value))
		}
	}
	return fields
}

func fieldChange(field *schema.Field, before, after any) FieldChange {
	return FieldChange{
		Name: field.Name, Before: before, After: after, Choices: len(field.Values) > 0,
		Sensitive: field.Sensitive, WriteOnly: !field.Shown(),
	}
}

// changedFields are those that are declared and differ from the live ones, as far
// as that can be said.
func changedFields(kind *schema.Kind, declared, live map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		value, given := declared[field.Name]
		if given && differs(field, declared, live) {
			fields = append(fields, fieldChange(field, live[field.Name], value))
		}
	}
	return fields
}

// differs reports whether a declared field is not as the object has it. One that
// can't be read back, or that the server makes up with each write, does not.
func differs(field *schema.Field, declared, live map[string]any) bool {
	if !field.Shown() {
		return false
	}
	for name, value := range field.Unless {
		other, given := declared[name]
		if !given {
			other = live[name]
		}
		if reflect.DeepEqual(other, value) {
			return false
		}
	}
	return !field.Same(declared[field.Name], live[field.Name])
}

// isEdited reports whether a declaration of the object is not as it was.
func (p *planner) isEdited(g *group) bool {
	return slices.ContainsFunc(g.members, func(c *candidate) bool { return p.edited[c.source] })
}

// countLive counts the live objects of managed kinds.
func (p *planner) countLive() {
	for model, t := range p.tables {
		if t.kind.Managed {
			p.plan.Live[model] = len(t.Objects)
		}
	}
}

// reportUnlisted says once for each kind that can't be listed how many entries
// are left as they are.
func (p *planner) reportUnlisted() {
	for _, model := range slices.Sorted(maps.Keys(p.unlisted)) {
		err := p.tables[model].Err
		p.plan.Unanswered = p.plan.Unanswered || is(err, Failure.NoAnswer)
		p.plan.Problems = append(p.plan.Problems, tree.Problem{Message: fmt.Sprintf(
			"%v: what blueprints say of %s is left as it is (%d declared)", err, model, p.unlisted[model])})
	}
}

// state is what an entry wants of its object.
func state(e *tree.Entry) tree.State {
	text, _ := e.State.Data.(string)
	return tree.State(text)
}

func asText(data any) string {
	text, _ := data.(string)
	return text
}
