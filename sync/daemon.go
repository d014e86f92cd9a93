package sync

import (
	"context"
	"time"
)

// The triggers of a pass.
const (
	TriggerStart    = "start"
	TriggerFile     = "file"
	TriggerInterval = "interval"
	TriggerRequest  = "request"
)

// Daemon makes passes: one at the start, one when the files change, one on
// request, and one every interval; never two at a time.
type Daemon struct {
	Reconciler *Reconciler
	// Interval is the time from the end of a pass to the next one, where
	// nothing else causes one.
	Interval time.Duration
	// Changes says that files may have changed, Requests that somebody asks
	// for a pass. Both may be nil.
	Changes, Requests <-chan struct{}
	// OnPass is given each pass when it has ended.
	OnPass func(*Pass)
}

// After a pass that could not be made the next try comes soon, and then less
// and less so, up to the interval.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// Run makes passes until ctx ends. The pass under way then ends after the
// changes under way, and is passed to OnPass too.
func (d *Daemon) Run(ctx context.Context) {
	retry := firstRetry
	var due time.Time
	for trigger := TriggerStart; trigger != ""; trigger = d.next(ctx, due) {
		pass := d.Reconciler.Apply(ctx, trigger)
		if pass == nil {
			continue // what was due before still is
		}
		if ctx.Err() == nil || pass.Report != nil {
			d.OnPass(pass)
		}
		wait := d.Interval
		if pass.Err != nil {
			wait = min(wait, retry)
			retry = min(2*retry, lastRetry)
		} else {
			retry = firstRetry
		}
		due = time.Now().Add(wait)
	}
}

// next waits for what causes the next pass, and gives the trigger; nothing
// where ctx has ended.
func (d *Daemon) next(ctx context.Context, due time.Time) (trigger string) {
	if ctx.Err() != nil {
		return ""
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ""
	case <-d.Changes:
		return TriggerFile
	case <-d.Requests:
		return TriggerRequest
	case <-timer.C:
		return TriggerInterval
	}
}
