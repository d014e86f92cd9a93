package main

import (
	"runtime/debug"

	"github.com/aksync/aksync/sync"
)

// collectAt is by how much, in percent, the daemon's memory may grow beyond what is in use
// before the rest of it is collected, and collectManyAt the same where blueprints declare
// many objects: with 10,000 that is 30 to 50 MiB less, for a fifth more CPU (cmd/bench, the
// table of the daemon).
const (
	collectAt     = 100
	collectManyAt = 30
	manyObjects   = 2000
)

// collector has garbage collected sooner where blueprints declare many objects.
type collector struct{}

// Planned is told how many there are.
func (collector) Planned(pass *sync.Pass) { debug.SetGCPercent(collectAtFor(len(pass.Plan.Changes))) }

func (collector) Changed(sync.Result) {}

func (collector) Passed(*sync.Pass) {}

func collectAtFor(objects int) int {
	if objects < manyObjects {
		return collectAt
	}
	return collectManyAt
}
