package observe

import (
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/sync"
)

// Count counts passes and changes as Prometheus sees them.
type Count struct {
	metrics *metrics.Metrics
	models  map[string]bool // those that were met
	// surveyed are those of which it is known what nobody declares.
	surveyed map[string]int
}

// NewCount returns a Count. The series of a model exist from the first plan on that
// has to do with it: there are a hundred models, of which hardly anybody uses all.
func NewCount(m *metrics.Metrics) *Count { return &Count{metrics: m, models: map[string]bool{}} }

// Planned counts the fields that are fought over, and makes the series of the plan's
// models before anything is changed.
func (c *Count) Planned(pass *sync.Pass) {
	c.metrics.SetContested(len(pass.Fought))
	c.meet(pass)
}

// meet makes the series of models that were not met yet.
func (c *Count) meet(pass *sync.Pass) {
	for model := range pass.Plan.Failed {
		c.know(model)
	}
	for _, change := range pass.Plan.Changes {
		c.know(change.Model)
	}
}

func (c *Count) know(model string) {
	if !c.models[model] {
		c.models[model] = true
		c.metrics.InitModel(model)
	}
}

// Changed counts a change that was made or failed.
func (c *Count) Changed(result sync.Result) {
	if result.Outcome == sync.Done || result.Outcome == sync.Failed {
		c.metrics.AddChange(result.Change.Model, result.Change.Action, result.Outcome == sync.Done)
	}
}

// Passed counts the pass, its files and the objects as it left them: none of a model
// of which none is declared any more.
func (c *Count) Passed(pass *sync.Pass) {
	c.metrics.ObserveSync(pass.Trigger, pass.Verdict(), pass.Started, pass.Duration)
	if pass.Blueprints != nil {
		c.metrics.SetBlueprints(pass.Blueprints.Count)
	}
	if pass.Plan != nil {
		c.meet(pass)
		c.survey(pass.Plan.Surveyed)
		tally := pass.Tally()
		for model := range c.models {
			c.metrics.SetObjects(model, tally[model])
		}
	}
}

// survey counts what nobody declares, of the models of which that is known still.
func (c *Count) survey(found *sync.Surveyed) {
	now := map[string]int{}
	if found != nil {
		now = found.Counts
	}
	for model := range c.surveyed {
		if _, known := now[model]; !known {
			c.metrics.DropUnmanaged(model)
		}
	}
	c.metrics.SetUnmanaged(now)
	c.surveyed = now
}
