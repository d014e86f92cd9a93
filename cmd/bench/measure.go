package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"time"
)

// measured is what one process took.
type measured struct {
	requests         counts
	wall, first, cpu time.Duration
	// largest is the peak memory of the process or of one that it started, and
	// together that of all of them at one time; in MiB.
	largest, together float64
}

// memory is what a process and those that it started took, in MiB.
type memory struct {
	together float64         // the peak of all of them at one time
	most     map[int]float64 // the peak of each by itself
}

// look looks at all of them.
func (m *memory) look(pid int) {
	together := 0.0
	for _, pid := range family(pid) {
		now, most := memoryMiB(pid)
		together += now
		m.most[pid] = max(m.most[pid], most)
	}
	m.together = max(m.together, together)
}

// sum is what they took where each takes its most at the same time.
func (m *memory) sum() float64 {
	sum := 0.0
	for _, most := range m.most {
		sum += most
	}
	return sum
}

// run measures a command until it ends.
func (b *bench) run(command *exec.Cmd) (measured, error) {
	before, err := b.server.requests()
	if err != nil {
		return measured{}, err
	}
	if err := b.server.noteFirst(0); err != nil {
		return measured{}, err
	}
	began := time.Now()
	memory, err := watched(command)
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w", command.Args[0], err)
	}
	wall := time.Since(began)
	first, err := b.server.first()
	if err != nil {
		return measured{}, err
	}
	after, err := b.server.requests()
	if err != nil {
		return measured{}, err
	}
	state := command.ProcessState
	m := measured{
		requests: after.since(before), wall: wall, first: first.At.Sub(began),
		cpu: state.UserTime() + state.SystemTime(), largest: peakMiB(state),
	}
	m.together = max(m.largest, memory.together)
	return m, nil
}

// watched runs a command, and looks at its memory and that of what it starts: as
// often as takes a fiftieth of the time at most, since the command waits meanwhile. The
// error ends with the last of what the command wrote.
func watched(command *exec.Cmd) (m memory, err error) {
	const often, share = 20 * time.Millisecond, 50
	m.most = map[int]float64{}
	collected := &bytes.Buffer{}
	command.Stdout, command.Stderr = collected, collected
	if err := command.Start(); err != nil {
		return m, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for wait := often; ; {
		select {
		case err := <-ended:
			if err != nil {
				out := collected.Bytes()
				err = fmt.Errorf("%w: %s", err, out[max(0, len(out)-2000):])
			}
			return m, err
		case <-time.After(wait):
			began := time.Now()
			m.look(command.Process.Pid)
			wait = max(often, share*time.Since(began))
		}
	}
}
