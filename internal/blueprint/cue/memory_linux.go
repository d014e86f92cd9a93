//go:build linux && !race

package cue

import (
	"fmt"
	"os"
	"syscall"
)

// moreMemory is how many bytes of address space a worker may take beside what it has
// at the start. It is more than mostMemory, since Go takes memory for its heap in
// pieces of 64 MiB that are never full.
const moreMemory = 384 << 20

// limitMemory keeps this process from ever having more than moreMemory: a single
// text of a gigabyte is there before watch can look. The limit is one of
// address space, since that of data does not count what is mapped in place of a
// reservation, as Go does it (seen with Linux 6.18).
func limitMemory() error {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil // no /proc here: watch alone has to do
	}
	var pages uint64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return fmt.Errorf("/proc/self/statm: %w", err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Max, pages*uint64(os.Getpagesize())+moreMemory)
	return syscall.Setrlimit(syscall.RLIMIT_AS, &limit)
}
