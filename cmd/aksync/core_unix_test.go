//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"syscall"
	"testing"
)

func TestWithoutCore(t *testing.T) {
	if err := withoutCore(); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("a core file may have %d bytes, and up to %d if asked for", limit.Cur, limit.Max)
	}
}
