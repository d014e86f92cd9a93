package sync

import (
	"context"
	"fmt"
	gosync "sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	// Permissions counts the declared permissions, which are not managed.
	Permissions int
}

// Blueprint is one file.
type Blueprint struct {
	Path  string
	State FileState
	// Problems are why the file is Invalid.
	Problems tree.Problems
}

// FileState is what a blueprint file is.
type FileState string

// The states of a file.
const (
	Valid    FileState = "valid"
	Invalid  FileState = "invalid"  // it has errors; its objects are left as they are
	Disabled FileState = "disabled" // a label switches it off
)

// Count gives how many files are in the state.
func (b *Blueprints) Count(state FileState) int {
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
	// OnPlan, if not nil, is given each plan before it is applied.
	OnPlan func(*Pass)
	// Confirm, if not nil, is asked before a plan is applied.
	Confirm func(*Pass) bool
	// OnResult, if not nil, is given what became of each change as it comes.
	OnResult func(Result)

	// settled is what the last pass read, where it left nothing to do.
	settled *Blueprints
	// fights is the daemon's memory of what it puts right; nil for one pass.
	fights *fights
}

// Pass is one pass and what it came to.
type Pass struct {
	// Trigger says why it was made: start, file, interval or request.
	Trigger  string
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
}

// Verdict says how a pass went as a whole.
type Verdict string

// The verdicts.
const (
	Success Verdict = "success"
	Partial Verdict = "partial" // some files or objects failed
	Unmade  Verdict = "failure" // the pass could not be made
)

// Validate only reads the blueprints; the pass has no plan.
func (r *Reconciler) Validate(ctx context.Context) *Pass { return r.read(ctx, TriggerRequest) }

// Plan reads the blueprints and the live objects and compares them.
func (r *Reconciler) Plan(ctx context.Context, trigger string) *Pass {
	pass := r.read(ctx, trigger)
	r.planInto(ctx, pass)
	return pass
}

// read begins a pass.
func (r *Reconciler) read(ctx context.Context, trigger string) *Pass {
	pass := &Pass{Trigger: trigger, Started: time.Now()}
	pass.Blueprints, pass.Err = r.Source.Read(ctx, trigger == TriggerFile)
	pass.Duration = time.Since(pass.Started)
	return pass
}

func (r *Reconciler) planInto(ctx context.Context, pass *Pass) {
	if pass.Err == nil {
		pass.Plan, pass.Err = r.plan(ctx, pass.Blueprints.Desired)
	}
	pass.Duration = time.Since(pass.Started)
}

// Apply plans and, unless it is a dry run, applies. It gives nil where files
// were touched and say what they said before, and the last pass left nothing
// to do.
func (r *Reconciler) Apply(ctx context.Context, trigger string) *Pass {
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
		pass.Fought = r.fights.hold(pass.Plan, time.Now())
	}
	r.carryOut(ctx, pass)
	if r.fights != nil && pass.Report != nil {
		r.fights.note(pass.Report, time.Now())
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
	pass.Report = Apply(ctx, r.API, pass.Plan, r.Parallelism, r.OnResult)
}

// plan asks for what the entries speak of, and again where a reference turns
// out to speak of more.
func (r *Reconciler) plan(ctx context.Context, desired Desired) (*Plan, error) {
	live := Live{Objects: map[string][]schema.Object{}}
	needs := r.needs(desired.Entries)
	for {
		if err := r.fetch(ctx, &live, needs); err != nil {
			return nil, err
		}
		plan := MakePlan(r.Schema, desired, live, r.Guards)
		if len(plan.Needs) == 0 {
			return plan, r.checkInUse(ctx, plan)
		}
		needs = plan.Needs
	}
}

// needs gives the models of the entries and of the references in them.
func (r *Reconciler) needs(entries []*tree.Entry) []string {
	models := map[string]bool{}
	for _, entry := range entries {
		models[entry.Model] = true
		for _, values := range []tree.Map{entry.Identifiers, entry.Attrs} {
			for _, member := range values {
				pending, isPending := member.Value.Data.(tree.Pending)
				if !isPending {
					continue
				}
				for _, ref := range pending.References() {
					models[ref.Model] = true
				}
			}
		}
	}
	var needs []string
	for _, kind := range r.Schema.Kinds() {
		if models[kind.Model] {
			needs = append(needs, kind.Model)
		}
	}
	return needs
}

// fetch adds the objects of the models to live, and the server's version if it
// is not there yet; all side by side.
func (r *Reconciler) fetch(ctx context.Context, live *Live, models []string) error {
	var adding gosync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	if live.Version == "" {
		group.Go(func() (err error) {
			live.Version, err = r.API.Version(ctx)
			return err
		})
	}
	for _, model := range models {
		kind := r.Schema.Kind(model)
		group.Go(func() error {
			objects, err := r.API.List(ctx, kind.Path, schema.PK, nil)
			if err != nil {
				return fmt.Errorf("listing each %s: %w", kind.Title, err)
			}
			adding.Lock()
			defer adding.Unlock()
			live.Objects[model] = objects
			return nil
		})
	}
	return group.Wait()
}

// ReadLive gives the server's version and all objects of the models.
func ReadLive(ctx context.Context, s *schema.Schema, api API, models []string) (*Live, error) {
	live := &Live{Objects: map[string][]schema.Object{}}
	return live, (&Reconciler{Schema: s, API: api}).fetch(ctx, live, models)
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
	return problems.Sort()
}

// Verdict says how the pass went.
func (p *Pass) Verdict() Verdict {
	switch {
	case p.Err != nil:
		return Unmade
	case len(p.Problems()) > 0,
		p.Report != nil && p.Report.Count(Done) < len(p.Report.Results):
		return Partial
	default:
		return Success
	}
}

// Tally counts the objects of a kind by how a pass left them.
type Tally struct{ InSync, Drifted, Failed int }

// Tally counts the objects that the blueprints declare, by model.
func (p *Pass) Tally() map[string]Tally {
	tallies := map[string]Tally{}
	if p.Plan == nil {
		return tallies
	}
	add := func(model string, inSync, drifted, failed int) {
		tally := tallies[model]
		tallies[model] = Tally{tally.InSync + inSync, tally.Drifted + drifted, tally.Failed + failed}
	}
	for model, count := range p.Plan.Failed {
		add(model, 0, 0, count)
	}
	for _, change := range p.Plan.Changes {
		if change.Action == NoOp {
			add(change.Kind.Model, 1, 0, 0)
		} else if p.Report == nil {
			add(change.Kind.Model, 0, 1, 0)
		}
	}
	if p.Report != nil {
		for _, result := range p.Report.Results {
			if result.Outcome == Done {
				add(result.Change.Kind.Model, 1, 0, 0)
			} else {
				add(result.Change.Kind.Model, 0, 0, 1)
			}
		}
	}
	return tallies
}
