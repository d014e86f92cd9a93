//go:build kubernetes

package leader

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// candidate is a replica over all its terms.
type candidate struct {
	Config
	log      zerolog.Logger
	client   logr.Logger
	troubles *troubles
	teller   *teller
	wrote    bool // the Lease may be this replica's; written by the elector alone
}

func newCandidate(cfg Config) *candidate {
	log := cfg.Logger.With().Str("lease", cfg.Namespace+"/"+cfg.Name).Str("identity", cfg.Identity).Logger()
	return &candidate{
		Config:   cfg,
		log:      log,
		client:   clientLogger(log),
		troubles: &troubles{log: log},
		teller:   &teller{log: log, onChange: cfg.OnChange},
	}
}

func (c *candidate) lease() *resourcelock.LeaseLock {
	return &resourcelock.LeaseLock{
		LeaseMeta:  meta.ObjectMeta{Namespace: c.Namespace, Name: c.Name},
		Client:     c.Client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.Identity},
	}
}

// background gives a context for client-go, which goes on after ctx has ended.
func (c *candidate) background(ctx context.Context) context.Context {
	return klog.NewContext(context.WithoutCancel(ctx), c.client)
}

// release gives the Lease up if it is this replica's, in the way of client-go:
// without a holder, anybody may take it at once.
func (c *candidate) release() {
	if !c.wrote {
		return
	}
	ctx, cancel := context.WithTimeout(c.background(context.Background()), c.RenewDeadline/2)
	defer cancel()
	holder, err := c.tryRelease(ctx)
	// A renewal that was let go of may still have been written in between.
	for apierrors.IsConflict(err) {
		holder, err = c.tryRelease(ctx)
	}
	if err != nil {
		c.log.Warn().Err(err).Stringer("lease_duration", c.LeaseDuration).
			Msg("the Lease could not be given up: another replica takes over when its time has run out")
	}
	c.teller.tell(false, holder)
}

// tryRelease gives who holds the Lease afterwards. It writes what it has just
// read, so that it can't take the Lease from another: the API refuses where
// somebody has written meanwhile.
func (c *candidate) tryRelease(ctx context.Context) (holder string, err error) {
	lease := c.lease()
	record, _, err := lease.Get(ctx)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if record.HolderIdentity != c.Identity {
		return record.HolderIdentity, nil
	}
	now := meta.NewTime(time.Now())
	return "", lease.Update(ctx, resourcelock.LeaderElectionRecord{
		LeaseDurationSeconds: 1,
		AcquireTime:          now,
		RenewTime:            now,
		LeaderTransitions:    record.LeaderTransitions,
	})
}
