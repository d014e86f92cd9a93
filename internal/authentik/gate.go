package authentik

import (
	"container/list"
	"context"
	"sync"

	"github.com/rs/zerolog"
)

// gate lets attempts through, in the order in which they come, no more at a time than
// the width says at that moment. An attempt makes no other while it is inside.
type gate struct {
	log zerolog.Logger

	mutex   sync.Mutex
	width   width
	inside  int
	waiting list.List // of chan int, which are given the tenure
}

func newGate(most int, log zerolog.Logger) *gate {
	return &gate{log: log, width: newWidth(most)}
}

// enter waits until an attempt may go out, and gives the tenure that leave is to be
// told.
func (g *gate) enter(ctx context.Context) (tenure int, err error) {
	turn := make(chan int, 1)
	g.mutex.Lock()
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
		g.inside--
		g.admit()
	default:
		g.waiting.Remove(place)
	}
	return 0, ctx.Err()
}

// leave ends an attempt.
func (g *gate) leave(tenure int, a answer) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	before := g.width.calm()
	g.width.learn(a, tenure, g.inside >= g.width.now)
	if now := g.width.calm(); now != before {
		g.log.Debug().Int("before", before).Int("now", now).Msg("another number of requests at a time")
	}
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
