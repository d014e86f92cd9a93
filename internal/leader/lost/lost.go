// Package lost says to a writer that its lead is over. It stands apart from
// package leader so that what writes needn't depend on a Kubernetes client.
package lost

import (
	"context"
	"errors"
)

// Err is the cause (context.Cause) of the end of a lead's context where the
// Lease could not be renewed in time, or is somebody else's.
var Err = errors.New("the Lease is lost: another replica may lead soon")

type key struct{}

// With gives a context that carries the channel which Done returns.
func With(ctx context.Context, lost <-chan struct{}) context.Context {
	return context.WithValue(ctx, key{}, lost)
}

// Done gives a channel that is closed when the Lease is lost, also where that
// happens after ctx has ended for another reason: at a shutdown, what is under
// way is finished while the Lease is still held, and it may be lost meanwhile,
// which the cause of ctx then can't say any more. It is nil, which blocks for
// ever, where ctx comes from no lead.
func Done(ctx context.Context) <-chan struct{} {
	done, _ := ctx.Value(key{}).(<-chan struct{})
	return done
}
