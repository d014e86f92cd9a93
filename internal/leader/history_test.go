package leader

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// event is what happens to a replica at a time: the way to its API changes, or
// it ends and another process starts in its place.
type event struct {
	At      time.Duration // since the event before
	Replica int
	What    string
}

var events = []string{
	"well", "well", "refused", "refused", "silent", "slow", "slow", "flaky", "flaky", "answers lost",
	"restart", "crash",
}

// The faults of a request under each state of the way to the API.
func weather(what string, random *rand.Rand) func(string) fault {
	delay := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) }
	one := func() fault {
		switch what {
		case "refused":
			return fault{refused: errDown}
		case "silent":
			return fault{before: time.Minute}
		case "slow":
			return fault{before: delay(6 * time.Second), after: delay(6 * time.Second)}
		case "answers lost":
			return fault{before: delay(time.Second), after: delay(time.Second), lost: errDown}
		}
		return fault{before: delay(20 * time.Millisecond), after: delay(20 * time.Millisecond)}
	}
	if what != "flaky" {
		return func(string) fault { return one() }
	}
	return func(string) fault {
		f := fault{before: delay(8 * time.Second), after: delay(8 * time.Second)}
		switch random.IntN(5) {
		case 0:
			return fault{}
		case 1:
			f.refused = &refusal{"InternalError", "an error on the server"}
		case 2:
			f.lost = errDown
		case 3:
			f.before, f.after = delay(time.Second), delay(time.Second)
		}
		return f
	}
}

// Over random histories of faults, restarts and crashes, with writers that take
// nearly all the time that they have to finish, no two replicas ever lead at
// the same time; and once all is well, one leads.
func TestNeverTwoLeadersOverRandomHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		history := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) event {
			return event{
				At:      time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(rt, "at")),
				Replica: rapid.IntRange(0, 2).Draw(rt, "replica"),
				What:    rapid.SampledFrom(events).Draw(rt, "what"),
			}
		}), 1, 30).Draw(rt, "history")
		var faults []string
		synctest.Test(t, func(*testing.T) { faults = play(seed, history) })
		if len(faults) > 0 {
			rt.Fatal(strings.Join(faults, "\n"))
		}
	})
}

// play runs a history with three replicas and gives what was wrong.
func play(seed uint64, history []event) []string {
	random := rand.New(rand.NewPCG(seed, 0))
	server, j := new(api), newJournal()
	var replicas [3]*replica
	started := 0
	start := func(i int) {
		started++
		r := newReplica(fmt.Sprintf("%c%d", 'a'+i, started), server, j)
		// At 5 s another may start.
		r.takes(4999 * time.Millisecond)
		r.setFunc(weather("well", rand.New(rand.NewPCG(seed, uint64(started)))))
		r.start()
		replicas[i] = r
	}
	for i := range replicas {
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		start(i)
	}
	for _, e := range history {
		time.Sleep(e.At)
		r := replicas[e.Replica]
		switch e.What {
		case "restart":
			r.shutdown()
			start(e.Replica)
		case "crash":
			r.die()
			start(e.Replica)
		default:
			r.setFunc(weather(e.What, rand.New(rand.NewPCG(random.Uint64(), 0))))
		}
	}
	for _, r := range replicas {
		r.set(fault{})
	}
	time.Sleep(2 * time.Minute) // by then all that is silent or slow has come
	if leader := j.leader(); leader == "" || strings.Contains(leader, "+") {
		j.faults = append(j.faults, fmt.Sprintf("two minutes after all is well %q leads, want one", leader))
	}
	for _, r := range replicas {
		r.shutdown()
	}
	server.pending.Wait()
	if holder := server.holder(); holder != "" {
		j.faults = append(j.faults, fmt.Sprintf("after the shutdown of all the Lease is %q's", holder))
	}
	return j.faults
}
