package cue

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
)

// Runner evaluates CUE within bounds. CUE's evaluator can't be stopped, and
// a few lines can keep it busy for years or fill the memory; so it runs in a
// process of its own where Options name one, and beside the program where not.
type Runner struct {
	command []string
	limit   time.Duration
	// left is what an evaluation of this reading may still take, and patience how
	// long a process of its own is waited for, by the clock on the wall.
	left, patience time.Duration
	language       tags.Language
	worker         *worker
	// abandoned counts the evaluations beside the program that did not end
	// in time, and so go on.
	abandoned atomic.Int32
}

// mostAbandoned is how many evaluations may go on that nobody waits for.
const mostAbandoned = 2

func NewRunner(command []string, limit time.Duration, l tags.Language) *Runner {
	r := &Runner{command: command, limit: limit, language: l}
	r.Begin()
	return r
}

// Stop ends the process, if there is one.
func (r *Runner) Stop() {
	if r.worker != nil {
		r.worker.stop()
		r.worker = nil
	}
}

// mostWaiting and mostTimes are how long a process of its own is waited for, and how
// many times longer than it may compute, whichever is more. Only one that gets next to
// nothing of a CPU is given up by that.
const (
	mostWaiting = 5 * time.Minute
	mostTimes   = 30
)

// leastLimit is how long an evaluation may take at least.
const leastLimit = 500 * time.Millisecond

// Begin begins a reading: each evaluation may take the whole time again.
func (r *Runner) Begin() { r.left, r.patience = r.limit, max(mostWaiting, mostTimes*r.limit) }

// Run evaluates a job. The error is that of ctx. Each evaluation of a reading that
// does not end in time leaves a quarter of the time to the others, so that a folder
// of such takes hardly longer than one.
func (r *Runner) Run(ctx context.Context, job Job) (Result, error) {
	// Beside the program there is only the clock on the wall.
	limit, patience := r.left, r.left
	if len(r.command) > 0 {
		patience = r.patience
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	job.Limit = limit
	evaluate := r.runBeside
	if len(r.command) > 0 {
		evaluate = r.runWorker
	}
	result, err := evaluate(limited, job)
	if errors.Is(err, errMemory) { // a part may do to say what is wrong
		job.InParts = true
		result, err = evaluate(limited, job)
	}
	switch {
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case errors.Is(err, errTime) || errors.Is(err, context.DeadlineExceeded) && len(r.command) == 0:
		result = r.tookTooLong(job, limit)
	case errors.Is(err, context.DeadlineExceeded):
		result = failedResult(job, "is not evaluated after %s, though that took less than %s of CPU time: the machine has too much else to do", patience, limit)
		r.patience = max(limit, patience/4)
		result.Again = true
	case errors.Is(err, errMemory):
		result = tooLarge(job)
	case errors.Is(err, errTooMuch):
		result = failedResult(job, "%s", bounds.GrowsWithoutEnd())
	case err != nil:
		result = failedResult(job, "can't be evaluated: %v", err)
		result.Again = true
	}
	return result, nil
}

// tooLarge says so of a job.
func tooLarge(job Job) Result {
	result := failedResult(job, "takes more than %d MiB to evaluate: look for comprehensions that multiply", mostMemory>>20)
	result.Again = true // what it imports may have been put right
	return result
}

// tookTooLong says so of an evaluation, and leaves less time to others.
func (r *Runner) tookTooLong(job Job, limit time.Duration) Result {
	counted := ""
	if len(r.command) > 0 {
		counted = countedTime
	}
	result := failedResult(job, "takes longer than %s%s to evaluate: look for comprehensions that multiply", limit, counted)
	if limit < r.limit {
		result = failedResult(job, "takes longer than %s%s to evaluate, which is what the blueprints before it have left of %s: look for comprehensions that multiply, here or there", limit, counted, r.limit)
	}
	r.left = max(leastLimit, limit/4)
	// Beside the program nothing is tried twice: what was given up still runs.
	result.Again = len(r.command) > 0
	return result
}

func failedResult(job Job, format string, args ...any) Result {
	return Result{Problems: tree.Problems{{
		Place:   tree.Place{File: job.Parts[0].Name},
		Message: fmt.Sprintf(format, args...),
	}}}
}

func (r *Runner) runBeside(ctx context.Context, job Job) (Result, error) {
	if going := r.abandoned.Load(); going >= mostAbandoned {
		result := failedResult(job, "is not evaluated: %d files before it still are, beyond their time", going)
		result.Again = true
		return result, nil
	}
	done := make(chan Result, 1)
	go func() { done <- (&cueEvaluator{language: r.language}).evaluate(job) }()
	select {
	case result := <-done:
		return result, nil
	case <-ctx.Done():
		r.abandoned.Add(1)
		go func() {
			<-done
			r.abandoned.Add(-1)
		}()
		return Result{}, ctx.Err()
	}
}

// runWorker evaluates in the worker, which is started when there is none. One
// that broke off is not used again.
func (r *Runner) runWorker(ctx context.Context, job Job) (Result, error) {
	for {
		used := r.worker != nil
		if !used {
			started, err := startWorker(r.command)
			if err != nil {
				return Result{}, err
			}
			r.worker = started
		}
		result, err := r.worker.evaluate(ctx, job)
		if err == nil {
			return result, nil
		}
		r.worker.kill()
		r.worker = nil
		if !used || !errors.Is(err, errMemory) {
			return Result{}, err
		}
		// The jobs before it may have left too little for it.
	}
}
