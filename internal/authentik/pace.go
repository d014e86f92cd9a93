package authentik

import (
	"math"
	"slices"
	"time"
)

const (
	// remembered is how many of the latest answers of each like say how fast they are.
	remembered = 32
	// disturbed is how much slower than the fast ones of its like an answer must be
	// to show that somebody else uses the server. A log-in makes one half as long
	// again to twice as long, where the server has two workers (cmd/bench/login);
	// without one, nine of ten are less than a quarter slower there.
	disturbed = 1.4
	// restTimes is how many times as long as a slow answer took its place rests, and
	// longestRest is the most. With a sixth of the time a log-in takes 1.1 times as long,
	// with a quarter up to 1.27 times, one request after the other 1.4 times.
	restTimes   = 5
	longestRest = 2 * time.Second
)

// pace tells by the times of answers whether somebody else uses the server just now:
// they are then slower than others of their like were shortly before. A server that
// has become slower for good, or whose answers vary by themselves, is told from that
// by the latest answers.
type pace map[like]*recent

// recent are logarithms of the latest times, in a ring.
type recent struct {
	logs  [remembered]float64
	count int
}

// rest is how long nothing is to be asked instead after an answer: not at all, unless
// it was slow.
func (p pace) rest(a answer) time.Duration {
	if a.took <= 0 {
		return 0
	}
	r := p[a.like]
	if r == nil {
		r = &recent{}
		p[a.like] = r
	}
	took := math.Log(a.took.Seconds())
	slow := took > r.bound()
	r.logs[r.count%remembered] = took
	r.count++
	if !slow {
		return 0
	}
	return min(restTimes*a.took, longestRest)
}

// bound is what an answer must exceed to be slow. That answers vary by themselves
// shows in how far the middle of them is from the fastest quarter.
func (r *recent) bound() float64 {
	if r.count < few {
		return math.Inf(1)
	}
	sorted := slices.Clone(r.logs[:min(r.count, remembered)])
	slices.Sort(sorted)
	fast, middle := sorted[len(sorted)/4], sorted[len(sorted)/2]
	return fast + max(math.Log(disturbed), 3*(middle-fast))
}
