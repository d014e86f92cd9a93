//go:build unix

package cue

import (
	"syscall"
	"time"
)

// countedTime is what the limit of an evaluation in a process of its own counts.
const countedTime = " of CPU time"

// spent is the CPU time that this process has used; its start does not matter.
func spent(time.Time) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // which it never is for oneself: getrusage(2)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
