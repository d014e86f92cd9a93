package authentik

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// TestPace tells from a run of answers, in milliseconds, those that a place rests after.
func TestPace(t *testing.T) {
	like := like{method: "POST", endpoint: "/a/"}
	after := func(p pace, took ...float64) (rests []time.Duration) {
		for _, took := range took {
			rests = append(rests, p.rest(answer{like: like, took: time.Duration(took * float64(time.Millisecond))}))
		}
		return rests
	}
	// quiet are answers of a server that does nothing else, as recorded by cmd/bench/login.
	quiet := []float64{79, 80, 78, 72, 79, 81, 73, 70, 72, 70, 69, 70, 76, 79, 76, 77, 86, 83, 81, 80}
	t.Run("a quiet server", func(t *testing.T) {
		for i, rest := range after(pace{}, quiet...) {
			if rest != 0 {
				t.Errorf("answer %d: a rest of %s", i, rest)
			}
		}
	})
	t.Run("a log-in", func(t *testing.T) {
		p := pace{}
		after(p, quiet...)
		login := []float64{153, 178, 99, 91, 146}
		for i, rest := range after(p, login...) {
			want := time.Duration(0)
			if login[i] > 110 {
				want = time.Duration(restTimes * login[i] * float64(time.Millisecond))
			}
			if rest != want {
				t.Errorf("after %g ms a rest of %s, want %s", login[i], rest, want)
			}
		}
		if rest := p.rest(answer{like: like, took: time.Hour}); rest != longestRest {
			t.Errorf("after an hour a rest of %s, want %s", rest, longestRest)
		}
	})
	t.Run("no answer, and one of another like", func(t *testing.T) {
		p := pace{}
		after(p, quiet...)
		other := like
		other.method = "DELETE"
		for _, a := range []answer{{like: like}, {like: other, took: time.Second}} {
			if rest := p.rest(a); rest != 0 {
				t.Errorf("%+v: a rest of %s", a, rest)
			}
		}
	})
	t.Run("slower for good", func(t *testing.T) {
		p := pace{}
		after(p, quiet...)
		for range remembered {
			after(p, 200)
		}
		if rests := after(p, 200); rests[0] != 0 {
			t.Errorf("a rest of %s", rests[0])
		}
	})
	t.Run("uneven by itself", func(t *testing.T) {
		p, random, rests := pace{}, rand.New(rand.NewPCG(1, 2)), 0
		for range 1000 {
			if after(p, 50+100*random.Float64())[0] > 0 {
				rests++
			}
		}
		if rests > 50 {
			t.Errorf("%d rests in 1,000 answers, want no more than 50", rests)
		}
	})
}

// TestGateYields has somebody log in, which makes the server slow for others: it is asked
// far less meanwhile, and as much as before after that.
func TestGateYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMachine(100), newGate(2, zerolog.Nop())
		m.calls(t, g, 200, creates)
		asked := func(span time.Duration) int {
			ctx, cancel := context.WithTimeout(t.Context(), span)
			defer cancel()
			var sent atomic.Int64
			work := func() (like, time.Duration) {
				return creates(int(sent.Add(1)))
			}
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					for m.call(ctx, g, work) == nil {
					}
				})
			}
			all.Wait()
			return int(sent.Load())
		}
		before := asked(time.Second)
		m.slow = 1.8
		during := asked(time.Second)
		m.slow = 1
		time.Sleep(longestRest)
		if after := asked(time.Second); during > before/4 || after < before/2 { // trials of fewer are among them
			t.Errorf("in a second %d requests before a log-in, %d during, %d after", before, during, after)
		}
	})
}

// TestWritesBeginWithOne has a server of two workers: after the reads, the first writes do
// not fill them.
func TestWritesBeginWithOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMachine(2), newGate(8, zerolog.Nop())
		if g.settled() != 8 {
			t.Errorf("reads begin with %d at a time, want 8", g.settled())
		}
		m.calls(t, g, 60, creates)
		if got := g.settled(); got > 2 || m.most > 3 {
			t.Errorf("after 60 writes %d at a time, and %d at most: want 1 or 2, and 3", got, m.most)
		}
	})
}
