package authentik

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// gate lets attempts through, in the order in which they come, no more at a time than
// the width says at that moment. An attempt makes no other while it is inside.
type gate struct {
	log zerolog.Logger

	mutex   sync.Mutex
	width   width
	pace    pace
	inside  int // with the places that rest
	resting int
	waiting list.List // of chan int, which are given the tenure
}

func newGate(most int, log zerolog.Logger) *gate {
	return &gate{log: log, width: newWidth(most), pace: pace{}}
}

// enter waits until an attempt may go out, and gives the tenure that leave is to be
// told. Before the first write it becomes careful.
func (g *gate) enter(ctx context.Context, write bool) (tenure int, err error) {
	turn := make(chan int, 1)
	g.mutex.Lock()
	if write {
		g.width.begin()
	}
	place := g.waiting.PushBack(turn)
	g.admit()
	g.mutex.Unlock()
	select {
	case tenure = <-turn:
		return tenure, nil
	case <-ctx.Done():
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	select {
	case <-turn: // it came at the same time, and goes to the next
		g.free()
	default:
		g.waiting.Remove(place)
	}
	return 0, ctx.Err()
}

// leave ends an attempt. Where the answer shows that somebody else uses the server, its
// place stays empty for a time.
func (g *gate) leave(tenure int, a answer) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	before := g.width.calm()
	steady := g.width.steady(tenure)
	g.width.learn(a, tenure, g.inside >= g.width.now && g.resting == 0)
	if now := g.width.calm(); now != before {
		g.log.Debug().Int("before", before).Int("now", now).Msg("another number of requests at a time")
	}
	if steady {
		if rest := g.pace.rest(a); rest > 0 {
			g.resting++
			time.AfterFunc(rest, g.rested)
			return
		}
	}
	g.free()
}

// rested ends the rest of a place.
func (g *gate) rested() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resting--
	g.free()
}

// free gives a place to who waits.
func (g *gate) free() {
	g.inside--
	g.admit()
}

// admit lets in who waits, as far as there is room.
func (g *gate) admit() {
	for g.inside < g.width.now && g.waiting.Len() > 0 {
		turn, _ := g.waiting.Remove(g.waiting.Front()).(chan int)
		turn <- g.width.tenure
		g.inside++
	}
}
