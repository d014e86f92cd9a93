package main

import (
	"os"
	"syscall"
)

// peakMiB is the largest memory of an ended process and its children, as far
// as the system tells; Linux counts in KiB.
func peakMiB(state *os.ProcessState) float64 {
	if usage, known := state.SysUsage().(*syscall.Rusage); known {
		return float64(usage.Maxrss) / 1024
	}
	return 0
}
