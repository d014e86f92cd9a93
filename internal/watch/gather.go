package watch

import "time"

// gather turns a run of events into one moment at which to signal: when nothing
// has come for the quiet time, and at the latest max after the first event.
// It is not safe for concurrent use; the Watcher's loop owns it.
type gather struct {
	quiet, max time.Duration
	first      time.Time // of the events gathered now; zero when there are none
	quietTimer *time.Timer
	structure  *time.Timer
	dirty      bool // folders may have changed since the last look at the tree
}

func newGather(quiet, longest time.Duration) *gather {
	if quiet <= 0 {
		quiet = defaultQuiet
	}
	if longest <= 0 {
		longest = defaultMax
	}
	return &gather{
		quiet:      quiet,
		max:        max(longest, quiet),
		quietTimer: stopped(),
		structure:  stopped(),
	}
}

// touch notes an event: the quiet time begins anew, within max.
func (g *gather) touch() {
	now := time.Now()
	if g.first.IsZero() {
		g.first = now
	}
	left := g.first.Add(g.max).Sub(now)
	g.quietTimer.Reset(max(0, min(g.quiet, left)))
}

// reset ends the gathering; the next event starts a new one.
func (g *gather) reset() {
	g.quietTimer.Stop()
	g.first = time.Time{}
}

// restructure asks for a look at the tree soon. Further asking does not put it
// off, so that new folders are watched while a burst is still going on.
func (g *gather) restructure() {
	if !g.dirty {
		g.dirty = true
		g.structure.Reset(settle)
	}
}

// structured takes the wish for a look at the tree back and says whether there
// was one.
func (g *gather) structured() bool {
	was := g.dirty
	g.dirty = false
	g.structure.Stop()
	return was
}

func (g *gather) stop() {
	g.quietTimer.Stop()
	g.structure.Stop()
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}
