//go:build kubernetes

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
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	ctx, cancel := l.timeout(ctx)
	defer cancel()
	record, raw, err := l.Interface.Get(ctx)
	l.candidate.troubles.read(err)
	if err == nil && record.HolderIdentity != l.Identity() {
		l.term.taken(record.HolderIdentity)
	}
	return record, raw, err
}

// Create makes the Lease, held by this replica.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Create)
}

// Update takes or renews the Lease for this replica.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Update)
}

func (l *lock) write(
	ctx context.Context, record resourcelock.LeaderElectionRecord,
	write func(context.Context, resourcelock.LeaderElectionRecord) error,
) error {
	ctx, cancel := l.timeout(ctx)
	defer cancel()
	// From here on the Lease may be this replica's, whatever is answered.
	l.candidate.wrote = true
	err := write(ctx, record)
	l.candidate.troubles.wrote(err)
	if err == nil {
		l.term.renewed(record.RenewTime.Time)
	}
	return err
}

// timeout gives a request half the RenewDeadline, so that one that hangs leaves
// time for another.
func (l *lock) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.candidate.RenewDeadline/2)
}
