package observe

import (
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Count counts passes and changes as Prometheus sees them.
type Count struct {
	metrics *metrics.Metrics
	models  []string // the managed ones
}

// NewCount returns a Count whose series exist from the start.
func NewCount(m *metrics.Metrics, s *schema.Schema) *Count {
	c := &Count{metrics: m}
	for _, kind := range s.Managed() {
		c.models = append(c.models, kind.Model)
		m.InitModel(kind.Model)
	}
	return c
}

// Planned counts the fields that are fought over.
func (c *Count) Planned(pass *sync.Pass) { c.metrics.SetContested(len(pass.Fought)) }

// Changed counts a change that was made or failed.
func (c *Count) Changed(result sync.Result) {
	if result.Outcome == sync.Done || result.Outcome == sync.Failed {
		c.metrics.AddChange(result.Change.Model, result.Change.Action, result.Outcome == sync.Done)
	}
}

// Passed counts the pass, its files and the objects as it left them.
func (c *Count) Passed(pass *sync.Pass) {
	c.metrics.ObserveSync(pass.Trigger, pass.Verdict(), pass.Started, pass.Duration)
	if pass.Blueprints != nil {
		c.metrics.SetBlueprints(pass.Blueprints.Count)
	}
	if pass.Plan != nil {
		tally := pass.Tally()
		for _, model := range c.models {
			c.metrics.SetObjects(model, tally[model])
		}
	}
}
