package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ticks is how many times a second Linux counts the CPU that it tells of
// processes that have ended (USER_HZ, proc(5)).
const ticks = 100

// peakMiB is the largest memory of an ended process, or of one that it started.
func peakMiB(state *os.ProcessState) float64 {
	if usage, known := state.SysUsage().(*syscall.Rusage); known {
		return float64(usage.Maxrss) / 1024
	}
	return 0
}

// memoryMiB is what a process holds in memory now, with its part of what it shares
// (Pss in smaps_rollup, proc(5)), and the most that it has ever held, with all that it
// shares (VmHWM in status); 0 where it has ended.
func memoryMiB(pid int) (now, most float64) {
	return kilobytes(pid, "smaps_rollup", "\nPss:") / 1024, kilobytes(pid, "status", "\nVmHWM:") / 1024
}

// kilobytes is what one line of a file about a process says.
func kilobytes(pid int, name, line string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(text, []byte(line))
	if !found {
		return 0
	}
	number, _ := strconv.ParseFloat(string(bytes.Fields(after)[0]), 64)
	return number
}

// family is a process and those that it started.
func family(pid int) []int {
	all := []int{pid}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, thread := range threads {
		children, _ := os.ReadFile(thread) // a thread that has ended has none
		for _, child := range bytes.Fields(children) {
			if pid, err := strconv.Atoi(string(child)); err == nil {
				all = append(all, family(pid)...)
			}
		}
	}
	return all
}

// cpuOf gives the CPU that another process has used until now, with that of the
// processes it started and that have ended.
func cpuOf(pid int) (time.Duration, error) {
	// The clock of a process by its id: clock_getcpuclockid(3).
	const clockOfProcess = 2
	var own unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|clockOfProcess), &own); err != nil {
		return 0, fmt.Errorf("the CPU of process %d: %w", pid, err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("the CPU of process %d: %w", pid, err)
	}
	// After the name, which may hold anything, comes field 3.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	children := time.Duration(0)
	for _, field := range []int{16, 17} { // cutime and cstime
		count, err := strconv.ParseInt(string(fields[field-3]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the CPU of process %d: %w", pid, err)
		}
		children += time.Duration(count) * time.Second / ticks
	}
	return time.Duration(own.Nano()) + children, nil
}
