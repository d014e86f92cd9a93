//go:build kubernetes

package main

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/leader"
)

// hasElection says whether this build can elect a leader.
const hasElection = true

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
