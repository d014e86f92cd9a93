package observe

import (
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// Log says in the log what is new: what came up or went away, once each, and what
// became of changes.
type Log struct {
	Log zerolog.Logger

	problems, warnings, fought told
	left                       string // what is left alone
	uncompared                 string // what was not compared
	broken                     string // why the last pass could not be made; empty if it was
}

// told are the messages that the log has told of.
type told map[string]bool

// renew gives the messages that were not told yet, and reports whether there are
// none any more.
func (t *told) renew(messages []string) (fresh []string, over bool) {
	now := make(told, len(messages))
	for _, message := range messages {
		if !(*t)[message] && !now[message] {
			fresh = append(fresh, message)
		}
		now[message] = true
	}
	over = len(now) == 0 && len(*t) > 0
	*t = now
	return fresh, over
}

// Planned logs what came up or went away in the blueprints.
func (l *Log) Planned(pass *sync.Pass) {
	var problems []string
	for _, problem := range pass.Problems() {
		problems = append(problems, problem.Error())
	}
	fresh, over := l.problems.renew(problems)
	for _, message := range fresh {
		l.Log.Error().Msg(message)
	}
	if over {
		l.Log.Info().Msg("the blueprints have no errors any more")
	}
	fresh, over = l.fought.renew(pass.Fought)
	for _, message := range fresh {
		l.Log.Warn().Msg(message)
	}
	if over {
		l.Log.Info().Msg("nobody changes fields back any more")
	}
	var warnings []string
	for _, warning := range pass.Warnings() {
		warnings = append(warnings, warning.Error())
	}
	fresh, _ = l.warnings.renew(warnings)
	for _, message := range fresh {
		l.Log.Warn().Msg(message)
	}
	if names := report.NotCompared(pass.Plan); names != "" && names != l.uncompared {
		l.uncompared = names
		l.Log.Info().Msg(names)
	}
	if left := report.LeftAlone(pass.Blueprints); left != l.left {
		l.left = left
		if left != "" {
			l.Log.Info().Msg(left)
		}
	}
}

// Changed logs what became of a change.
func (l *Log) Changed(result sync.Result) {
	change := result.Change
	event := l.Log.Info()
	switch result.Outcome {
	case sync.Failed:
		event = l.Log.Error().Err(result.Err)
	case sync.Skipped:
		event = l.Log.Warn().Err(result.Err)
	case sync.Done, sync.Already:
	}
	event.Str("model", change.Model).Str("name", change.Name).Str("source", change.Source.String()).
		Msgf("%s %s", change.Action, result.Outcome)
}

// Passed says once that passes can't be made, and once that they can again. A
// pass that changed nothing is no news.
func (l *Log) Passed(pass *sync.Pass) {
	if pass.Err != nil {
		event := l.Log.Error()
		if l.broken == pass.Err.Error() {
			event = l.Log.Debug()
		}
		l.broken = pass.Err.Error()
		event.Err(pass.Err).Str("trigger", string(pass.Trigger)).Msg("the pass could not be made, it will be tried again")
		return
	}
	event := l.Log.Debug()
	if l.broken != "" || pass.Plan.HasChanges() || pass.Trigger != sync.TriggerInterval {
		event = l.Log.Info()
	}
	l.broken = ""
	tally := sync.Tally{}
	for _, one := range pass.Tally() {
		tally.InSync += one.InSync
		tally.Drifted += one.Drifted
		tally.Amiss += one.Amiss
	}
	event.Str("trigger", string(pass.Trigger)).Str("result", string(pass.Verdict())).Dur("duration_ms", pass.Duration).
		Int("in_sync", tally.InSync).Int("drifted", tally.Drifted).Int("failed", tally.Amiss).Msg("pass ended")
}
