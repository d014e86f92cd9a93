package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// repeats is how often each pass of a daemon is measured; the table shows the
// medians.
const repeats = 5

// daemon is a running aksync.
type daemon struct {
	command *exec.Cmd
	passes  chan ended
}

// ended is a line of the log, which says that a pass has ended.
type ended struct {
	Message  string  `json:"message"`
	Trigger  string  `json:"trigger"`
	Result   string  `json:"result"`
	Duration float64 `json:"duration_ms"`
}

func (b *bench) startDaemon(ctx context.Context) (*daemon, error) {
	d := &daemon{
		command: b.aksync(ctx, "run", "--listen", "127.0.0.1:0", "--interval", "24h", "--log-format", "json", b.folder),
		passes:  make(chan ended, 1),
	}
	log, err := d.command.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the daemon: %w", err)
	}
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the daemon: %w", err)
	}
	go d.follow(log)
	return d, nil
}

// follow waits for passes until the log ends.
func (d *daemon) follow(log io.Reader) {
	defer close(d.passes)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line ended
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "pass ended" {
			d.passes <- line
		}
	}
}

// pass waits for the end of a pass.
func (d *daemon) pass(trigger string) (ended, error) {
	line, open := <-d.passes
	if !open || line.Trigger != trigger || line.Result != "success" {
		return line, fmt.Errorf("want a pass for %s that succeeds, and the daemon tells %+v", trigger, line)
	}
	return line, nil
}

// stop ends the daemon and gives its peak memory.
func (d *daemon) stop() (peak float64, err error) {
	if err := d.command.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stopping the daemon: %w", err)
	}
	for range d.passes { // the log is read to its end before Wait closes it
	}
	if err := d.command.Wait(); err != nil {
		return 0, fmt.Errorf("stopping the daemon: %w", err)
	}
	return peakMiB(d.command.ProcessState), nil
}

// cost is what one pass of the daemon took.
type cost struct {
	requests int
	// first is the CPU from its cause to the first request, cpu that to its
	// end, and wall the time from when it began to read.
	first, cpu, wall time.Duration
}

// daemonRows measures the passes of a running daemon and prints their rows.
func (b *bench) daemonRows(ctx context.Context) error {
	if err := b.write(wanted{}); err != nil {
		return err
	}
	d, err := b.startDaemon(ctx)
	if err != nil {
		return err
	}
	if _, err := d.pass("start"); err != nil {
		return err
	}
	hangup := func(int) error { return d.command.Process.Signal(syscall.SIGHUP) }
	idle, err := b.repeat(d, "request", hangup)
	if err != nil {
		return err
	}
	edit, err := b.repeat(d, "file", b.edit)
	if err != nil {
		return err
	}
	peak, err := d.stop()
	if err != nil {
		return err
	}
	b.printDaemon("no changes", idle, peak)
	b.printDaemon("one object edited", edit, peak)
	return nil
}

// repeat causes passes and gives the medians of what they took.
func (b *bench) repeat(d *daemon, trigger string, cause func(i int) error) (cost, error) {
	var costs []cost
	for i := range repeats {
		one, err := b.passOf(d, trigger, func() error { return cause(i) })
		if err != nil {
			return cost{}, err
		}
		costs = append(costs, one)
	}
	median := func(of func(cost) time.Duration) time.Duration {
		values := make([]time.Duration, len(costs))
		for i, one := range costs {
			values[i] = of(one)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return cost{
		requests: costs[0].requests,
		first:    median(func(c cost) time.Duration { return c.first }),
		cpu:      median(func(c cost) time.Duration { return c.cpu }),
		wall:     median(func(c cost) time.Duration { return c.wall }),
	}, nil
}

// passOf measures one pass.
func (b *bench) passOf(d *daemon, trigger string, cause func() error) (cost, error) {
	pid := d.command.Process.Pid
	before, err := b.server.requests()
	if err != nil {
		return cost{}, err
	}
	if err := b.server.noteFirst(pid); err != nil {
		return cost{}, err
	}
	began, err := cpuOf(pid)
	if err != nil {
		return cost{}, err
	}
	if err := cause(); err != nil {
		return cost{}, fmt.Errorf("causing a pass: %w", err)
	}
	line, err := d.pass(trigger)
	if err != nil {
		return cost{}, err
	}
	end, err := cpuOf(pid)
	if err != nil {
		return cost{}, err
	}
	first, err := b.server.first()
	if err != nil {
		return cost{}, err
	}
	after, err := b.server.requests()
	if err != nil {
		return cost{}, err
	}
	return cost{
		requests: after.since(before).total(),
		first:    first.CPU - began,
		cpu:      end - began,
		wall:     time.Duration(line.Duration * float64(time.Millisecond)),
	}, nil
}

// edit gives the first object another value, and saves as editors do: under
// another name that then takes the file's place.
func (b *bench) edit(i int) error {
	p := wanted{changed: 1 - i%2}
	name, text := b.firstFile(p)
	temporary := filepath.Join(b.folder, "."+name)
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(b.folder, name))
}

func (b *bench) printDaemon(name string, c cost, peak float64) {
	milliseconds := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	fmt.Printf("| %s | %d | %s | %d | %.1f | %.0f | %.3f | %s | %.0f |\n", b.form, b.n, name, c.requests,
		milliseconds(c.first), milliseconds(c.cpu), c.wall.Seconds(), b.floorRatio(c.requests, c.wall), peak)
}
