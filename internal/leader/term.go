package leader

import (
	"context"
	"errors"
	"sync"
	"time"
)

// term is one time of standing: waiting for the Lease, and leading once.
type term struct {
	candidate *candidate
	ctx       context.Context // the lead's
	end       context.CancelCauseFunc
	lost      chan struct{}

	mutex   sync.Mutex  // guards what follows
	stop    *time.Timer // ends the lead; nil until the Lease is held
	overdue *time.Timer // says that the lead has not ended
	isLost  bool
	over    bool // the lead has returned, or will not begin
}

// term stands for the Lease until ctx ends, and leads once. It returns when
// lead has returned and the elector has stopped; again is true where the Lease
// was lost.
func (c *candidate) term(ctx context.Context, lead func(ctx context.Context, lost <-chan struct{}) error) (again bool, err error) {
	t := &term{candidate: c, lost: make(chan struct{})}
	t.ctx, t.end = context.WithCancelCause(ctx)
	defer t.end(nil)

	started := make(chan struct{})
	e := &elector{candidate: c, term: t}
	// The elector outlasts ctx: the Lease is renewed until lead has returned.
	electing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		e.run(electing, func() { close(started) })
		t.lose("")
	})
	defer running.Wait()
	defer stop()
	defer t.finish()

	select {
	case <-ctx.Done():
		return false, nil
	case <-started:
	}
	if t.begin() {
		err = lead(t.ctx, t.lost)
	}
	return errors.Is(context.Cause(t.ctx), ErrLost), err
}

// begin says that this replica leads, and whether it still does.
func (t *term) begin() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.ctx.Err() != nil {
		return false
	}
	t.candidate.teller.tell(true, t.candidate.Identity)
	return true
}

// renewed notes that the Lease is this replica's, by a request that began at
// that time.
func (t *term) renewed(at time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.over {
		return
	}
	from := countedFrom(at)
	untilStop := time.Until(from.Add(t.candidate.RenewDeadline))
	untilOverdue := time.Until(from.Add(t.candidate.LeaseDuration))
	if t.stop == nil {
		t.stop = time.AfterFunc(untilStop, func() { t.lose("") })
		t.overdue = time.AfterFunc(untilOverdue, t.warn)
		return
	}
	t.stop.Reset(untilStop)
	t.overdue.Reset(untilOverdue)
}

// countedFrom is the moment from which the time of a renewal is counted. A
// follower may compare Leases by whole seconds, as client-go's election does,
// so that of two renewals within one second it has only seen the first.
func countedFrom(renewal time.Time) time.Time {
	return renewal.Add(-time.Duration(renewal.Nanosecond()))
}

// taken notes that the Lease is not this replica's, and whose it is.
func (t *term) taken(holder string) {
	t.mutex.Lock()
	waiting := t.stop == nil
	t.mutex.Unlock()
	if waiting {
		t.candidate.teller.tell(false, holder)
		return
	}
	t.lose(holder)
}

// lose ends the lead.
func (t *term) lose(holder string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.over || t.isLost {
		return
	}
	t.isLost = true
	t.end(ErrLost)
	close(t.lost)
	t.candidate.log.Warn().Str("holder", holder).Msg("lost the Lease: this replica stops writing")
	t.candidate.teller.tell(false, holder)
}

// warn says that the lead goes on for longer than it may.
func (t *term) warn() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !t.over {
		t.candidate.log.Error().Stringer("lease_duration", t.candidate.LeaseDuration).
			Msg("the Lease has run out and the pass has not ended: another replica may be writing at the same time")
	}
}

// finish notes that the lead has returned, or will not begin.
func (t *term) finish() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.over = true
	if t.stop != nil {
		t.stop.Stop()
		t.overdue.Stop()
	}
}
