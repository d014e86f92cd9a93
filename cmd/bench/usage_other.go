//go:build !linux

package main

import (
	"errors"
	"os"
	"time"
)

func peakMiB(*os.ProcessState) float64 { return 0 }

func memoryMiB(int) float64 { return 0 }

func cpuOf(int) (time.Duration, error) {
	return 0, errors.New("only Linux tells the CPU of another process")
}
