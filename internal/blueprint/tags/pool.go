package tags

import (
	"sync"

	"github.com/aksync/aksync/internal/blueprint/bounds"
)

// pool bounds the work of resolving all expressions of a file, each of which may
// take bounds.MostSteps, in a round: an expression that is resolved once more than
// any other was begins the next one.
type pool struct {
	mu           sync.Mutex
	round, spent int
}

// mostPooled is four times what evaluating the file offline may take.
const mostPooled = 4 * bounds.MostSteps

// draw gives the steps that are left for an expression that is resolved for the
// round-th time.
func (p *pool) draw(round int) (left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if round > p.round {
		p.round, p.spent = round, 0
	}
	return max(0, min(bounds.MostSteps, mostPooled-p.spent))
}

func (p *pool) spend(steps int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += steps
}
