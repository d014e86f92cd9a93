// Package observe shows and counts passes: each observer is a small part of its own
// beside the daemon, which knows none of them.
package observe

import "github.com/aksync/aksync/sync"

// Observer is told how a pass goes, by one goroutine at a time.
type Observer interface {
	// Planned is told of a plan before it is applied.
	Planned(*sync.Pass)
	// Changed is told what became of a change.
	Changed(sync.Result)
	// Passed is told of a pass that has ended.
	Passed(*sync.Pass)
}

// Observers are told one after the other.
type Observers []Observer

// Planned tells each of a plan.
func (os Observers) Planned(pass *sync.Pass) {
	for _, o := range os {
		o.Planned(pass)
	}
}

// Changed tells each of a change.
func (os Observers) Changed(result sync.Result) {
	for _, o := range os {
		o.Changed(result)
	}
}

// Passed tells each of a pass that has ended.
func (os Observers) Passed(pass *sync.Pass) {
	for _, o := range os {
		o.Passed(pass)
	}
}
