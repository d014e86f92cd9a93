package sync

import (
	"context"
	"slices"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Blueprints is what was read from the files.
type Blueprints struct {
	Desired
	// Files are all blueprint files, by path.
	Files []Blueprint
	// Unmanaged counts the entries that are left alone, by model.
	Unmanaged map[string]int
	// Bare are the folders that were to be read and hold no blueprint, and Empty all
	// folders in them that hold none.
	Bare, Empty []string
	// Why says why the entries of a model are left alone, as far as that is known.
	Why map[string]string
}

// Skipped returns the entries of valid files whose conditions are false, as far as more
// than their identifiers was read.
func (b *Blueprints) Skipped() []*tree.Entry {
	valid := map[string]bool{}
	for _, file := range b.Files {
		for _, path := range file.paths() {
			valid[path] = file.State == tree.Valid
		}
	}
	return slices.DeleteFunc(slices.Clone(b.Silent), func(e *tree.Entry) bool {
		return e.State.Data == nil || !valid[e.Place.File]
	})
}

// Blueprint is one file.
type Blueprint struct {
	Path  string
	State tree.FileState
	// Name is what the file's metadata call it, and Parts are all files that it is made
	// of; both may be empty.
	Name  string
	Parts []string
	// Problems are why the file is Invalid.
	Problems tree.Problems
	// Warnings are what authentik takes, and what does no harm.
	Warnings tree.Problems
}

// paths are the file's and those of all that it is made of.
func (b Blueprint) paths() []string { return append(slices.Clone(b.Parts), b.Path) }

// Count gives how many files are in the state.
func (b *Blueprints) Count(state tree.FileState) int {
	count := 0
	for _, file := range b.Files {
		if file.State == state {
			count++
		}
	}
	return count
}

// Source gives the blueprints as they are now: the same *Blueprints again
// where they are as they were.
type Source interface {
	// Read looks at everything, or where it may be in a hurry only at what is
	// known to have changed.
	Read(ctx context.Context, hurry bool) (*Blueprints, error)
}

// Reconciler makes passes: it reads, plans and applies.
type Reconciler struct {
	Schema *schema.Schema
	Source Source
	API    API
	// Parallelism is how many changes are made at a time.
	Parallelism int
	// Guards keep a pass from doing harm by mistake.
	Guards Guards
	// DryRun plans and writes nothing.
	DryRun bool
	// SendUnshown sends declared values of which nothing says whether they differ.
	SendUnshown bool
	// Sent is what this process knows of those; nil for one pass.
	Sent *Sent
	// Survey, if not nil, has each plan look for what no blueprint speaks of.
	Survey *Survey
	// ReadOwn, if not nil, reads what the text of a blueprint of authentik's own
	// declares; plans then warn of those that are files here too.
	ReadOwn func(text string) []*tree.Entry
	// Removals are what the daemon remembers of what is declared; nil where it
	// remembers nothing.
	Removals *Removals
	// OnPlan, if not nil, is given each plan before it is applied.
	OnPlan func(*Pass)
	// Confirm, if not nil, is asked before a plan is applied.
	Confirm func(*Pass) bool
	// OnResult, if not nil, is given what became of each change as it comes.
	OnResult func(Result)

	// StopNow, when it is closed after the context has ended, lets nothing under
	// way finish, such as when another replica may begin to write. It may be nil.
	StopNow <-chan struct{}

	// before is what the last pass read; settled that too, where it left nothing
	// to do.
	before, settled *Blueprints
	// rivals is how many blueprints of authentik's own the last plan warned of.
	rivals int
	// fights is the daemon's memory of what it puts right; nil for one pass.
	fights *fights
}

// Pass is one pass and what it came to.
type Pass struct {
	// Trigger says why it was made.
	Trigger  Trigger
	Started  time.Time
	Duration time.Duration
	// Blueprints, Plan and Report are nil as far as the pass did not get.
	Blueprints *Blueprints
	Plan       *Plan
	Report     *Report
	// Fought says which fields somebody else keeps changing.
	Fought []string
	// Err is why the pass could not be made.
	Err error
	// forgetful says that what is declared could not be remembered.
	forgetful tree.Problems
}

// Verdict says how a pass went as a whole.
type Verdict string

// The verdicts.
const (
	Success Verdict = "success"
	Partial Verdict = "partial" // some files or objects failed
	Unmade  Verdict = "failure" // the pass could not be made
)

// Verdicts returns all verdicts.
func Verdicts() []Verdict { return []Verdict{Success, Partial, Unmade} }

// Validate only reads the blueprints; the pass has no plan.
func (r *Reconciler) Validate(ctx context.Context) *Pass { return r.read(ctx, TriggerRequest) }

// Plan reads the blueprints and the live objects and compares them.
func (r *Reconciler) Plan(ctx context.Context, trigger Trigger) *Pass {
	pass := r.read(ctx, trigger)
	r.planInto(ctx, pass)
	return pass
}

// read begins a pass.
func (r *Reconciler) read(ctx context.Context, trigger Trigger) *Pass {
	pass := &Pass{Trigger: trigger, Started: time.Now()}
	pass.Blueprints, pass.Err = r.Source.Read(ctx, trigger == TriggerFile)
	pass.Duration = time.Since(pass.Started)
	if pass.Err != nil && r.Removals != nil {
		r.Removals.forgetSince()
	}
	return pass
}

func (r *Reconciler) planInto(ctx context.Context, pass *Pass) {
	if pass.Err == nil {
		desired := pass.Blueprints.Desired
		desired.Edited, desired.SendUnshown, desired.Survey = edited(r.before, pass.Blueprints), r.SendUnshown, r.Survey
		if r.looksForRivals(pass) {
			desired.Files, desired.ReadOwn = pass.Blueprints.Files, r.ReadOwn
		}
		why := ""
		if r.Removals != nil {
			desired.Removed, why = r.Removals.begin(pass.Blueprints, pass.Trigger == TriggerFile)
		}
		pass.Plan, pass.Err = r.plan(ctx, desired)
		r.before = pass.Blueprints
		r.remember(pass, why)
		if pass.Err == nil {
			r.rivals = pass.Plan.Rivals
		}
		if pass.Err == nil && r.Sent != nil {
			r.Sent.begin(pass.Plan)
		}
	}
	pass.Duration = time.Since(pass.Started)
}

// remember takes note of what is declared, and what is not any more.
func (r *Reconciler) remember(pass *Pass, why string) {
	switch {
	case r.Removals == nil:
	case pass.Err != nil:
		r.Removals.forgetSince()
	default:
		if why != "" {
			pass.Plan.Warnings = append(pass.Plan.Warnings, tree.Problem{Message: why})
		}
		pass.forgetful = r.Removals.planned(r.Schema, pass.Plan)
	}
}

// Apply plans and, unless it is a dry run, applies. It gives nil where files
// were touched and say what they said before, and the last pass left nothing
// to do.
func (r *Reconciler) Apply(ctx context.Context, trigger Trigger) *Pass {
	pass := r.read(ctx, trigger)
	if trigger == TriggerFile && pass.Err == nil && pass.Blueprints == r.settled {
		return nil
	}
	r.settled = nil
	r.planInto(ctx, pass)
	defer func() {
		pass.Duration = time.Since(pass.Started)
		if pass.Verdict() == Success {
			r.settled = pass.Blueprints
		}
	}()
	if pass.Err != nil {
		return pass
	}
	if r.fights != nil {
		pass.Fought = r.fights.fought(pass.Plan)
		pass.Plan = r.fights.hold(time.Now())(pass.Plan)
	}
	r.carryOut(ctx, pass)
	if r.fights != nil && pass.Report != nil {
		r.fights.note(pass.Report, time.Now())
	}
	if r.Removals != nil && pass.Report != nil {
		pass.forgetful = r.Removals.applied(r.Schema, pass.Report)
	}
	return pass
}

// carryOut shows a plan and applies it, unless something stands against that.
func (r *Reconciler) carryOut(ctx context.Context, pass *Pass) {
	if r.OnPlan != nil {
		r.OnPlan(pass)
	}
	if r.DryRun || pass.Plan.Refusal != "" || r.Confirm != nil && !r.Confirm(pass) {
		return
	}
	pass.Report = Apply(ctx, r.Schema, r.API, pass.Plan, Applying{Parallelism: r.Parallelism, StopNow: r.StopNow, Progress: r.OnResult})
	if r.Sent != nil {
		r.Sent.note(r.Schema.At(pass.Plan.Version), pass.Report)
	}
}

// edited returns the entries that are not among those of the pass before; none for
// the first pass, of which nobody knows.
func edited(before, now *Blueprints) map[*tree.Entry]bool {
	if before == nil || before == now {
		return nil
	}
	old, entries := before.Entries, now.Entries
	for len(old) > 0 && len(entries) > 0 && old[0] == entries[0] {
		old, entries = old[1:], entries[1:]
	}
	for len(old) > 0 && len(entries) > 0 && old[len(old)-1] == entries[len(entries)-1] {
		old, entries = old[:len(old)-1], entries[:len(entries)-1]
	}
	kept := make(map[*tree.Entry]bool, len(old))
	for _, entry := range old {
		kept[entry] = true
	}
	edited := map[*tree.Entry]bool{}
	for _, entry := range entries {
		if !kept[entry] {
			edited[entry] = true
		}
	}
	return edited
}

// plan makes a plan and puts it through the guards.
func (r *Reconciler) plan(ctx context.Context, desired Desired) (*Plan, error) {
	plan, live, err := r.unguarded(ctx, desired)
	if err != nil {
		return nil, err
	}
	if plan, err = r.guarded(ctx, plan, live); err != nil {
		return nil, err
	}
	return plan, r.askMakers(ctx, plan)
}

// unguarded asks for what the entries speak of, and again where a reference turns
// out to speak of more.
func (r *Reconciler) unguarded(ctx context.Context, desired Desired) (*Plan, *Live, error) {
	live := Live{Sent: r.Sent, keys: func(kind *schema.Kind) []string { return spokenKeys(kind, desired.spoken()) }}
	needs := r.needs(desired.spoken())
	if desired.ReadOwn != nil {
		needs.all(instanceModels(r.Schema)...)
	}
	if desired.Survey != nil && desired.Survey.List { // which kinds there are depends on the version
		var err error
		if live.Version, err = r.API.Version(ctx); err != nil {
			return nil, nil, err
		}
		needs.all(desired.Survey.needs(r.Schema.At(live.Version))...)
	}
	for {
		if err := live.fetch(ctx, r.Schema, r.API, needs); err != nil {
			return nil, nil, err
		}
		plan := MakePlan(r.Schema, desired, live, r.Guards.Prune...)
		if !plan.asks() {
			if live.fetchNames(ctx, r.Schema, r.API, plan) {
				if named := MakePlan(r.Schema, desired, live, r.Guards.Prune...); !named.asks() {
					plan = named
				}
			}
			return plan, &live, nil
		}
		if err := live.fetchGrants(ctx, r.Schema, r.API, plan.NeedsGrants); err != nil {
			return nil, nil, err
		}
		if err := live.fetchPermits(ctx, r.Schema, r.API, plan.NeedsPermits); err != nil {
			return nil, nil, err
		}
		if err := live.fetchContext(ctx, r.API, plan.NeedsContext); err != nil {
			return nil, nil, err
		}
		needs = plan.Needs
	}
}

// guarded puts a plan through the guards, with what was asked for to make it. Its limits
// come first, so that nobody is asked about thousands of deletions that are not made
// anyway.
func (r *Reconciler) guarded(ctx context.Context, plan *Plan, live *Live) (*Plan, error) {
	plan = r.Guards.Limit(plan)
	if plan.Refusal != "" {
		return plan, nil
	}
	in := newInheritance(r.Schema.At(plan.Version), live)
	plan, err := in.keepOwned(ctx, r.API, plan)
	if err != nil {
		return nil, err
	}
	if !r.Guards.AllowSelf {
		in.note(plan)
		me, err := in.askSelf(ctx, r.API)
		if err != nil {
			return nil, err
		}
		plan = keepSelf(in, me)(plan)
	}
	if !r.Guards.AllowInUse {
		uses, err := askUse(ctx, r.Schema, r.API, plan, live, r.Parallelism)
		if err != nil {
			return nil, err
		}
		plan = keepUsed(r.Schema.At(plan.Version), uses)(plan)
	}
	in.note(plan) // who gains by it depends on what is left of it
	if err := in.askPowers(ctx, r.API); err != nil {
		return nil, err
	}
	return warnOfPowers(in)(plan), nil
}

// unique returns the words sorted, and each once.
func unique(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

// needs is what the entries and the references in them speak of.
func (r *Reconciler) needs(entries []*tree.Entry) Needs {
	needs := Needs{}
	for _, entry := range entries {
		needs.speakOf(r.Schema, entry)
	}
	return needs
}

// Problems are those of the files and of the plan.
func (p *Pass) Problems() tree.Problems {
	var problems tree.Problems
	if p.Blueprints != nil {
		for _, file := range p.Blueprints.Files {
			problems = append(problems, file.Problems...)
		}
	}
	if p.Plan != nil {
		problems = append(problems, p.Plan.Problems...)
	}
	problems = append(problems, p.forgetful...)
	return problems.Sort()
}

// Warnings are what does no harm in the files and in the plan.
func (p *Pass) Warnings() tree.Problems {
	var warnings tree.Problems
	if p.Blueprints != nil {
		warnings = append(warnings, p.Blueprints.Warnings...)
		for _, file := range p.Blueprints.Files {
			warnings = append(warnings, file.Warnings...)
		}
	}
	if p.Plan != nil {
		warnings = append(warnings, p.Plan.Warnings...)
	}
	return warnings.Sort()
}

// unfinished reports whether the next pass should come soon, since the server could
// not be asked for all.
func (p *Pass) unfinished() bool {
	return p.Err != nil || p.Plan.Unanswered || p.Report != nil && p.Report.GaveUp
}

// Verdict says how the pass went.
func (p *Pass) Verdict() Verdict {
	switch {
	case p.Err != nil:
		return Unmade
	case len(p.Problems()) > 0,
		p.Report != nil && !p.Report.right():
		return Partial
	default:
		return Success
	}
}

// Tally counts the objects of a kind by how a pass left them.
type Tally struct{ InSync, Drifted, Amiss int }

// ObjectState is how a pass left an object.
type ObjectState string

// The states of an object.
const (
	InSync  ObjectState = "in_sync"
	Drifted ObjectState = "drifted" // it is not as declared, and nothing was done about it
	Amiss   ObjectState = "failed"  // something is wrong with its declaration, or its change failed
)

// ObjectStates returns all states of an object.
func ObjectStates() []ObjectState { return []ObjectState{InSync, Drifted, Amiss} }

// Of returns how many objects are in the state.
func (t Tally) Of(state ObjectState) int {
	return map[ObjectState]int{InSync: t.InSync, Drifted: t.Drifted, Amiss: t.Amiss}[state]
}

// State says how the change of a result, or of a plan that was not applied, left
// its object.
func (r Result) State() ObjectState {
	switch {
	case !r.Right():
		return Amiss
	case r.Change.Held != "":
		return Drifted
	default:
		return InSync
	}
}

// Tally counts the objects that the blueprints declare, by model.
func (p *Pass) Tally() map[string]Tally {
	tallies := map[string]Tally{}
	if p.Plan == nil {
		return tallies
	}
	add := func(model string, state ObjectState, count int) {
		tally := tallies[model]
		switch state {
		case InSync:
			tally.InSync += count
		case Drifted:
			tally.Drifted += count
		case Amiss:
			tally.Amiss += count
		}
		tallies[model] = tally
	}
	for model, count := range p.Plan.Failed {
		add(model, Amiss, count)
	}
	for _, change := range p.Plan.Changes {
		if change.Action == NoOp {
			add(change.Model, InSync, 1)
		} else if p.Report == nil {
			add(change.Model, Drifted, 1)
		}
	}
	if p.Report != nil {
		for _, result := range p.Report.Results {
			add(result.Change.Model, result.State(), 1)
		}
	}
	return tallies
}
