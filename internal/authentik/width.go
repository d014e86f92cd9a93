package authentik

import (
	"errors"
	"math"
	"math/bits"
	"net/http"
	"os"
	"time"
)

const (
	// slower is how much slower answers may be for more requests at a time: a fifth, by
	// which a log-in may be slower for all that aksync does meanwhile.
	slower = 1.2
	// windowSize is how many answers at one width are taken together.
	windowSize = 16
	// few and enough are how many answers a trial needs for a verdict: one that is
	// plain, and one that is not. Answers differ by themselves, often by a half.
	// With soon it ends where they are far slower, and as long as the width rises.
	soon, few, enough = 4, 8, 24
	// firstTrial and lastTrial bound how many answers come between trials: those that
	// change nothing become rarer.
	firstTrial, lastTrial = windowSize, 64 * windowSize
)

// width decides how many requests go out at a time. Reads begin with the most that are
// allowed, and writes with one, then three times as many and so on, as long as answers
// stay as fast. From time to time it tries how fast they are with fewer, and then with
// more again: the widest holds with which they are as fast as with fewer. Only answers
// at one width are held against those at another shortly before, each with its like;
// so it makes no difference how slow the server is by itself, whether it becomes so,
// and which calls are slow. Where a server works on k requests at a time and lets the
// others wait, width comes to about k, as TCP Vegas does. A server that has shown such
// a k is left room for one request of somebody else.
type width struct {
	most int // of --parallelism
	now  int
	// tenure counts the changes of now. An answer to a request from before the latest
	// says nothing about now.
	tenure int
	// holds is the widest that answers are as fast with, as far as trials have shown.
	holds int
	trial bool
	// window has the latest answers at now; before has those of the window before, or,
	// in a trial, those from before it.
	window, before latencies
	// since counts the answers since the last trial, the next of which comes after patience.
	since, patience int
	up              bool // the next trial, or this one, is of more at a time
	// began reports whether a write went out. From then on the width is rising, one
	// trial of more after the other, until one shows nothing better.
	began, rising bool
}

func newWidth(most int) width {
	return width{most: most, now: most, holds: most, patience: firstTrial, window: latencies{}}
}

// begin is told before each write. With the first one the width begins to rise, unless
// trials have shown one already.
func (w *width) begin() {
	if w.began {
		return
	}
	w.began = true
	if w.holds == w.most && w.most > 1 {
		w.holds, w.trial, w.up, w.rising = 1, false, true, true
		w.before, w.since, w.patience = nil, 0, soon
		w.change(w.calm())
	}
}

// steady reports whether an answer of a tenure tells how fast the server is when all is
// as usual.
func (w *width) steady(tenure int) bool {
	return w.began && !w.trial && tenure == w.tenure
}

// calm is the width outside of trials.
func (w *width) calm() int {
	if w.holds == w.most || w.rising {
		return w.holds
	}
	return max(1, w.holds-1)
}

// answer is what an attempt tells about the server.
type answer struct {
	like     like
	took     time.Duration // from the connection to the last byte; 0 where no answer came
	overload bool
}

// like tells which answers take about the same time: those to a method at an endpoint
// that are of the same size, to a factor of two. A page of 200 rows is not like one
// of 3, and a refusal not like an object that was made.
type like struct {
	method, endpoint string
	status, size     int
}

// answerOf is what a complete answer tells. connected is when the request had its
// connection: to make one takes time that is not the server's.
func answerOf(x *exchange, resp *http.Response, connected *time.Time) answer {
	if connected == nil {
		return answer{}
	}
	size := bits.Len64(uint64(max(resp.ContentLength, 0)))
	return answer{like: like{x.method, x.endpoint, resp.StatusCode, size}, took: time.Since(*connected)}
}

// overloaded reports whether the server says that it is asked too much, or does not
// come to an answer in time.
func overloaded(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	return resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable
}

// learn takes an answer to a request that went out in the given tenure. While less goes
// on than is allowed, as full says, answers tell nothing about the width.
func (w *width) learn(a answer, tenure int, full bool) {
	switch {
	case tenure != w.tenure:
	case a.overload:
		w.rising = false
		w.hold(max(1, w.now/2), nil)
	case full && a.took > 0:
		w.window.add(a)
		if w.trial {
			w.judge()
		} else if w.window.count() == windowSize || w.rising && w.window.count() == soon {
			w.look()
		}
	}
}

// look ends a window outside of a trial: it is time for one where enough answers have
// come, or where they have become slower.
func (w *width) look() {
	w.since += w.window.count()
	ratio, compared := w.window.against(w.before)
	worse := compared >= few && ratio > slower
	w.before, w.window = w.window, latencies{}
	if worse {
		w.up, w.patience = false, firstTrial
	}
	if worse || w.since >= w.patience {
		w.try()
	}
}

// try begins a trial, where there is any width to try.
func (w *width) try() {
	more, fewer := min(w.most, w.holds+(w.holds+1)/2), w.holds/2
	if w.rising {
		more = min(w.most, 3*w.holds)
	}
	canGrow, canShrink := more > w.holds, fewer > 0 && fewer < w.calm()
	w.up = canGrow && (w.up || !canShrink)
	switch {
	case w.up:
		w.trial = true
		w.change(more)
	case canShrink:
		w.trial = true
		w.change(fewer)
	}
}

// change makes now another.
func (w *width) change(now int) {
	w.now, w.window = now, latencies{}
	w.tenure++
}

// judge ends a trial where the answers that can be compared say enough, or where too
// many have come that can't.
func (w *width) judge() {
	ratio, compared := w.window.against(w.before)
	if !w.up {
		ratio = 1 / ratio
	}
	// The wider of the two is now that many times slower.
	least, most := few, 2*enough
	if w.rising || ratio > slower*slower {
		least = soon
	}
	if w.rising && compared == 0 {
		most = few
	}
	plain := compared >= least && (ratio < math.Sqrt(slower) || ratio > slower*slower)
	switch {
	case !plain && compared < enough && w.window.count() < most:
	case compared >= least && (ratio > slower) != w.up:
		w.hold(w.now, w.window)
	case w.rising && compared < least: // it shows nothing
		w.trial, w.before, w.since = false, nil, 0
		w.change(w.calm())
	default: // it shows nothing better
		w.trial, w.up, w.rising, w.before = false, !w.up, false, nil
		w.since, w.patience = 0, min(4*w.patience, lastTrial)
		if w.holds == 1 { // of few workers there are seldom more, and a trial is dear
			w.patience = max(w.patience, lastTrial/4)
		}
		w.change(w.calm())
	}
}

// hold ends a trial with its width as the one that holds. What it tells of answers is
// what a further trial of fewer at a time, or of more as long as the width rises, is
// held against, at once: the width may still be far from right.
func (w *width) hold(width int, told latencies) {
	w.trial, w.holds, w.before = false, width, told
	w.since, w.patience = 0, firstTrial
	again := told != nil && (w.rising || !w.up)
	if w.rising && width == w.most { // fewer were tried just now
		w.rising, w.up, again, w.patience = false, false, false, lastTrial/4
	}
	w.change(w.calm())
	if again {
		w.try()
	}
}

// latencies are times of answers. Their logarithms are summed: one answer that takes
// ten times as long must not outweigh all others.
type latencies map[like]sum

type sum struct {
	count int
	logs  float64
}

func (l latencies) add(a answer) {
	s := l[a.like]
	l[a.like] = sum{s.count + 1, s.logs + math.Log(a.took.Seconds())}
}

func (l latencies) count() int {
	count := 0
	for _, s := range l {
		count += s.count
	}
	return count
}

// against tells how many times as long as other's the answers took, by those that have
// their like there, and how many these are.
func (l latencies) against(other latencies) (ratio float64, compared int) {
	logs := 0.0
	for like, s := range l {
		if o := other[like]; o.count > 0 {
			logs += float64(s.count) * (s.logs/float64(s.count) - o.logs/float64(o.count))
			compared += s.count
		}
	}
	return math.Exp(logs / float64(max(compared, 1))), compared
}
