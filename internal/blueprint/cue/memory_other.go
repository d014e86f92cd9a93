//go:build !linux || race

package cue

// limitMemory does nothing: what a worker takes is looked after by watch alone
// where the system is another one than Linux, and where the race detector takes
// memory of its own.
func limitMemory() error { return nil }
