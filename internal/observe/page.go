package observe

import (
	"errors"
	"slices"
	gosync "sync"
	"time"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// lastPasses is how many passes the page shows.
const lastPasses = 20

// Page keeps what the page for people shows, and what decides whether the daemon is
// ready.
type Page struct {
	// unanswered tells how long authentik has been asked without an answer.
	unanswered func() time.Duration
	asked      bool // to write nothing

	mutex gosync.Mutex // guards state
	state metrics.Status
}

// NewPage returns a page that shows the status until the first pass has ended.
func NewPage(status metrics.Status, unanswered func() time.Duration) *Page {
	return &Page{state: status, asked: status.DryRun, unanswered: unanswered}
}

// Status is what the page shows.
func (p *Page) Status() metrics.Status {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	status := p.state
	status.Passes = slices.Clone(p.state.Passes)
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
		p.state.Blueprints = blueprintRows(pass)
	}
	if pass.Plan != nil {
		p.state.Objects = objectRows(pass)
		p.state.Unmanaged = nil
		if pass.Plan.Surveyed != nil {
			p.state.Unmanaged = pass.Plan.Surveyed.Counts
		}
	}
	p.state.Passes = append([]metrics.Pass{passRow(pass)}, p.state.Passes...)
	p.state.Passes = p.state.Passes[:min(len(p.state.Passes), lastPasses)]
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

func blueprintRows(pass *sync.Pass) []metrics.Blueprint {
	errorsOf, warningsOf := byFile(pass.Problems()), byFile(pass.Warnings())
	rows := make([]metrics.Blueprint, 0, len(pass.Blueprints.Files))
	for _, file := range pass.Blueprints.Files {
		rows = append(rows, metrics.Blueprint{File: file.Path, State: file.State, Errors: errorsOf[file.Path], Warnings: warningsOf[file.Path]})
	}
	return rows
}

func byFile(problems tree.Problems) map[string][]string {
	of := map[string][]string{}
	for _, problem := range problems {
		of[problem.Place.File] = append(of[problem.Place.File], problem.Error())
	}
	return of
}

func objectRows(pass *sync.Pass) []metrics.Object {
	names := report.NewNames(pass.Plan)
	rows := make([]metrics.Object, 0, len(pass.Plan.Changes))
	add := func(change *sync.Change, state sync.ObjectState, problem string) {
		rows = append(rows, metrics.Object{
			Model: change.Model, Name: change.Name, State: state,
			Source: change.Source.String(), Error: problem, Changes: changeLines(names, change),
		})
	}
	for _, change := range pass.Plan.Changes {
		if change.Action == sync.NoOp {
			add(change, sync.InSync, "")
		} else if pass.Report == nil {
			add(change, sync.Drifted, "")
		}
	}
	if pass.Report == nil {
		return rows
	}
	for _, result := range pass.Report.Results {
		problem := result.Change.Held
		if result.Err != nil {
			problem = result.Err.Error()
		}
		add(result.Change, result.State(), problem)
	}
	return rows
}

// pageColumns is how wide a value is on the page.
const pageColumns = 200

// changeLines gives the fields of a change, one a line.
func changeLines(names *report.Names, change *sync.Change) []string {
	lines := make([]string, len(change.Fields))
	for i, field := range change.Fields {
		field = names.Shown(change.Action, field)
		after := report.Literal(field.After, pageColumns)
		lines[i] = field.Name + ": " + after
		if change.Action == sync.Update {
			lines[i] = field.Name + ": " + report.Literal(field.Before, pageColumns) + " → " + after
		}
	}
	return lines
}
