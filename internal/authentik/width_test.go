package authentik

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"
	"pgregory.net/rapid"
)

// machine is a simulated server, on the clock of synctest. Workers take requests one
// after the other; the others wait.
type machine struct {
	workers *semaphore.Weighted
	random  *rand.Rand
	mutex   sync.Mutex
	spread  float64 // of the times: 0.5 is half as long to half as long again
	slow    float64 // how many times slower the server has become
	refuses int     // requests at a time from which on it answers 429
	inside  int
	most    int
	beside  int // requests that came while others were inside
}

func newMachine(workers int64) *machine {
	return &machine{workers: semaphore.NewWeighted(workers), random: rand.New(rand.NewPCG(1, 2)), slow: 1, refuses: 1 << 30}
}

// serve takes as long as the work does, and reports whether it was refused.
func (m *machine) serve(ctx context.Context, work time.Duration) (refused bool) {
	m.mutex.Lock()
	m.inside++
	m.most = max(m.most, m.inside)
	if m.inside > 1 {
		m.beside++
	}
	refused = m.inside > m.refuses
	work = time.Duration(float64(work) * m.slow * (1 + m.spread*(2*m.random.Float64()-1)))
	m.mutex.Unlock()
	defer func() {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.inside--
	}()
	if refused {
		time.Sleep(time.Millisecond)
		return true
	}
	if m.workers.Acquire(ctx, 1) == nil {
		time.Sleep(work)
		m.workers.Release(1)
	}
	return false
}

// call sends a request through the gate; work is asked how long it takes once it is
// inside.
func (m *machine) call(ctx context.Context, g *gate, work func() (like, time.Duration)) error {
	tenure, err := g.enter(ctx, true)
	if err != nil {
		return err
	}
	kind, takes := work()
	sent := time.Now()
	refused := m.serve(context.Background(), takes)
	g.leave(tenure, answer{like: kind, took: time.Since(sent), overload: refused})
	return nil
}

// calls sends n requests, many at a time, through the gate; work says which request
// takes how long.
func (m *machine) calls(t testing.TB, g *gate, n int, work func(i int) (like, time.Duration)) time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := m.call(context.Background(), g, func() (like, time.Duration) { return work(i) }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

const service = 35 * time.Millisecond

// creates are requests that all take the same.
func creates(int) (like, time.Duration) { return like{method: "POST", endpoint: "/a/"}, service }

// mixed are requests of several kinds, by turns: a write, a quick look, pages of two sizes.
func mixed(i int) (like, time.Duration) {
	switch i % 4 {
	case 0:
		return creates(i)
	case 1:
		return like{method: "GET", endpoint: "/a/{pk}/"}, service / 4
	case 2:
		return like{method: "GET", endpoint: "/a/", size: 18}, 8 * service
	default:
		return like{method: "GET", endpoint: "/a/", size: 9}, service / 2
	}
}

// settled is the width that a limiter comes to, as a mean over what follows.
func settled(t testing.TB, m *machine, g *gate, work func(int) (like, time.Duration)) float64 {
	m.calls(t, g, 300, work)
	sum := 0
	var mutex sync.Mutex
	m.calls(t, g, 1000, func(i int) (like, time.Duration) {
		mutex.Lock()
		defer mutex.Unlock()
		sum += g.settled()
		return work(i)
	})
	return float64(sum) / 1000
}

// settled is the width outside of trials.
func (g *gate) settled() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.width.calm()
}

func TestWidth(t *testing.T) {
	tests := []struct {
		name        string
		workers     int64
		spread      float64
		work        func(int) (like, time.Duration)
		least, most float64
	}{
		{"one worker", 1, 0, creates, 1, 1.2},
		{"two workers", 2, 0, creates, 1, 1.5},
		{"three workers", 3, 0, creates, 1.5, 3.3},
		{"four workers", 4, 0, creates, 2.5, 4},
		{"six workers", 6, 0, creates, 3, 8},
		{"as many as may be asked", 8, 0, creates, 8, 8},
		{"no end of workers", 100, 0, creates, 8, 8},
		{"one worker, uneven", 1, 0.5, creates, 1, 1.5},
		{"two workers, uneven", 2, 0.5, creates, 1, 2},
		{"four workers, uneven", 4, 0.5, creates, 1.5, 5},
		{"no end of workers, uneven", 100, 0.5, creates, 6, 8},
		{"one worker, mixed", 1, 0, mixed, 1, 2},
		{"two workers, mixed", 2, 0, mixed, 1, 3},
		{"no end of workers, mixed", 100, 0.2, mixed, 7, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(tt.workers)
				m.spread = tt.spread
				got := settled(t, m, newGate(8, zerolog.Nop()), tt.work)
				if got < tt.least || got > tt.most || m.most > 8 {
					t.Errorf("about %.1f requests at a time, %d at most; want %g to %g, and never more than 8", got, m.most, tt.least, tt.most)
				}
			})
		})
	}
}

// TestWidthLeavesRoom has somebody else ask for as much now and then, such as one who
// logs in: with a server of few workers it takes no more than a fifth longer, from
// the beginning on.
func TestWidthLeavesRoom(t *testing.T) {
	for _, workers := range []int64{2, 4, 100} {
		synctest.Test(t, func(t *testing.T) {
			m, g := newMachine(workers), newGate(8, zerolog.Nop())
			m.spread = 0.2
			ctx, cancel := context.WithCancel(t.Context())
			logins, took := 0, time.Duration(0)
			var loop sync.WaitGroup
			loop.Go(func() {
				for ctx.Err() == nil {
					time.Sleep(190 * time.Millisecond)
					began := time.Now()
					m.serve(context.Background(), service)
					logins, took = logins+1, took+time.Since(began)
				}
			})
			m.calls(t, g, 3000, creates)
			cancel()
			loop.Wait()
			if ratio := float64(took) / float64(logins) / float64(service); ratio > slower {
				t.Errorf("with %d workers others wait %.2f times as long, over %d requests", workers, ratio, logins)
			}
		})
	}
}

// TestWidthTriesSeldom has a server of two workers, of which one is left to others: that
// is not tried again soon, since somebody who logs in then waits.
func TestWidthTriesSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(2)
		m.spread = 0.2
		m.calls(t, newGate(8, zerolog.Nop()), 250, creates)
		if m.beside == 0 || m.beside > enough {
			t.Errorf("%d of 250 requests went out beside others, want some and no more than %d", m.beside, enough)
		}
	})
}

// TestWidthCosts has a server that would answer any number at a time as fast: to
// have tried it takes little.
func TestWidthCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := newMachine(100).calls(t, newGate(8, zerolog.Nop()), 1000, creates)
		if most := 1000 / 8 * service * 106 / 100; took > most {
			t.Errorf("1,000 requests took %s, want no more than %s", took, most)
		}
	})
}

// TestWidthOfSlowServer has a server that becomes slower by itself: fewer at a time
// would change nothing.
func TestWidthOfSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMachine(100), newGate(8, zerolog.Nop())
		m.calls(t, g, 300, creates)
		m.slow = 3
		if got := settled(t, m, g, creates); got != 8 {
			t.Errorf("about %.1f requests at a time, want 8", got)
		}
	})
}

// TestWidthFollows has a server that gets less workers, and then more again.
func TestWidthFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMachine(8), newGate(8, zerolog.Nop())
		m.calls(t, g, 300, creates)
		if err := m.workers.Acquire(t.Context(), 6); err != nil {
			t.Fatal(err)
		}
		if got := settled(t, m, g, creates); got > 3 {
			t.Errorf("with two workers left about %.1f requests at a time, want 2", got)
		}
		m.workers.Release(6)
		if m.calls(t, g, 5000, creates); g.width.calm() < 6 {
			t.Errorf("with eight again %d requests at a time", g.width.calm())
		}
	})
}

// TestWidthOfRefusals has a server that answers 429 to what is too much, and fast.
func TestWidthOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMachine(100), newGate(8, zerolog.Nop())
		m.refuses = 3
		if got := settled(t, m, g, creates); got > 4 {
			t.Errorf("about %.1f requests at a time, want about 3", got)
		}
		m.refuses = 1 << 30
		if m.calls(t, g, 5000, creates); g.width.calm() != 8 {
			t.Errorf("without refusals %d requests at a time", g.width.calm())
		}
	})
}

// TestGate has callers who come and give up at any time: no more are inside than may
// be, and none that waits is forgotten.
func TestGate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(1, 9).Draw(rt, "most")
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [4]int {
			return [4]int{rapid.IntRange(0, 50).Draw(t, "comes"), rapid.IntRange(0, 60).Draw(t, "gives up"), rapid.IntRange(1, 20).Draw(t, "takes"), rapid.IntRange(0, 9).Draw(t, "overload")}
		}), 0, 60).Draw(rt, "calls")
		synctest.Test(t, func(t *testing.T) {
			g, inside, gaveUp := newGate(most, zerolog.Nop()), 0, 0
			var mutex sync.Mutex
			count := func(n int, counter *int) {
				mutex.Lock()
				defer mutex.Unlock()
				if *counter += n; inside > most {
					rt.Errorf("%d inside, want no more than %d", inside, most)
				}
			}
			var all sync.WaitGroup
			for _, call := range calls {
				all.Go(func() {
					time.Sleep(time.Duration(call[0]) * time.Millisecond)
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(call[1])*time.Millisecond)
					defer cancel()
					tenure, err := g.enter(ctx, false)
					if err != nil {
						count(1, &gaveUp)
						return
					}
					count(1, &inside)
					time.Sleep(time.Duration(call[2]) * time.Millisecond)
					count(-1, &inside)
					g.leave(tenure, answer{took: time.Duration(call[2]) * time.Millisecond, overload: call[3] == 0})
				})
			}
			all.Wait()
			time.Sleep(longestRest)
			if g.inside != 0 || g.waiting.Len() != 0 || g.width.now < 1 || g.width.now > most {
				rt.Errorf("in the end %d inside and %d waiting, %d at a time", g.inside, g.waiting.Len(), g.width.now)
			}
		})
	})
}
