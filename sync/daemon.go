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
	trigger, retry := TriggerStart, firstRetry
	for {
		wait := d.Interval
		pass := d.Reconciler.Apply(ctx, trigger)
		if pass != nil && (ctx.Err() == nil || pass.Report != nil) {
			d.OnPass(pass)
		}
		if pass != nil && pass.Err != nil {
			wait = min(wait, retry)
			retry = min(2*retry, lastRetry)
		} else {
			retry = firstRetry
		}
		var goOn bool
		if trigger, goOn = d.next(ctx, wait); !goOn {
			return
		}
	}
}

// next waits for what causes the next pass.
func (d *Daemon) next(ctx context.Context, wait time.Duration) (trigger string, goOn bool) {
	if ctx.Err() != nil {
		return "", false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return "", false
	case <-d.Changes:
		return TriggerFile, true
	case <-d.Requests:
		return TriggerRequest, true
	case <-timer.C:
		return TriggerInterval, true
	}
}
