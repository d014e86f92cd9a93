package main

import (
	"bytes"
	"errors"
	"io"
	"slices"
	gosync "sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// lastPasses is how many passes the page shows.
const lastPasses = 20

// view turns passes into what people and Prometheus see of the daemon: diffs,
// log lines, metrics, health and the page.
type view struct {
	out     io.Writer
	log     zerolog.Logger
	metrics *metrics.Metrics
	models  []string // the managed ones

	// What follows is only touched by the goroutine that makes the passes.
	problems []string // those that the log has told of
	left     string   // what is left alone, as the log has told
	fought   []string // fields that somebody else keeps changing, likewise
	broken   string   // why the last pass could not be made; empty if it was
	drift    string   // the diff that a dry run printed last
	dryRun   bool     // whether passes write nothing, as asked or as a follower

	asked bool // --dry-run
	// unanswered, if not nil, tells how long authentik has been asked without
	// an answer.
	unanswered func() time.Duration

	mutex gosync.Mutex // guards state
	state metrics.Status
}

func newView(out io.Writer, log zerolog.Logger, measured *metrics.Metrics, s *schema.Schema, status metrics.Status) *view {
	v := &view{out: out, log: log, metrics: measured, state: status, asked: status.DryRun}
	for _, kind := range s.Managed() {
		v.models = append(v.models, kind.Model)
		measured.InitModel(kind.Model)
	}
	return v
}

// status is what the page shows.
func (v *view) status() metrics.Status {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	status := v.state
	status.Passes = slices.Clone(v.state.Passes)
	if v.unanswered != nil {
		status.Health.Server.Unanswered = v.unanswered()
	}
	return status
}

func (v *view) health() metrics.Health { return v.status().Health }

// leads says whether the passes from here on write. It is not called while one
// is made.
func (v *view) leads(leads bool) {
	v.metrics.SetLeader(leads)
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.state.DryRun = v.asked || !leads
	v.dryRun = v.state.DryRun
}

// planned prints the diff of a pass before it is applied, and logs what came
// up or went away in the blueprints. A dry run prints the same drift once.
func (v *view) planned(pass *sync.Pass) {
	v.logProblems(pass)
	v.logFights(pass)
	for _, warning := range pass.Plan.Warnings {
		v.log.Warn().Msg(warning)
	}
	if left := report.LeftAlone(pass.Blueprints); left != v.left {
		v.left = left
		if left != "" {
			v.log.Info().Msg(left)
		}
	}
	var diff bytes.Buffer
	if pass.Plan.HasChanges() {
		// Writing to a buffer does not fail.
		_ = report.NewText(&diff, coloured(v.out), false).Changes(pass)
	}
	if diff.Len() == 0 || v.dryRun && diff.String() == v.drift {
		v.drift = diff.String()
		return
	}
	v.drift = diff.String()
	if _, err := v.out.Write(diff.Bytes()); err != nil {
		v.log.Error().Err(err).Msg("the diff can't be printed")
	}
}

// logProblems says once that something is wrong, and once that it is well
// again.
func (v *view) logProblems(pass *sync.Pass) {
	var problems []string
	for _, problem := range pass.Problems() {
		problems = append(problems, problem.Error())
		if !slices.Contains(v.problems, problem.Error()) {
			v.log.Error().Msg(problem.Error())
		}
	}
	if len(problems) == 0 && len(v.problems) > 0 {
		v.log.Info().Msg("the blueprints have no errors any more")
	}
	v.problems = problems
}

// logFights says once that a field is fought over, and once that it is not any
// more.
func (v *view) logFights(pass *sync.Pass) {
	v.metrics.SetContested(len(pass.Fought))
	for _, message := range pass.Fought {
		if !slices.Contains(v.fought, message) {
			v.log.Warn().Msg(message)
		}
	}
	if len(pass.Fought) == 0 && len(v.fought) > 0 {
		v.log.Info().Msg("nobody changes fields back any more")
	}
	v.fought = pass.Fought
}

// changed logs and counts what became of a change.
func (v *view) changed(result sync.Result) {
	change := result.Change
	event := v.log.Info()
	switch result.Outcome {
	case sync.Done:
		v.metrics.AddChange(change.Model, change.Action, true)
	case sync.Already:
	case sync.Failed:
		v.metrics.AddChange(change.Model, change.Action, false)
		event = v.log.Error().Err(result.Err)
	case sync.Skipped:
		event = v.log.Warn().Err(result.Err)
	}
	event.Str("model", change.Model).Str("name", change.Name).Str("source", change.Source.String()).
		Msgf("%s %s", change.Action, result.Outcome)
}

// passed takes note of a pass that has ended.
func (v *view) passed(pass *sync.Pass) {
	v.metrics.ObserveSync(pass.Trigger, pass.Verdict(), pass.Started, pass.Duration)
	if pass.Blueprints != nil {
		v.metrics.SetBlueprints(pass.Blueprints.Count)
	}
	if pass.Plan != nil {
		tally := pass.Tally()
		for _, model := range v.models {
			v.metrics.SetObjects(model, tally[model])
		}
	}
	v.logPass(pass)
	v.remember(pass)
}

// logPass says once that passes can't be made, and once that they can again. A
// pass that changed nothing is no news.
func (v *view) logPass(pass *sync.Pass) {
	if pass.Err != nil {
		event := v.log.Error()
		if v.broken == pass.Err.Error() {
			event = v.log.Debug()
		}
		v.broken = pass.Err.Error()
		event.Err(pass.Err).Str("trigger", string(pass.Trigger)).Msg("the pass could not be made, it will be tried again")
		return
	}
	event := v.log.Debug()
	if v.broken != "" || pass.Plan.HasChanges() || pass.Trigger != sync.TriggerInterval {
		event = v.log.Info()
	}
	v.broken = ""
	tally := sync.Tally{}
	for _, one := range pass.Tally() {
		tally.InSync += one.InSync
		tally.Drifted += one.Drifted
		tally.Amiss += one.Amiss
	}
	event.Str("trigger", string(pass.Trigger)).Str("result", string(pass.Verdict())).Dur("duration_ms", pass.Duration).
		Int("in_sync", tally.InSync).Int("drifted", tally.Drifted).Int("failed", tally.Amiss).Msg("pass ended")
}

// remember keeps what the page shows.
func (v *view) remember(pass *sync.Pass) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.state.Health.PassEnded = true
	server := &v.state.Health.Server
	switch {
	case pass.Err == nil:
		server.Reached, server.Version, server.Error = true, pass.Plan.Version, ""
	case isServerError(pass.Err):
		server.Reached, server.Error = false, pass.Err.Error()
	}
	if pass.Blueprints != nil {
		v.state.Blueprints = blueprintRows(pass)
	}
	if pass.Plan != nil {
		v.state.Objects = objectRows(pass)
	}
	v.state.Passes = append([]metrics.Pass{passRow(pass)}, v.state.Passes...)
	v.state.Passes = v.state.Passes[:min(len(v.state.Passes), lastPasses)]
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
	errorsOf := map[string][]string{}
	for _, problem := range pass.Problems() {
		errorsOf[problem.Place.File] = append(errorsOf[problem.Place.File], problem.Error())
	}
	rows := make([]metrics.Blueprint, 0, len(pass.Blueprints.Files))
	for _, file := range pass.Blueprints.Files {
		rows = append(rows, metrics.Blueprint{File: file.Path, State: file.State, Errors: errorsOf[file.Path]})
	}
	return rows
}

func objectRows(pass *sync.Pass) []metrics.Object {
	rows := make([]metrics.Object, 0, len(pass.Plan.Changes))
	add := func(change *sync.Change, state sync.ObjectState, problem string) {
		rows = append(rows, metrics.Object{
			Model: change.Model, Name: change.Name, State: state,
			Source: change.Source.String(), Error: problem, Changes: changeLines(change),
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
func changeLines(change *sync.Change) []string {
	lines := make([]string, len(change.Fields))
	for i, field := range change.Fields {
		after := report.Literal(field.After, pageColumns)
		lines[i] = field.Name + ": " + after
		if change.Action == sync.Update {
			lines[i] = field.Name + ": " + report.Literal(field.Before, pageColumns) + " → " + after
		}
	}
	return lines
}

// newStatus is what the page shows before the first pass.
func newStatus(b build, flags runFlags, url string, paths []string) metrics.Status {
	return metrics.Status{
		Version: b.version, Revision: b.revision, Started: time.Now(),
		DryRun: flags.dryRun, Interval: flags.interval, Watched: paths,
		Health: metrics.Health{Server: metrics.Server{URL: url}},
	}
}
