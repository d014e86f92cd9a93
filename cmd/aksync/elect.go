package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/aksync/aksync/sync"
)

// electFlags are the flags of leader election. Every build has them; one
// without the tag kubernetes refuses to elect.
type electFlags struct {
	elect            bool
	lease, namespace string
}

func (f *electFlags) register(flags *pflag.FlagSet) {
	flags.BoolFunc("leader-elect", "write only while this replica holds a Kubernetes Lease; the others follow, and report drift", f.setElect)
	flags.StringVar(&f.lease, "leader-elect-lease", "aksync", "name of the Lease")
	flags.StringVar(&f.namespace, "leader-elect-namespace", "", "namespace of the Lease (default: the pod's own)")
}

func (f *electFlags) setElect(text string) (err error) {
	if f.elect, err = strconv.ParseBool(text); err != nil {
		return errors.New("want true or false")
	}
	if f.elect && !hasElection {
		return errors.New("this build has no leader election: use the container image or a release, " +
			"or build with go build -tags kubernetes ./cmd/aksync")
	}
	return nil
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
