package leader

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// ErrLost is the cause (context.Cause) of the end of a lead's context where the
// Lease could not be renewed in time, or is somebody else's.
var ErrLost = errors.New("the Lease is lost: another replica may lead soon")

// The times where a Config has none: those of Kubernetes's own components.
const (
	DefaultLeaseDuration = 15 * time.Second
	DefaultRenewDeadline = 10 * time.Second
	DefaultRetryPeriod   = 2 * time.Second
)

// Config says for which Lease a replica stands, and as whom.
type Config struct {
	// Namespace and Name are those of the Lease. It is created where it does
	// not exist. No namespace is the pod's own.
	Namespace, Name string
	// Identity is the replica's name in the Lease, and must be different for
	// each process: two of one name both lead. Empty is the host's name and
	// something random.
	Identity string
	// Account reaches the API. The zero value is that of the pod in which the
	// process runs.
	Account ServiceAccount
	// leases is the API. Nil is that of the account.
	leases leases
	// LeaseDuration is how long a follower waits after the last renewal that
	// it has seen before it takes over; whole seconds, since the Lease holds
	// no fractions. RenewDeadline is how long after the start of its last
	// renewal a leader stops, RetryPeriod the time between renewals; a
	// follower looks at the Lease after 1 to 2.2 times that, at random. 0 is
	// the default.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	// OnChange is told when this replica begins or ends to lead, and when
	// another leader is seen; leader is empty where nobody is known to lead.
	// The calls come one at a time and must return soon. May be nil.
	OnChange func(leading bool, leader string)
	// Logger is told of changes, of a Lease API that fails, and when it works
	// again, once each; at debug level of each failure.
	Logger zerolog.Logger
}

// Run stands for the Lease, and calls lead while this replica holds it, with a
// context that ends, with the cause ErrLost, as soon as it may not hold it any
// more. After a loss, and when lead has returned, it stands again.
//
// The channel lost is closed when the Lease is lost, also where that happens
// after lead's context has ended for another reason: at a shutdown, what is
// under way is finished while the Lease is still held, and it may be lost
// meanwhile, which the cause of the context then can't say any more.
//
// It returns when ctx has ended or lead has returned otherwise than after a
// loss, with lead's error, and gives the Lease up, so that another replica
// takes over at its next look. An error of the Lease API never ends it; one of
// the Config, or the lack of a cluster, does so at the start.
func Run(ctx context.Context, cfg Config, lead func(ctx context.Context, lost <-chan struct{}) error) error {
	if err := cfg.complete(); err != nil {
		return fmt.Errorf("leader election: %w", err)
	}
	if api, ok := cfg.leases.(*client); ok {
		defer api.close()
	}
	c := newCandidate(cfg)
	c.log.Info().Msg("stands for leader")
	for {
		again, err := c.term(ctx, lead)
		if again && ctx.Err() == nil {
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrLost) {
				c.log.Warn().Err(err).Msg("the lead that was lost ended with an error")
			}
			continue
		}
		c.release()
		return err
	}
}

// complete checks the config and puts in what it leaves out.
func (c *Config) complete() error {
	c.LeaseDuration = orDefault(c.LeaseDuration, DefaultLeaseDuration)
	c.RenewDeadline = orDefault(c.RenewDeadline, DefaultRenewDeadline)
	c.RetryPeriod = orDefault(c.RetryPeriod, DefaultRetryPeriod)
	if c.OnChange == nil {
		c.OnChange = func(bool, string) {}
	}
	if c.Name == "" {
		return errors.New("the Lease has no name")
	}
	if !isName(c.Name) {
		return fmt.Errorf("the Lease's name is %q: want small letters, digits, and - or . between them", c.Name)
	}
	if err := c.checkTimes(); err != nil {
		return err
	}
	if c.Identity == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("naming this replica: %w", err)
		}
		c.Identity = host + "_" + strings.ToLower(rand.Text()[:10])
	}
	return c.reach()
}

func (c *Config) checkTimes() error {
	if c.LeaseDuration%time.Second != 0 {
		return fmt.Errorf("the lease duration is %s: want whole seconds", c.LeaseDuration)
	}
	if c.LeaseDuration < c.RenewDeadline+time.Second {
		return fmt.Errorf("the lease duration is %s: want at least a second more than the renew deadline of %s", c.LeaseDuration, c.RenewDeadline)
	}
	// The 1.2 is client-go's own demand, too; the second is that of countedFrom.
	if c.RetryPeriod <= 0 || c.RenewDeadline <= c.RetryPeriod*6/5+time.Second {
		return fmt.Errorf("the renew deadline is %s, the retry period %s: want more than 0 for the period, "+
			"and for the deadline a second more than 1.2 times as much", c.RenewDeadline, c.RetryPeriod)
	}
	return nil
}

// reach takes the namespace and the API from the account, if need be.
func (c *Config) reach() (err error) {
	if c.Account == (ServiceAccount{}) {
		c.Account = podAccount()
	}
	if c.leases == nil {
		// Before the namespace: where there is no pod, that is what to say.
		if _, err := c.Account.keys(); err != nil {
			return err
		}
	}
	if c.Namespace == "" {
		if c.Namespace, err = c.Account.namespace(); err != nil {
			return err
		}
	}
	if !isName(c.Namespace) {
		return fmt.Errorf("the Lease's namespace is %q: want small letters, digits, and - between them", c.Namespace)
	}
	if c.leases == nil {
		c.leases, err = newClient(c.Account, c.Namespace, c.Name)
	}
	return err
}

// isName reports whether a name can be one of Kubernetes, and so part of a path:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
func isName(name string) bool {
	const inner = "-."
	strange := func(r rune) bool { return !strings.ContainsRune(inner+"abcdefghijklmnopqrstuvwxyz0123456789", r) }
	return name != "" && strings.Trim(name, inner) == name && !strings.ContainsFunc(name, strange)
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}
