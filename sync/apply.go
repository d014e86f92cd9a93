package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Outcome is what became of a change.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Already Outcome = "already" // it was found done, by somebody else
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // a change before it failed, or the pass was ended
)

// Result is one change and what became of it.
type Result struct {
	Change  *Change
	Outcome Outcome
	// PK is the primary key of the object as text, also of one that was created; empty
	// where there is none.
	PK string
	// Err says why, where it is not done.
	Err error
}

// Right reports whether the object is as the change wants it.
func (r Result) Right() bool { return r.Outcome == Done || r.Outcome == Already }

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

// right reports whether all objects are as the plan wants them, and nothing of
// them was left for later.
func (r *Report) right() bool {
	for _, result := range r.Results {
		if !result.Right() || result.Change.Held != "" {
			return false
		}
	}
	return true
}

// Applying says how a plan is applied.
type Applying struct {
	// Parallelism is how many changes are made at a time.
	Parallelism int
	// StopNow, when it is closed after the context has ended, lets nothing under
	// way finish, such as when another replica may begin to write. It may be nil.
	StopNow <-chan struct{}
	// Progress, if not nil, is given each result as it comes, one at a time.
	Progress func(Result)
}

// Apply makes the changes of a plan, each after those that it waits for. A change
// that fails stops none but those that wait for it. When ctx ends, what is under
// way is finished and the rest skipped. Nothing but the plan and the server is
// looked at.
func Apply(ctx context.Context, s *schema.Schema, api API, plan *Plan, how Applying) *Report {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	a := &applier{
		schema: s.At(plan.Version), version: plan.Version, api: api, works: map[int]*work{}, stopNow: how.StopNow,
		slots: semaphore.NewWeighted(int64(max(1, how.Parallelism))), giveUp: giveUp, deleting: semaphore.NewWeighted(mostDeleting),
	}
	var order []*work
	for _, change := range plan.Changes {
		if change.Action != NoOp {
			w := &work{change: change, position: len(order), done: make(chan struct{})}
			a.works[change.ID] = w
			order = append(order, w)
		}
	}
	var reporting sync.Mutex
	var running sync.WaitGroup
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
			if how.Progress != nil {
				reporting.Lock()
				defer reporting.Unlock()
				how.Progress(w.result())
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
	schema  *schema.Schema // of the server's version
	version string
	api     API
	works   map[int]*work // by the number of the change
	slots   *semaphore.Weighted
	stopNow <-chan struct{}
	// deleting is held by each deletion under way, and as a whole by one that has to be
	// the only one.
	deleting *semaphore.Weighted
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
	change   *Change
	position int // in the plan
	done     chan struct{}
	made     made
	err      error
}

// made is what a change has made of its object.
type made struct {
	id any // its primary key, a string or an int64
	// key is what ends its path in the API.
	key string
	// already is set where somebody else had done it.
	already bool
}

func (w *work) finish(m made, err error) {
	w.made, w.err = m, err
	close(w.done)
}

func (w *work) result() Result {
	result := Result{Change: w.change, Outcome: Done, Err: w.err, PK: cmp.Or(schema.IDText(w.made.id), w.change.PK)}
	switch skipped := (*skippedError)(nil); {
	case errors.As(w.err, &skipped):
		result.Outcome = Skipped
	case w.err != nil:
		result.Outcome = Failed
	case w.made.already:
		result.Outcome = Already
	}
	return result
}

// skippedError says why a change was not tried.
type skippedError struct{ why string }

func (e *skippedError) Error() string { return e.why }

// run carries out a change whose turn it is, unless err says why it is not.
func (a *applier) run(ctx context.Context, w *work, err error) {
	var m made
	if err == nil {
		m, err = a.make(ctx, w.change)
		a.note(err)
		a.slots.Release(1)
	}
	w.finish(m, err)
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
		if other == nil || other.position > w.position {
			continue // nothing of it has to be done; a plan never waits for what comes later
		}
		<-other.done
		if other.err != nil {
			return &skippedError{fmt.Sprintf("skipped, since the %s failed, which it waits for", other.change.what())}
		}
	}
	return nil
}

// turn waits for a change's turn; whoever gets it gives the slot back.
func (a *applier) turn(ctx context.Context, change *Change) error {
	if change.Action == Update && len(change.Fields) == 0 {
		return &skippedError{change.Held}
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

// make carries out one change. The write itself is not cut off by the end of ctx:
// a write that is let go of half way leaves its outcome in the dark.
func (a *applier) make(ctx context.Context, change *Change) (made, error) {
	t, err := a.target(change)
	if err != nil {
		return made{}, err
	}
	ctx, stop := a.graceful(t.secretly(ctx, nil))
	defer stop()
	switch change.Action {
	case Create:
		return a.create(ctx, t)
	case Update:
		if t.Permits != nil {
			return made{}, a.permit(ctx, t)
		}
		already, err := a.update(ctx, t)
		return made{already: already}, err
	case Delete:
		already, err := a.delete(ctx, t)
		return made{already: already}, err
	default:
		return made{}, fmt.Errorf("%q is no action: nothing is done", change.Action)
	}
}

// grace is how long a change under way may still take when the pass is ended.
// It is less than the 30 seconds that Kubernetes and Docker Compose users give
// a process to end.
const grace = 20 * time.Second

// graceful gives a context that ends grace after ctx does, or when stopNow says
// so.
func (a *applier) graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-a.stopNow:
			cancel()
		case <-lasting.Done():
		}
	})
	return lasting, func() { stop(); cancel() }
}

// target is a change with the keys of what was created before it.
type target struct {
	*Change
	kind *schema.Kind
	// declared are the declared fields as they are sent.
	declared schema.Object
}

func (a *applier) target(change *Change) (target, error) {
	t := target{Change: change, kind: a.schema.Kind(change.Model), declared: schema.Object{}}
	if t.kind == nil {
		return target{}, fmt.Errorf("this aksync does not know the model %s, or authentik %s does not", change.Model, a.version)
	}
	if change.Of != nil {
		w := a.works[*change.Of]
		if w == nil || w.made.key == "" {
			return target{}, fmt.Errorf("the %s is not there, which the plan creates first", change.what())
		}
		own := *change
		own.PK, own.Key = schema.IDText(w.made.id), w.made.key
		t.Change = &own
	}
	for name, value := range change.Declared {
		t.declared[name] = tree.Replace(value, a.idOf)
		if !tree.Known(t.declared[name]) {
			return target{}, fmt.Errorf("%s refers to an object that the plan does not create", name)
		}
	}
	return t, nil
}

// idOf returns the key of the object that a change before has created, or the ID
// itself where there is none.
func (a *applier) idOf(id tree.ID) any {
	if w := a.works[id.Change]; w != nil && w.change.Action == Create {
		select {
		case <-w.done:
			return w.made.id
		default: // it is not among those that the change waits for
		}
	}
	return id
}
