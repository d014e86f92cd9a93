package cue

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// mostMemory is how much memory, in bytes, a worker may take before it ends itself:
// with that of the program it stays below 256 MiB.
const mostMemory = 192 << 20

// softMemory is how much memory, in bytes, a worker takes before it rather spends
// time on collecting garbage. With it 10,000 objects stay below 150 MiB, both
// processes together.
const softMemory = 120 << 20

// The exit statuses of a worker that ends itself.
const (
	memoryStatus = 86 // an evaluation takes too much memory
	brokenStatus = 2  // Go's own, of a program that can have no more memory
	timeStatus   = 87 // one takes too long
	orphanStatus = 88 // whoever asked is gone
)

// errMemory and errTime are the errors of a worker that ended by memoryStatus and by
// timeStatus.
var (
	errMemory = errors.New("the evaluation took too much memory")
	errTime   = errors.New("the evaluation took too much time")
)

// Serve is the other end of Options.CUEWorker: it evaluates what it is sent
// until in ends. CUE's evaluator can't be stopped, so it ends the process where an
// evaluation takes more memory or time than is good, and where in ends meanwhile,
// since whoever asked is gone then.
func Serve(in io.Reader, out io.Writer) error {
	if err := limitMemory(); err != nil {
		return fmt.Errorf("limiting the memory that evaluating CUE may take: %w", err)
	}
	clock := &clock{start: time.Now()}
	go watch(clock)
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(softMemory)
	results := newSender(out)
	if err := results.greet(); err != nil {
		return fmt.Errorf("saying which program this is: %w", err)
	}
	jobs := &jobs{decoder: gob.NewDecoder(in), next: make(chan Job)}
	go jobs.receive()
	evaluator := &cueEvaluator{language: tags.NewLanguage(), out: results}
	for job := range jobs.next {
		clock.begin(job.Limit)
		result := evaluator.evaluate(job)
		if evaluator.context == nil {
			// What the evaluation took is given back before the other side begins
			// to take what it came to.
			debug.FreeOSMemory()
		}
		err := results.send(result)
		clock.end()
		jobs.underWay.Store(false)
		if err != nil {
			return fmt.Errorf("sending what a blueprint says: %w", err)
		}
	}
	return jobs.err
}

// jobs receives jobs, so that the end of the input is noticed while one is under
// way.
type jobs struct {
	decoder  *gob.Decoder
	next     chan Job
	underWay atomic.Bool
	err      error // set before next is closed
}

func (j *jobs) receive() {
	defer close(j.next)
	for {
		var job Job
		if err := j.decoder.Decode(&job); err != nil {
			if j.underWay.Load() {
				os.Exit(orphanStatus)
			}
			if !errors.Is(err, io.EOF) {
				j.err = fmt.Errorf("receiving a blueprint: %w", err)
			}
			return
		}
		j.underWay.Store(true)
		j.next <- job
	}
}

// watch ends this process where an evaluation takes too much.
func watch(c *clock) {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(5 * time.Millisecond) {
		if metrics.Read(sample); sample[0].Value.Uint64()-sample[1].Value.Uint64() > mostMemory {
			os.Exit(memoryStatus)
		}
		if c.isOver() {
			os.Exit(timeStatus)
		}
	}
}

// clock tells when the job under way has had its time: that of the CPU, since a busy
// machine makes no job a wrong one.
type clock struct {
	start time.Time
	until atomic.Int64 // what spent may come to, in nanoseconds; 0 for no limit
}

func (c *clock) begin(limit time.Duration) {
	if limit > 0 {
		c.until.Store(int64(spent(c.start) + limit))
	}
}

func (c *clock) end() { c.until.Store(0) }

func (c *clock) isOver() bool {
	until := c.until.Load()
	return until != 0 && int64(spent(c.start)) > until
}

// thisProgram identifies the build, so that a worker which is another program, such
// as after an upgrade in place, is noticed.
func thisProgram() string {
	info, known := debug.ReadBuildInfo()
	if !known {
		return runtime.Version()
	}
	return info.String()
}

// OwnCommand returns a command that starts this very program with the arguments. On
// Linux that is so even where its file was replaced or removed meanwhile, as by an
// upgrade.
func OwnCommand(arguments ...string) ([]string, error) {
	program := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("finding this program, which evaluates CUE in a process of its own: %w", err)
		}
	}
	return append([]string{program}, arguments...), nil
}

// worker is a process that evaluates CUE.
type worker struct {
	command *exec.Cmd
	in      io.WriteCloser
	jobs    *gob.Encoder
	results *receiver
	greeted bool // it has said which program it is
}

// startWorker starts a process. It gets nothing of this one's environment, where
// the token is. Until Serve is called it collects no garbage, which is a fifth of the
// time that it takes to start; and one with the race detector does not sleep before
// it ends.
func startWorker(command []string) (*worker, error) {
	w := &worker{command: exec.Command(command[0], command[1:]...)}
	w.command.Env = []string{"GOGC=off", "GORACE=atexit_sleep_ms=0"}
	var err error
	if w.in, err = w.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	out, err := w.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	w.jobs, w.results = gob.NewEncoder(w.in), newReceiver(out)
	return w, nil
}

// greet makes sure that the worker is this very program.
func (w *worker) greet() error {
	if w.greeted {
		return nil
	}
	var greeting message
	if err := w.results.decoder.Decode(&greeting); err != nil {
		return err
	}
	if !slices.Equal(greeting.Files, []string{thisProgram()}) {
		return errors.New("the program in its place is another version by now: start aksync again")
	}
	w.greeted = true
	return nil
}

// evaluate sends a job and waits for what came of it.
func (w *worker) evaluate(ctx context.Context, job Job) (Result, error) {
	stop := context.AfterFunc(ctx, func() { w.command.Process.Kill() })
	defer stop()
	var result Result
	err := w.greet()
	if err == nil {
		err = w.jobs.Encode(job)
	}
	if err == nil {
		result, err = w.results.receive()
	}
	if err == nil {
		return result, nil
	}
	w.command.Process.Kill() // it may be that only its answer is of no use
	ended := w.command.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case errors.As(ended, &exit) && (exit.ExitCode() == memoryStatus || exit.ExitCode() == brokenStatus):
		return Result{}, errMemory
	case errors.As(ended, &exit) && exit.ExitCode() == timeStatus:
		return Result{}, errTime
	case errors.As(ended, &exit) && exit.Exited():
		return Result{}, fmt.Errorf("the evaluation broke off: %s", exit)
	default:
		return Result{}, fmt.Errorf("the evaluation broke off: %w", err)
	}
}

func (w *worker) stop() {
	w.in.Close()
	w.command.Wait()
}

func (w *worker) kill() {
	w.command.Process.Kill()
	w.stop()
}
