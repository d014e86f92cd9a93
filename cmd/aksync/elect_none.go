//go:build !kubernetes

package main

import "github.com/rs/zerolog"

// hasElection says whether this build can elect a leader.
const hasElection = false

// config is no Lease: flags that want one have been refused.
func (f *electFlags) config(zerolog.Logger) lease { return nil }
