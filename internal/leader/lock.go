package leader

import (
	"context"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lock is the Lease as client-go's elector sees it. It tells the term what was
// read and written, gives each request a time, and reports failures. The
// elector makes one request at a time.
type lock struct {
	resourcelock.Interface
	candidate *candidate
	term      *term
}

// Get reads the Lease.
func (l *lock) Get(ctx context.Context) (record *resourcelock.LeaderElectionRecord, raw []byte, err error) {
	err = l.request(ctx, "reading", func(ctx context.Context) error {
		record, raw, err = l.Interface.Get(ctx)
		return err
	})
	if err == nil && record.HolderIdentity != l.Identity() {
		l.term.taken(record.HolderIdentity)
	}
	return record, raw, err
}

// Create makes the Lease, held by this replica.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, "creating", record, l.Interface.Create)
}

// Update takes or renews the Lease for this replica.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, "renewing", record, l.Interface.Update)
}

func (l *lock) write(
	ctx context.Context, doing string, record resourcelock.LeaderElectionRecord,
	write func(context.Context, resourcelock.LeaderElectionRecord) error,
) error {
	// From here on the Lease may be this replica's, whatever is answered.
	l.candidate.wrote = true
	err := l.request(ctx, doing, func(ctx context.Context) error { return write(ctx, record) })
	if err == nil {
		l.term.renewed(record.RenewTime.Time)
	}
	return err
}

// request makes a request to the API. It gets half the RenewDeadline, so that
// one that hangs leaves time for another.
func (l *lock) request(ctx context.Context, doing string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, l.candidate.RenewDeadline/2)
	defer cancel()
	err := call(ctx)
	l.candidate.troubles.note(doing, err)
	return err
}
