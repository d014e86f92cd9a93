package sync

import (
	"context"
	"errors"
	"fmt"
	gosync "sync"
	"sync/atomic"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"golang.org/x/sync/semaphore"
)

// Outcome is what became of a change.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // a change before it failed, or the pass was ended
)

// Result is one change and what became of it.
type Result struct {
	Change  *Change
	Outcome Outcome
	// Err says why, where it is not done.
	Err error
}

// Report is what applying a plan came to: a result for each change that is
// not NoOp, in the order of the plan.
type Report struct {
	Results []Result
	// GaveUp is set where the rest was skipped since the server did not answer
	// any more.
	GaveUp bool
}

// Count gives how many results have the outcome.
func (r *Report) Count(outcome Outcome) int {
	count := 0
	for _, result := range r.Results {
		if result.Outcome == outcome {
			count++
		}
	}
	return count
}

// Apply makes the changes of a plan, parallelism of them at a time, each after
// those that it waits for. A change that fails stops none but those that wait
// for it. When ctx ends, what is under way is finished and the rest skipped.
// Each result is passed to progress as it comes, one at a time, if progress is
// not nil.
func Apply(ctx context.Context, api API, plan *Plan, parallelism int, progress func(Result)) *Report {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	a := &applier{api: api, works: map[*Change]*work{}, slots: semaphore.NewWeighted(int64(max(1, parallelism))), giveUp: giveUp}
	var order []*work
	for _, change := range plan.Changes {
		w := &work{change: change, done: make(chan struct{})}
		a.works[change] = w
		if change.Action == NoOp {
			w.finish(change.PK, nil)
			continue
		}
		order = append(order, w)
	}
	var reporting gosync.Mutex
	var running gosync.WaitGroup
	for _, w := range order {
		// Most wait for no other change. Their turn comes before they get a
		// goroutine, since ten thousand of those take more memory than all else.
		waits := len(w.change.After) > 0
		var err error
		if !waits {
			err = a.turn(ctx, w.change)
		}
		running.Go(func() {
			if waits {
				if err = a.await(w); err == nil {
					err = a.turn(ctx, w.change)
				}
			}
			a.run(ctx, w, err)
			if progress != nil {
				reporting.Lock()
				defer reporting.Unlock()
				progress(w.result())
			}
		})
	}
	running.Wait()
	report := &Report{Results: make([]Result, len(order)), GaveUp: a.gaveUp.Load()}
	for i, w := range order {
		report.Results[i] = w.result()
	}
	return report
}

type applier struct {
	api   API
	works map[*Change]*work
	slots *semaphore.Weighted
	// unanswered counts the changes in a row that the server did not answer;
	// giveUp ends the pass when there are too many.
	unanswered atomic.Int32
	gaveUp     atomic.Bool
	giveUp     context.CancelFunc
}

// mostUnanswered is how many changes in a row go without an answer before the
// rest is left to the next pass: each takes the client several attempts.
const mostUnanswered = 8

// work is a change on its way; its fields are written before done is closed.
type work struct {
	change *Change
	done   chan struct{}
	pk     string
	err    error
}

func (w *work) finish(pk string, err error) {
	w.pk, w.err = pk, err
	close(w.done)
}

func (w *work) result() Result {
	result := Result{Change: w.change, Outcome: Done, Err: w.err}
	if skipped := (*skippedError)(nil); errors.As(w.err, &skipped) {
		result.Outcome = Skipped
	} else if w.err != nil {
		result.Outcome = Failed
	}
	return result
}

// skippedError says why a change was not tried.
type skippedError struct{ why string }

func (e *skippedError) Error() string { return e.why }

// run carries out a change whose turn it is, unless err says why it is not.
func (a *applier) run(ctx context.Context, w *work, err error) {
	pk := w.change.PK
	if err == nil {
		pk, err = a.make(ctx, w.change)
		a.note(err)
		a.slots.Release(1)
	}
	w.finish(pk, err)
}

// note ends the pass where the server has gone away.
func (a *applier) note(err error) {
	if !is(err, Failure.NoAnswer) {
		a.unanswered.Store(0)
	} else if a.unanswered.Add(1) >= mostUnanswered {
		a.gaveUp.Store(true)
		a.giveUp()
	}
}

// await waits for the changes before this one.
func (a *applier) await(w *work) error {
	for _, before := range w.change.After {
		other := a.works[before]
		<-other.done
		if other.err != nil {
			return &skippedError{fmt.Sprintf("skipped, since the %s %s failed, which it waits for", before.Kind.Title, quote(before.Name))}
		}
	}
	return nil
}

// turn waits for a change's turn; whoever gets it gives the slot back.
func (a *applier) turn(ctx context.Context, change *Change) error {
	if change.held != "" {
		return &skippedError{change.held}
	}
	if err := a.slots.Acquire(ctx, 1); err != nil || ctx.Err() != nil {
		if err == nil {
			a.slots.Release(1)
		}
		if a.gaveUp.Load() {
			return &skippedError{"skipped, since the server does not answer any more: the next pass goes on"}
		}
		return &skippedError{"skipped, since the pass was ended"}
	}
	return nil
}

// make carries out one change and gives the object's primary key. The write
// itself is not cut off by the end of ctx: a write that is let go of half way
// leaves its outcome in the dark.
func (a *applier) make(ctx context.Context, change *Change) (string, error) {
	target, err := a.target(change)
	if err != nil {
		return "", err
	}
	ctx, stop := graceful(ctx)
	defer stop()
	switch change.Action {
	case Create:
		return a.create(ctx, target)
	case Update:
		return change.PK, a.update(ctx, target)
	default:
		return change.PK, a.delete(ctx, change)
	}
}

// grace is how long a change under way may still take when the pass is ended.
// It is less than the 30 seconds that Kubernetes and Docker Compose users give
// a process to end.
const grace = 20 * time.Second

// stopNow is the key of the channel that WithStopNow adds to a context.
type stopNow struct{}

// WithStopNow gives a context that, when it ends, lets nothing under way finish
// once the channel is closed, such as when another replica may begin to write.
func WithStopNow(ctx context.Context, now <-chan struct{}) context.Context {
	return context.WithValue(ctx, stopNow{}, now)
}

// graceful gives a context that ends grace after ctx does.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	now, _ := ctx.Value(stopNow{}).(<-chan struct{})
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-now:
			cancel()
		case <-lasting.Done():
		}
	})
	return lasting, func() { stop(); cancel() }
}

// target is a change with every value known.
type target struct {
	*Change
	// declared are the fields that the entry declares, as they are sent.
	declared map[string]any
}

// target completes a change with the primary keys of what was created before.
func (a *applier) target(change *Change) (target, error) {
	t := target{Change: change, declared: map[string]any{}}
	for _, field := range change.Kind.Fields.Fields {
		value, given := change.Entry.Field(field.Name)
		if !given {
			continue
		}
		path := change.Entry.Path + ".attrs." + field.Name
		if value.HasPending() {
			resolved, err := value.Resolve(change.lookup(a))
			if err != nil {
				return target{}, tree.AsProblem(err, value.Place, path)
			}
			value = field.Normalize(resolved)
			if problems := field.Check(path, value); len(problems) > 0 {
				return target{}, problems[0]
			}
		}
		t.declared[field.Name] = value.Plain()
	}
	return t, nil
}

// lookup answers references after the changes before this one are done: from
// the plan, with the primary keys of the objects that were created.
func (c *Change) lookup(a *applier) tree.Lookup {
	return func(ref tree.Reference) (tree.Value, error) {
		value, err := c.references(ref)
		var later *afterApply
		if !errors.As(err, &later) {
			return value, err
		}
		if later.creates.change == nil || a.works[later.creates.change] == nil {
			return tree.Value{}, err
		}
		w := a.works[later.creates.change]
		select {
		case <-w.done:
			return tree.Value{Place: ref.Place, Data: w.pk}, w.err
		default:
			// Only an expression that brings a further reference to light when
			// it is resolved comes here. Waiting could go on for ever.
			return tree.Value{}, fmt.Errorf("refers to the %s %s, which is not created yet: the next pass finds it",
				w.change.Kind.Title, quote(w.change.Name))
		}
	}
}
