package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// MakePlan compares what is desired with what is live. It is a pure function:
// the same input gives the same plan. What a glob of prune matches and no entry
// speaks of is deleted, and so is what desired has as Removed.
func MakePlan(s *schema.Schema, desired Desired, live Live, prune ...Glob) *Plan {
	p := &planner{
		schema: s.At(live.Version), whole: s, live: live, edited: desired.Edited, sendUnshown: desired.SendUnshown,
		tables:  make(map[string]*table, len(live.Kinds)),
		byModel: map[string][]*candidate{},
		targets: map[*tree.Entry]*candidate{},
		groups:  map[string]*group{}, identified: map[string]bool{},
		plan: &Plan{Version: live.Version, Failed: map[string]int{}, Live: map[string]int{}, unseen: map[fieldKey]any{}},
	}
	if len(desired.Removed) > 0 {
		p.referred = map[string]tree.Place{}
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
	for _, c := range p.candidates {
		p.resolvePermissions(c)
	}
	if p.plan.asks() {
		return p.plan
	}
	p.joinGroups()
	frozen := p.freeze(desired.Frozen)
	for _, g := range p.order {
		p.planObject(g, frozen)
	}
	if !desired.Incomplete && len(prune)+len(desired.Removed) > 0 {
		spoken := p.spokenOf(desired.Silent)
		p.removeAll(desired.Removed, spoken)
		p.prune(prune, spoken)
	}
	p.warnOfRivals(desired)
	p.planPermissions()
	p.checkReferences()
	p.checkMirrors()
	p.checkNames()
	p.checkInstances(desired.Applies)
	p.countOwn()
	if p.plan.asks() {
		return p.plan
	}
	p.plan.WarnOfUnknown(p.whole, p.plan.Version)
	p.breakCircles()
	p.warnOfLoss()
	p.reportUnlisted()
	p.sortChanges()
	p.countLive() // before the survey, which looks at more than limits are a share of
	p.plan.Surveyed = p.survey(desired)
	p.plan.Names = p.named()
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
	sendUnshown   bool
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
	// referred are the live objects that references find, by identity, with the
	// place of one of them; nil where nobody asks.
	referred map[string]tree.Place
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
	// permits are what the entry permits, resolved.
	permits []permit
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
		p.need(kind, Need{})
		listing.answered = map[Question]bool{}
	case kind.Among != "":
		listing = p.own(kind, listing)
	}
	if asked && listing.some() && !p.isKnown() {
		p.need(kind, Need{All: true}) // what it answers to a question is not sure
	}
	t := newTable(kind, p.understood(kind, listing))
	t.needs = func(need Need) { p.need(kind, need) }
	p.tables[kind.Model] = t
	return t
}

// need notes what the plan lacks of a kind.
func (p *planner) need(kind *schema.Kind, need Need) {
	if p.plan.Needs == nil {
		p.plan.Needs = Needs{}
	}
	if need.All || p.plan.Needs[kind.Model].All {
		p.plan.Needs.all(kind.Model)
		return
	}
	p.plan.Needs.ask(kind.Model, need.Questions...)
	for _, q := range need.Questions {
		if as := p.otherID(kind.Fields.Field(q.Field), q.Value); as != "" {
			p.plan.Needs.as(kind.Model, q, as)
		}
	}
}

// own returns those of a kind's list that are of the kind, where the server lists
// others too: the list of the base says which.
func (p *planner) own(kind *schema.Kind, listing Listing) Listing {
	base := p.table(p.schema.Kind(kind.Among))
	if listing.Err != nil || base.Err != nil {
		return Listing{Err: cmp.Or(listing.Err, base.Err)}
	}
	for _, object := range listing.Objects {
		id, _ := kind.IDOf(object)
		base.get(schema.IDText(id))
	}
	listing.Objects = kind.Own(listing.Objects, base.kind, base.Objects)
	return listing
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

// isEdited reports whether a declaration of the object is not as it was.
func (p *planner) isEdited(g *group) bool {
	return slices.ContainsFunc(g.members, func(c *candidate) bool { return p.edited[c.source] })
}

// countLive counts the live objects of managed kinds.
func (p *planner) countLive() {
	for model, t := range p.tables {
		if t.kind.Managed {
			p.plan.Live[model] = t.count()
		}
	}
}

// countOwn has all objects asked for of the kinds whose lists hold others too, where
// anything is deleted: what deletions may be a share of is their number, and the server
// counts the others with them.
func (p *planner) countOwn() {
	if !slices.ContainsFunc(p.plan.Changes, func(change *Change) bool { return change.Action == Delete }) {
		return
	}
	for _, t := range p.tables {
		if t.kind.Managed && t.kind.Among != "" {
			t.all()
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
