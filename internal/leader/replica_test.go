package leader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

var errDown = errors.New("connection refused")

// replica is a process that stands for the Lease; it leads until its context
// ends and then takes a while to return.
type replica struct {
	name      string
	api       *api
	finishing atomic.Int64 // nanoseconds after a loss; four times that at a shutdown

	cancel  context.CancelFunc
	ended   chan struct{}
	err     error
	journal *journal

	mutex  sync.Mutex
	faults func(verb string) fault
	log    bytes.Buffer
}

func newReplica(name string, a *api, j *journal) *replica {
	r := &replica{name: name, api: a, journal: j, ended: make(chan struct{})}
	r.set(fault{})
	return r
}

// start has the replica stand, with the default times.
func (r *replica) start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		r.err = Run(ctx, Config{
			Namespace: "auth", Name: "aksync", Identity: r.name, leases: r.api.client(r.next),
			OnChange: func(leading bool, leader string) { r.journal.add("%s: %t %q", r.name, leading, leader) },
			Logger:   zerolog.New(writerFunc(r.write)).Level(zerolog.InfoLevel),
		}, r.lead)
	}()
}

func (r *replica) lead(ctx context.Context, lost <-chan struct{}) error {
	r.journal.enter(r.name)
	defer r.journal.leave(r.name)
	<-ctx.Done()
	cause, finishing := context.Cause(ctx), time.Duration(r.finishing.Load())
	if errors.Is(cause, ErrLost) {
		time.Sleep(finishing)
		return cause
	}
	// A shutdown: what is under way is finished, unless the Lease is lost.
	select {
	case <-time.After(4 * finishing):
	case <-lost:
		time.Sleep(finishing)
	}
	return cause
}

// takes has leads take that long to return after a loss.
func (r *replica) takes(d time.Duration) { r.finishing.Store(int64(d)) }

// shutdown ends the process in good order.
func (r *replica) shutdown() {
	r.cancel()
	<-r.ended
}

// die ends the process without a word to the API.
func (r *replica) die() {
	r.set(fault{refused: errDown})
	r.shutdown()
}

// set has all requests of the replica meet the fault.
func (r *replica) set(f fault) { r.setFunc(func(string) fault { return f }) }

func (r *replica) setFunc(f func(verb string) fault) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.faults = f
}

func (r *replica) next(verb string) fault {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.faults(verb)
}

func (r *replica) write(p []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.log.Write(p)
}

// logged counts the log's lines that contain the text.
func (r *replica) logged(text string) (count int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, text) {
			count++
		}
	}
	return count
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// journal says who leads, what was told, and whether two led at once.
type journal struct {
	start   time.Time
	mutex   sync.Mutex
	leading map[string]bool
	since   time.Time // of the last change of leading
	lines   []string
	leads   int
	faults  []string
}

func newJournal() *journal {
	return &journal{start: time.Now(), since: time.Now(), leading: map[string]bool{}}
}

func (j *journal) add(format string, args ...any) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) enter(name string) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for other := range j.leading {
		j.faults = append(j.faults, fmt.Sprintf("at %s %s begins while %s leads", time.Since(j.start), name, other))
	}
	j.leading[name] = true
	j.since = time.Now()
	j.leads++
}

func (j *journal) leave(name string) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	delete(j.leading, name)
	j.since = time.Now()
}

// leader gives who leads now, once nothing moves any more at this moment.
func (j *journal) leader() string {
	synctest.Wait()
	j.mutex.Lock()
	defer j.mutex.Unlock()
	var names []string
	for name := range j.leading {
		names = append(names, name)
	}
	return strings.Join(names, "+")
}

// await lets time go by until the named one leads ("" is nobody), and gives
// how long that took, to a tenth of a second; at most a minute.
func (j *journal) await(name string) time.Duration {
	begin := time.Now()
	for j.leader() != name && time.Since(begin) < time.Minute {
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(begin)
}

// count gives how many leads have begun.
func (j *journal) count() int {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.leads
}
