//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

// withoutCore does nothing: this system writes no core files, or has no limit to them.
func withoutCore() error { return nil }
