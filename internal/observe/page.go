package observe

import (
	"errors"
	gosync "sync"
	"time"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// lastPasses is how many passes the page shows; those in a row that came to the same are
// one.
const lastPasses = 20

// Page keeps what the page for people shows, and what decides whether the daemon is
// ready. Of the last plan it keeps what is not as declared; what is follows from the
// blueprints, which the next pass needs in any case.
type Page struct {
	// Schema tells secrets from what people may see; nil where no object is looked at.
	Schema *schema.Schema
	// Past gives the last events of an object, the newest first; nil where none are kept.
	// PastNote says how far back they go.
	Past     func(object history.Object, n int) ([]*history.Event, error)
	PastNote string

	// unanswered tells how long authentik has been asked without an answer.
	unanswered func() time.Duration
	asked      bool // to write nothing

	looking gosync.Mutex // held while a Detail is made, so that one at a time takes memory
	drawing drawing      // guarded by looking

	mutex gosync.Mutex // guards state and last
	state metrics.Status
	last  lastPass
}

// lastPass is what is kept of the last pass that had a plan. It is never changed.
type lastPass struct {
	version string
	entries []*tree.Entry
	// plan has changes that are left to do, and what they refer to; of many the first.
	plan *sync.Plan
	// of says of which objects its changes are.
	of map[*sync.Change]declaredAt
}

// mostKept is how many changes that are left to do are kept, so that a plan that changes
// all does not stay in memory as a whole.
const mostKept = 1000

// NewPage returns a page that shows the status until the first pass has ended.
func NewPage(status metrics.Status, unanswered func() time.Duration) *Page {
	return &Page{state: status, asked: status.DryRun, unanswered: unanswered}
}

// Status is what the page shows.
func (p *Page) Status() metrics.Status {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	status := p.state
	status.Health.Server.Unanswered = p.unanswered()
	return status
}

// Health is what decides whether the daemon is ready.
func (p *Page) Health() metrics.Health { return p.Status().Health }

// DryRun reports whether passes write nothing, as asked or as a follower.
func (p *Page) DryRun() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.state.DryRun
}

// Leads says whether the passes from here on write. It is not called while one
// is made.
func (p *Page) Leads(leads bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.state.DryRun = p.asked || !leads
}

// Planned does nothing: a pass is shown when it has ended.
func (*Page) Planned(*sync.Pass) {}

// Changed does nothing.
func (*Page) Changed(sync.Result) {}

// Passed keeps what the page shows.
func (p *Page) Passed(pass *sync.Pass) {
	if p.looking.TryLock() {
		p.drawing.rest()
		p.looking.Unlock()
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.state.Health.PassEnded = true
	server := &p.state.Health.Server
	switch {
	case pass.Err == nil:
		server.Reached, server.Version, server.Error = true, pass.Plan.Version, ""
	case isServerError(pass.Err):
		server.Reached, server.Error = false, pass.Err.Error()
	}
	if pass.Blueprints != nil {
		p.state.Blueprints, p.state.Problems, p.state.Warnings = blueprintRows(pass)
	}
	if pass.Plan != nil {
		p.state.Looked, p.state.Contested = pass.Started, pass.Fought
		of := declarationsOf(pass.Plan)
		p.state.Objects, p.state.Kinds = objectRows(pass, of), kindsOf(p.Schema, pass)
		p.last = keep(pass, of)
		p.state.Unmanaged = nil
		if pass.Plan.Surveyed != nil {
			p.state.Unmanaged = pass.Plan.Surveyed.Counts
		}
	}
	p.passed(passRow(pass))
}

// passed adds a pass to those that are shown, or to the last one where it came to the
// same.
func (p *Page) passed(row metrics.Pass) {
	before := p.state.Passes
	if len(before) > 0 {
		if folded, same := row.Fold(before[0]); same {
			row, before = folded, before[1:]
		}
	}
	p.state.Passes = append([]metrics.Pass{row}, before[:min(len(before), lastPasses-1)]...)
}

// keep gives what is kept of a pass. What was done is not: the object is as declared
// then, and the history has the change.
func keep(pass *sync.Pass, of map[*sync.Change]declaredAt) lastPass {
	last := lastPass{
		version: pass.Plan.Version, of: map[*sync.Change]declaredAt{},
		plan: &sync.Plan{Version: pass.Plan.Version},
	}
	if pass.Blueprints != nil {
		last.entries = pass.Blueprints.Entries
	}
	done := map[*sync.Change]bool{}
	if pass.Report != nil {
		for _, result := range pass.Report.Results {
			done[result.Change] = result.State() == sync.InSync
		}
	}
	for _, change := range pass.Plan.Changes {
		if change.Action != sync.NoOp && !done[change] && len(last.plan.Changes) < mostKept {
			last.plan.Changes = append(last.plan.Changes, change)
			last.of[change] = of[change]
			last.plan.Names = pass.Plan.Names
		}
	}
	return last
}

// isServerError tells whether it is authentik that a pass failed for, and not
// the blueprints.
func isServerError(err error) bool {
	_, isServer := errors.AsType[*authentik.Error](err)
	return isServer
}

func passRow(pass *sync.Pass) metrics.Pass {
	row := metrics.Pass{
		Trigger: pass.Trigger, Result: pass.Verdict(), Start: pass.Started, Duration: pass.Duration,
		DryRun: pass.Plan != nil && pass.Report == nil,
	}
	if pass.Err != nil {
		row.Error = pass.Err.Error()
		return row
	}
	count := func(action sync.Action) {
		switch action {
		case sync.Create:
			row.Created++
		case sync.Update:
			row.Updated++
		case sync.Delete:
			row.Deleted++
		case sync.NoOp:
			row.Unchanged++
		}
	}
	for _, change := range pass.Plan.Changes {
		if change.Action == sync.NoOp || pass.Report == nil {
			count(change.Action)
		}
	}
	if pass.Report != nil {
		for _, result := range pass.Report.Results {
			if result.Outcome == sync.Done {
				count(result.Change.Action)
			}
		}
	}
	for _, tally := range pass.Tally() {
		row.Failed += tally.Amiss
	}
	return row
}
