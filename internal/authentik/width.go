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
	// slower is how much slower answers may be for more requests at a time: a fifth, as
	// whoever logs in meanwhile waits as much longer as an answer does.
	slower = 1.2
	// windowSize is how many answers at one width are taken together.
	windowSize = 16
	// few and enough are how many answers a trial needs for a verdict: one that is
	// plain, and one that is not. Answers differ by themselves, often by a half.
	few, enough = 8, 24
	// firstTrial and lastTrial bound how many answers come between trials: those that
	// change nothing become rarer.
	firstTrial, lastTrial = windowSize, 64 * windowSize
)

// width decides how many requests go out at a time. It begins with the most that are
// allowed and tries from time to time how fast answers are with fewer, and then with
// more again: the widest stays with which they are as fast as with fewer. Only answers
// at one width are held against those at another shortly before, each with its like;
// so it makes no difference how slow the server is by itself, whether it becomes so,
// and which calls are slow. Where a server works on k requests at a time and lets the
// others wait, width comes to about k, as TCP Vegas does, whose baseline of the
// fastest answer ever would need a start with few at a time.
type width struct {
	most int // of --parallelism
	now  int
	// tenure counts the changes of now. An answer to a request from before the latest
	// says nothing about now.
	tenure int
	// settled is the width that a trial, during which now is another, goes back to.
	settled int
	// window has the latest answers at now; before has those of the window before, or,
	// in a trial, of the settled width.
	window, before latencies
	// since counts the answers since the last trial, the next of which comes after patience.
	since, patience int
	up              bool // the next trial is of more at a time
}

func newWidth(most int) width {
	return width{most: most, now: most, settled: most, patience: firstTrial, window: latencies{}}
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

func answerOf(x *exchange, resp *http.Response, took time.Duration) answer {
	return answer{like: like{x.method, x.endpoint, resp.StatusCode, bits.Len64(uint64(max(resp.ContentLength, 0)))}, took: took}
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
		w.settle(max(1, w.now/2))
	case full && a.took > 0:
		w.window.add(a)
		if w.now != w.settled {
			w.judge()
		} else if w.window.count() == windowSize {
			w.look()
		}
	}
}

// look ends a window outside of a trial: it is time for one where enough answers have
// come, or where they have become slower.
func (w *width) look() {
	w.since += windowSize
	ratio, compared := w.window.against(w.before)
	worse := compared >= few && ratio > slower
	w.before, w.window = w.window, latencies{}
	switch {
	case worse && w.now > 1:
		w.patience = firstTrial
		w.try(w.now / 2)
	case w.since < w.patience || w.most == 1:
	case w.now == 1, w.up && w.now < w.most:
		w.try(min(w.most, w.now+(w.now+1)/2))
	default:
		w.try(w.now / 2)
	}
}

// try begins a trial.
func (w *width) try(now int) {
	w.now, w.window = now, latencies{}
	w.tenure++
}

// judge ends a trial where the answers that can be compared say enough, or where too
// many have come that can't.
func (w *width) judge() {
	ratio, compared := w.window.against(w.before)
	if w.now < w.settled {
		ratio = 1 / ratio
	}
	// The wider of the two is now that many times slower.
	plain := compared >= few && (ratio < math.Sqrt(slower) || ratio > slower*slower)
	switch {
	case !plain && compared < enough && w.window.count() < 2*enough:
	case compared >= few && (ratio > slower) == (w.now < w.settled):
		w.settle(w.now)
	default:
		w.back()
	}
}

// settle makes a width the one that further trials begin at.
func (w *width) settle(now int) {
	w.up = now > w.settled
	w.before, w.window = w.window, latencies{}
	if now != w.now {
		w.tenure++
		w.before = nil
	}
	w.now, w.settled, w.since, w.patience = now, now, 0, firstTrial
	if !w.up && now > 1 && w.before.count() >= few {
		w.try(now / 2) // it may still be far too wide
	}
}

// back ends a trial that has shown nothing better.
func (w *width) back() {
	w.try(w.settled)
	w.up = !w.up
	w.before, w.since, w.patience = nil, 0, min(4*w.patience, lastTrial)
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
