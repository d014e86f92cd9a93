package leader

import (
	"context"
	"math/rand/v2"
	"time"
)

// elector has a replica hold the Lease over one term. Its rules are those of
// client-go's leader election, so that both can stand for the same Lease:
// https://github.com/kubernetes/client-go/tree/master/tools/leaderelection
type elector struct {
	*candidate
	term  *term
	lease lease     // as it was read or written last
	since time.Time // when its record was first seen
}

// run waits for the Lease, calls held, and returns when the Lease has not been
// renewed within RenewDeadline, or ctx has ended.
func (e *elector) run(ctx context.Context, held func()) {
	for !e.try(ctx) {
		// At random, so that followers don't all come at once.
		if !sleep(ctx, e.RetryPeriod+rand.N(e.RetryPeriod*6/5)) {
			return
		}
	}
	held()
	for e.renew(ctx) && sleep(ctx, e.RetryPeriod) {
	}
}

// renew reports whether the Lease was renewed within RenewDeadline.
func (e *elector) renew(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, e.RenewDeadline)
	defer cancel()
	again := time.NewTicker(e.RetryPeriod)
	defer again.Stop()
	for ctx.Err() == nil {
		if e.try(ctx) {
			return true
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
	return false
}

// try takes or renews the Lease, and reports whether this replica holds it.
func (e *elector) try(ctx context.Context) bool {
	now := time.Now()
	// One that was this replica's a moment ago mostly still is; if not, the
	// write is refused.
	if e.mine() && e.write(ctx, now) {
		return true
	}
	if !e.read(ctx) {
		return false
	}
	if e.lease.Holder != "" && !e.mine() && e.fresh(now) {
		return false
	}
	return e.write(ctx, now)
}

func (e *elector) mine() bool { return e.lease.Holder == e.Identity }

// fresh reports whether the holder may still lead: its time is counted from
// when its renewal was seen here, since clocks may disagree.
func (e *elector) fresh(now time.Time) bool {
	return e.since.Add(time.Duration(e.lease.Seconds) * time.Second).After(now)
}

// read reports whether it is known whose the Lease is; there may be none.
func (e *elector) read(ctx context.Context) bool {
	ctx, cancel := e.timeout(ctx)
	defer cancel()
	got, err := e.leases.get(ctx)
	e.troubles.read(err)
	if reasonOf(err) == notFound {
		e.lease = lease{}
		return true
	}
	if err != nil {
		return false
	}
	e.see(got)
	if !e.mine() {
		e.term.taken(got.Holder)
	}
	return true
}

// write takes or renews the Lease; the API refuses where it is not any more what
// was read.
func (e *elector) write(ctx context.Context, now time.Time) bool {
	ctx, cancel := e.timeout(ctx)
	defer cancel()
	// From here on the Lease may be this replica's, whatever is answered.
	e.wrote = true
	got, err := e.leases.put(ctx, e.lease, e.held(now))
	e.troubles.wrote(err)
	if err != nil {
		return false
	}
	e.see(got)
	e.term.renewed(now)
	return true
}

// held is the record by which this replica holds the Lease.
func (e *elector) held(now time.Time) record {
	r := record{
		Holder: e.Identity, Seconds: int32(e.LeaseDuration / time.Second),
		Acquired: micro(now), Renewed: micro(now), Transitions: e.lease.Transitions,
	}
	switch {
	case e.mine():
		r.Acquired = e.lease.Acquired
	case e.lease.version != "":
		r.Transitions++
	}
	return r
}

func (e *elector) see(got lease) {
	if got.record != e.lease.record {
		e.since = time.Now()
	}
	e.lease = got
}

// timeout gives a request half the RenewDeadline, so that one that hangs leaves
// time for another.
func (e *elector) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.RenewDeadline/2)
}

// sleep reports whether that time went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
