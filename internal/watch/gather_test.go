package watch

import (
	"testing"
	"testing/synctest"
	"time"
)

// fired returns how long after its start a gathering ends if one event comes at
// each of these moments.
func fired(g *gather, at ...time.Duration) time.Duration {
	start := time.Now()
	for {
		var next <-chan time.Time
		if len(at) > 0 {
			next = time.After(at[0] - time.Since(start))
		}
		select {
		case <-g.quietTimer.C:
			g.reset()
			return time.Since(start)
		case <-next:
			at = at[1:]
			g.touch()
		}
	}
}

func every(step, until time.Duration) (out []time.Duration) {
	for at := time.Duration(0); at <= until; at += step {
		out = append(out, at)
	}
	return out
}

func TestGatherSignalsWhenQuietAndAtTheLatestAfterMax(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		quiet, max time.Duration
		events     []time.Duration
		want       time.Duration
	}{
		"defaults, one event":         {0, 0, []time.Duration{0}, 200 * ms},
		"defaults, no end of events":  {0, 0, every(100*ms, 10*time.Second), 2 * time.Second},
		"each event begins anew":      {200 * ms, 2 * time.Second, []time.Duration{0, 150 * ms, 300 * ms}, 500 * ms},
		"max cuts the last quiet":     {200 * ms, 300 * ms, []time.Duration{0, 150 * ms, 290 * ms}, 300 * ms},
		"max is not less than quiet":  {500 * ms, 100 * ms, []time.Duration{0}, 500 * ms},
		"an event just before it all": {200 * ms, 2 * time.Second, []time.Duration{0, 199 * ms}, 399 * ms},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGather(tt.quiet, tt.max)
				defer g.stop()
				if got := fired(g, tt.events...); got != tt.want {
					t.Errorf("signal after %v, want %v", got, tt.want)
				}
				if got := fired(g, 0); got != g.quiet {
					t.Errorf("the next gathering ended after %v, want %v", got, g.quiet)
				}
			})
		})
	}
}

func TestGatherLooksAtTheTreeOnceForABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGather(0, 0)
		defer g.stop()
		start := time.Now()
		g.restructure()
		time.Sleep(settle / 2) // in the bubble's time
		g.restructure()
		<-g.structure.C
		if got := time.Since(start); got != settle {
			t.Errorf("look at the tree after %v, want %v: the second wish put it off", got, settle)
		}
		if !g.structured() || g.structured() {
			t.Error("the wish for a look at the tree is to be taken back once")
		}
	})
}
