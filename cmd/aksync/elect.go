package main

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/leader"
	"github.com/aksync/aksync/sync"
)

// electFlags are the flags of leader election.
type electFlags struct {
	elect            bool
	lease, namespace string
}

func (f *electFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.elect, "leader-elect", false, "write only while this replica holds a Kubernetes Lease; the others follow, and report drift")
	flags.StringVar(&f.lease, "leader-elect-lease", "aksync", "name of the Lease")
	flags.StringVar(&f.namespace, "leader-elect-namespace", "", "namespace of the Lease (default: the pod's own)")
}

// config is the Lease that the flags describe; nil where they want none.
func (f *electFlags) config(log zerolog.Logger) lease {
	if !f.elect {
		return nil
	}
	return leaseOf(leader.Config{Name: f.lease, Namespace: f.namespace, Logger: log})
}

func leaseOf(cfg leader.Config) lease {
	return func(ctx context.Context, lead func(context.Context, <-chan struct{}) error) error {
		return leader.Run(ctx, cfg, lead)
	}
}

// lease calls lead while this replica holds a Lease, until ctx ends. Lead's
// context ends when the Lease is lost or ctx ends; the channel is closed when
// the Lease is lost, also where that is later.
type lease func(ctx context.Context, lead func(ctx context.Context, lost <-chan struct{}) error) error

// elected makes passes that write while this replica leads, and passes that
// don't while it follows, so that a follower is ready too.
type elected struct {
	// lease is the Lease to stand for; nil where there is one replica only.
	lease  lease
	daemon *sync.Daemon
	// leads is told whether the passes from here on write.
	leads func(bool)
}

// run makes passes until ctx ends.
func (e *elected) run(ctx context.Context) error {
	if e.lease == nil {
		e.leads(true)
		e.daemon.Run(ctx)
		return nil
	}
	follower := e.follow(ctx)
	defer func() { follower() }()
	return e.lease(ctx, func(leading context.Context, lost <-chan struct{}) error {
		follower()
		e.leads(true)
		e.daemon.Reconciler.StopNow = lost
		e.daemon.Run(leading)
		follower = e.follow(ctx)
		return nil
	})
}

// follow makes passes that write nothing, until ctx ends or stop is called,
// which waits for the last of them.
func (e *elected) follow(ctx context.Context) (stop func()) {
	e.leads(false)
	if ctx.Err() != nil {
		return func() {}
	}
	reconciler := *e.daemon.Reconciler
	reconciler.DryRun = true
	daemon := *e.daemon
	daemon.Reconciler = &reconciler
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		daemon.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
