package sync

import (
	"context"
	"math/rand/v2"
	"time"
)

// Trigger is what causes a pass.
type Trigger string

// The triggers of a pass.
const (
	TriggerStart    Trigger = "start"    // the daemon's first
	TriggerFile     Trigger = "file"     // a file changed
	TriggerInterval Trigger = "interval" // time was up
	TriggerRequest  Trigger = "request"  // somebody asks, by POST /-/sync or SIGHUP
)

// Triggers returns all triggers.
func Triggers() []Trigger {
	return []Trigger{TriggerStart, TriggerFile, TriggerInterval, TriggerRequest}
}

// Daemon makes passes: one at the start, one when the files change, one on
// request, and one every interval; never two at a time.
type Daemon struct {
	Reconciler *Reconciler
	// Interval is the time from the end of a pass to the next one, where
	// nothing else causes one; up to a tenth more or less, so that many
	// daemons do not ask the server at once.
	Interval time.Duration
	// Jitter gives a number from -1 to 1 for each interval; random if nil.
	Jitter func() float64
	// Changes says that files may have changed, Requests that somebody asks
	// for a pass. Both may be nil.
	Changes, Requests <-chan struct{}
	// OnPass is given each pass when it has ended.
	OnPass func(*Pass)
}

// After a pass that could not be made, or not to its end, the next try comes soon, and then less
// and less so, up to the interval.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// Run makes passes until ctx ends. The pass under way then ends after the
// changes under way, and is passed to OnPass too.
func (d *Daemon) Run(ctx context.Context) {
	d.Reconciler.fights = newFights()
	if d.Reconciler.Sent == nil { // it is kept while another replica leads
		d.Reconciler.Sent = NewSent()
	}
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
		wait := d.interval()
		if pass.unfinished() {
			wait = min(wait, retry)
			retry = min(2*retry, lastRetry)
		} else {
			retry = firstRetry
		}
		due = time.Now().Add(wait)
		if end, waits := d.Reconciler.Removals.due(); waits && end.Before(due) {
			due = end
		}
	}
}

// interval is Interval with its jitter.
func (d *Daemon) interval() time.Duration {
	jitter := d.Jitter
	if jitter == nil {
		jitter = func() float64 { return 2*rand.Float64() - 1 }
	}
	return d.Interval + time.Duration(float64(d.Interval)*jitter()/10)
}

// next waits for what causes the next pass, and gives the trigger; nothing
// where ctx has ended.
func (d *Daemon) next(ctx context.Context, due time.Time) (trigger Trigger) {
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
