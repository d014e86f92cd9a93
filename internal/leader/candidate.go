package leader

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// candidate is a replica over all its terms.
type candidate struct {
	Config
	log      zerolog.Logger
	troubles *troubles
	teller   *teller
	wrote    bool // the Lease may be this replica's; written by the elector alone
}

func newCandidate(cfg Config) *candidate {
	log := cfg.Logger.With().Str("lease", cfg.Namespace+"/"+cfg.Name).Str("identity", cfg.Identity).Logger()
	return &candidate{
		Config:   cfg,
		log:      log,
		troubles: &troubles{log: log},
		teller:   &teller{log: log, onChange: cfg.OnChange},
	}
}

// release gives the Lease up if it is this replica's, in the way of client-go:
// without a holder, anybody may take it at once.
func (c *candidate) release() {
	if !c.wrote {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.RenewDeadline/2)
	defer cancel()
	holder, err := c.tryRelease(ctx)
	// A renewal that was let go of may still have been written in between.
	for reasonOf(err) == conflict {
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
	got, err := c.leases.get(ctx)
	if reasonOf(err) == notFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if got.Holder != c.Identity {
		return got.Holder, nil
	}
	now := micro(time.Now())
	_, err = c.leases.put(ctx, got, record{Seconds: 1, Acquired: now, Renewed: now, Transitions: got.Transitions})
	return "", err
}
