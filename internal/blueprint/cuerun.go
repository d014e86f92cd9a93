package blueprint

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aksync/aksync/internal/tree"
)

// cueRunner evaluates CUE within bounds. CUE's evaluator can't be stopped, and
// a few lines can keep it busy for years or fill the memory; so it runs in a
// process of its own where Options name one, and beside the program where not.
type cueRunner struct {
	command  []string
	limit    time.Duration
	left     time.Duration // what an evaluation of this reading may still take
	language language
	worker   *worker
	// abandoned counts the evaluations beside the program that did not end
	// in time, and so go on.
	abandoned atomic.Int32
}

// mostAbandoned is how many evaluations may go on that nobody waits for.
const mostAbandoned = 2

func newCUERunner(command []string, limit time.Duration, l language) *cueRunner {
	return &cueRunner{command: command, limit: limit, left: limit, language: l}
}

// stop ends the process, if there is one.
func (r *cueRunner) stop() {
	if r.worker != nil {
		r.worker.stop()
		r.worker = nil
	}
}

// leastLimit is how long an evaluation may take at least.
const leastLimit = 500 * time.Millisecond

// begin begins a reading: each evaluation may take the whole time again.
func (r *cueRunner) begin() { r.left = r.limit }

// run evaluates a job. The error is that of ctx. Each evaluation of a reading that
// does not end in time leaves a quarter of the time to the others, so that a folder
// of such takes hardly longer than one.
func (r *cueRunner) run(ctx context.Context, job cueJob) (cueResult, error) {
	limit := r.left
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	job.Limit = limit
	evaluate := r.runBeside
	if len(r.command) > 0 {
		evaluate = r.runWorker
	}
	result, err := evaluate(limited, job)
	switch {
	case ctx.Err() != nil:
		return cueResult{}, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		result = failedResult(job, "takes longer than %s to evaluate: look for comprehensions that multiply", limit)
		if limit < r.limit {
			result = failedResult(job, "takes longer than %s to evaluate, which is what the blueprints before it have left of %s: look for comprehensions that multiply, here or there", limit, r.limit)
		}
		r.left = max(leastLimit, limit/4)
		// The machine may only have been busy. Beside the program nothing
		// is tried twice: what was given up still runs.
		result.again = len(r.command) > 0
	case errors.Is(err, errMemory):
		result = failedResult(job, "takes more than %d MiB to evaluate: look for comprehensions that multiply", mostMemory>>20)
		result.again = true // what it imports may have been put right
	case errors.Is(err, errTooMuch):
		result = failedResult(job, "%s", growsWithoutEnd())
	case err != nil:
		result = failedResult(job, "can't be evaluated: %v", err)
		result.again = true
	}
	return result, nil
}

func failedResult(job cueJob, format string, args ...any) cueResult {
	return cueResult{problems: tree.Problems{{
		Place:   tree.Place{File: job.Parts[0].Name},
		Message: fmt.Sprintf(format, args...),
	}}}
}

func (r *cueRunner) runBeside(ctx context.Context, job cueJob) (cueResult, error) {
	if going := r.abandoned.Load(); going >= mostAbandoned {
		result := failedResult(job, "is not evaluated: %d files before it still are, beyond their time", going)
		result.again = true
		return result, nil
	}
	done := make(chan cueResult, 1)
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
		return cueResult{}, ctx.Err()
	}
}

// runWorker evaluates in the worker, which is started when there is none. One
// that broke off is not used again.
func (r *cueRunner) runWorker(ctx context.Context, job cueJob) (cueResult, error) {
	for {
		used := r.worker != nil
		if !used {
			started, err := startWorker(r.command)
			if err != nil {
				return cueResult{}, err
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
			return cueResult{}, err
		}
		// The jobs before it may have left too little for it.
	}
}
