package leader

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

// two runs a test with replica a leading and replica b waiting, at a moment
// that is half a second away from a whole one; both are shut down at the end.
func two(t *testing.T, test func(t *testing.T, a, b *replica)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, j := new(api), newJournal()
		a, b := newReplica("a", server, j), newReplica("b", server, j)
		time.Sleep(500 * time.Millisecond)
		a.start()
		if j.leader() != "a" {
			t.Fatalf("%q leads, want a", j.leader())
		}
		b.start()
		time.Sleep(30 * time.Second)
		if j.leader() != "a" {
			t.Fatalf("after 30 s %q leads, want a", j.leader())
		}
		test(t, a, b)
		a.set(fault{})
		b.set(fault{})
		a.shutdown()
		b.shutdown()
		server.pending.Wait()
		if holder := server.holder(); holder != "" {
			t.Errorf("after the shutdown of all the Lease is %q's", holder)
		}
		for _, fault := range j.faults {
			t.Error(fault)
		}
	})
}

// longestLook is the time between a follower's looks at the Lease, to which
// client-go adds up to 1.2 times as much at random, and the step of await.
const longestLook = DefaultRetryPeriod*22/10 + 100*time.Millisecond

// between fails the test where d is not in the range.
func between(t *testing.T, what string, d, least, most time.Duration) {
	t.Helper()
	if d < least || d > most {
		t.Errorf("%s took %s, want %s to %s", what, d, least, most)
	}
}

func TestShutdownHandsOverAtOnce(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.shutdown()
		between(t, "the handing over", a.journal.await("b"), 0, longestLook)
		want := []string{`a: true "a"`, `b: false "a"`, `a: false ""`, `b: false ""`, `b: true "b"`}
		if diff := cmp.Diff(want, a.journal.lines); diff != "" {
			t.Errorf("OnChange was told (-want +got):\n%s", diff)
		}
	})
}

func TestShutdownKeepsTheLeaseUntilTheLeadHasReturned(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.takes(10 * time.Second)
		a.cancel()
		time.Sleep(39 * time.Second) // the lead takes 40 s
		if got := a.journal.leader(); got != "a" {
			t.Errorf("%q leads before the lead has returned, want a", got)
		}
		between(t, "the handing over", a.journal.await("b"), time.Second, time.Second+longestLook)
	})
}

func TestShutdownSaysWhenTheLeaseIsLostMeanwhile(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.takes(4 * time.Second) // 16 s at a shutdown
		a.cancel()
		a.set(fault{refused: errDown})
		between(t, "the end of the lead", a.journal.await(""), 11*time.Second, 14*time.Second)
		a.journal.await("b")
	})
}

func TestALeaderThatCannotRenewStopsBeforeAnotherStarts(t *testing.T) {
	tests := map[string]fault{
		"refused":                       {refused: errDown},
		"an internal error":             {refused: &refusal{"InternalError", "an error on the server"}},
		"no answer":                     {before: time.Hour},
		"forbidden":                     {refused: &refusal{forbidden, "no rights"}},
		"another writes to it meantime": {refused: &refusal{conflict, "not the newest version"}},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			two(t, func(t *testing.T, a, b *replica) {
				a.set(f)
				// The last renewal was up to 2 s before, and counts from its whole second.
				stopped := a.journal.await("")
				between(t, "stopping", stopped, 7500*time.Millisecond, 10*time.Second)
				if past := time.Now().Nanosecond(); past != 0 {
					t.Errorf("stopped %d ns past a whole second, from which the renewal is counted", past)
				}
				taken := a.journal.await("b")
				between(t, "from stopping to the next leader", taken, 5*time.Second, 6*time.Second+2*longestLook)
				if n := a.logged("lost the Lease"); n != 1 {
					t.Errorf("the loss was logged %d times, want once", n)
				}
				a.set(fault{})
				time.Sleep(30 * time.Second)
				if got := a.journal.leader(); got != "b" {
					t.Errorf("%q leads after the first one is well again, want b", got)
				}
			})
		})
	}
}

// A renewal whose answer takes 4.5 s is counted from when it was sent. What
// client-go does by itself, from the answer and the period after it, would let
// this leader go on past the moment at which another may start.
func TestSlowAnswersDoNotLengthenTheLead(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.setFunc(func(verb string) fault {
			if verb == "update" {
				a.faults = func(string) fault { return fault{refused: errDown} }
			}
			return fault{after: 4500 * time.Millisecond}
		})
		time.Sleep(2500 * time.Millisecond) // the slow one has been sent
		between(t, "stopping", a.journal.await(""), 6*time.Second, 10*time.Second)
	})
}

func TestAFollowerTakesOverWhenTheLeaderDies(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.die()
		between(t, "taking over", a.journal.await("b"), 13*time.Second, DefaultLeaseDuration+2*longestLook)
	})
}

func TestAFollowerDoesNotOutwaitItself(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.shutdown()
		if got := a.journal.leader(); got != "a" || a.api.holder() != "a" {
			t.Errorf("after a follower's end %q leads and the Lease is %q's, want a", got, a.api.holder())
		}
		if b.logged("given up") > 0 {
			t.Error("a follower tried to give up what it never had")
		}
	})
}

func TestErrorsOfTheAPIAreToleratedAndLoggedOnce(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		for range 3 {
			a.set(fault{refused: errDown})
			time.Sleep(4 * time.Second)
			a.set(fault{})
			time.Sleep(6 * time.Second)
		}
		if a.journal.count() != 1 || a.journal.leader() != "a" {
			t.Errorf("%d leads, now %q: want one of a", a.journal.count(), a.journal.leader())
		}
		for _, text := range []string{"the Lease API fails", "the Lease API works again"} {
			if n := a.logged(text); n != 3 {
				t.Errorf("%q logged %d times in 3 outages, want 3", text, n)
			}
		}
		b.set(fault{refused: &refusal{forbidden, "no rights"}})
		time.Sleep(time.Minute)
		if n := b.logged("verbs get, create and update for leases"); n != 1 {
			t.Errorf("the missing rights were logged %d times in a minute, want once", n)
		}
	})
}

// Where the rights for writing are missing, reading goes well in between.
func TestMissingRightsForWritingAreLoggedOnce(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.shutdown()
		a.setFunc(func(verb string) fault {
			if verb == "get" {
				return fault{}
			}
			return fault{refused: &refusal{forbidden, "no rights"}}
		})
		time.Sleep(time.Minute)
		if failed, well := a.logged("verbs get, create and update"), a.logged("works again"); failed != 1 || well != 0 {
			t.Errorf("in a minute said %d times that rights are missing, %d that all is well, want once and never", failed, well)
		}
		a.set(fault{})
		a.journal.await("a")
		if well := a.logged("works again"); well != 1 {
			t.Errorf("said %d times that all is well, want once", well)
		}
	})
}

// A follower whose API fails for a while says so, and that it is over.
func TestAFollowersTroublesAreLoggedOnce(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.set(fault{before: time.Hour})
		time.Sleep(time.Minute)
		b.set(fault{})
		time.Sleep(time.Minute)
		if failed, well := b.logged("the Lease API fails"), b.logged("works again"); failed != 1 || well != 1 {
			t.Errorf("said %d times that the API fails, %d that it works again, want once each", failed, well)
		}
	})
}

func TestOneRequestThatHangsIsTriedAgainInTime(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		updates := 0
		a.setFunc(func(verb string) fault {
			if verb == "update" {
				updates++
			}
			if verb == "update" && updates == 1 {
				return fault{before: time.Hour}
			}
			return fault{}
		})
		time.Sleep(30 * time.Second)
		if a.journal.count() != 1 || a.journal.leader() != "a" {
			t.Errorf("%d leads, now %q: want one of a", a.journal.count(), a.journal.leader())
		}
	})
}

// The renewal that the shutdown cuts off is carried out between the reading of
// the Lease and the writing of its release, which is then refused.
func TestARenewalUnderWayDoesNotUndoTheRelease(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.shutdown()
		updates := make(chan int, 3)
		sent := 0
		a.setFunc(func(verb string) fault {
			if verb != "update" {
				return fault{}
			}
			sent++
			updates <- sent
			return fault{before: []time.Duration{0, 300, 600, 0}[sent] * time.Millisecond}
		})
		<-updates
		a.shutdown()
		if holder := a.api.holder(); holder != "" {
			t.Errorf("after the shutdown the Lease is %q's, want nobody's", holder)
		}
		if len(updates) != 2 {
			t.Errorf("the release was tried %d times, want twice", len(updates))
		}
	})
}

func TestALeaseOfAnotherEndsTheLead(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		other := "somebody"
		a.api.edit(&other)
		between(t, "stopping", a.journal.await(""), 0, 2500*time.Millisecond)
		a.journal.await("b")
	})
}

func TestADeletedLeaseIsMadeAgain(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.shutdown()
		a.api.edit(nil)
		time.Sleep(10 * time.Second)
		if a.api.holder() != "a" || a.journal.count() != 1 {
			t.Errorf("the Lease is %q's after %d leads, want a's and one", a.api.holder(), a.journal.count())
		}
	})
}

// What kubectl shows of the Lease: when its holder took it, when it was renewed,
// and how often it has passed to another.
func TestTheRecordOfALead(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		first := a.api.record()
		if age := time.Since(first.Acquired.Time); first.Holder != "a" || first.Seconds != 15 || first.Transitions != 0 || age < 30*time.Second {
			t.Errorf("after %s of the first lead the Lease has %+v", age, first)
		}
		if age := time.Since(first.Renewed.Time); age > DefaultRetryPeriod {
			t.Errorf("the last renewal is said to be %s ago", age)
		}
		a.die()
		a.journal.await("b")
		second := a.api.record()
		if age := time.Since(second.Acquired.Time); second.Holder != "b" || second.Transitions != 1 || age > time.Second {
			t.Errorf("%s after it has passed to another the Lease has %+v", age, second)
		}
	})
}

// Somebody who labels the Lease again and again does not renew it.
func TestALabelIsNoRenewal(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		a.die()
		began := time.Now()
		for a.journal.leader() != "b" && time.Since(began) < time.Minute {
			a.api.touch()
			time.Sleep(100 * time.Millisecond)
		}
		between(t, "taking over", time.Since(began), 13*time.Second, DefaultLeaseDuration+2*longestLook)
	})
}

func TestALeadThatDoesNotReturn(t *testing.T) {
	two(t, func(t *testing.T, a, b *replica) {
		b.shutdown() // else two would lead, which is what the log then says
		a.takes(time.Minute)
		a.set(fault{refused: errDown})
		time.Sleep(11 * time.Second)
		const text = "another replica may be writing"
		if n := a.logged(text); n != 0 {
			t.Errorf("said %d times that the Lease has run out, before it has", n)
		}
		time.Sleep(20 * time.Second)
		if n := a.logged(text); n != 1 {
			t.Errorf("said %d times that the Lease has run out, want once", n)
		}
		a.set(fault{})
		time.Sleep(20 * time.Second)
		if a.journal.count() != 1 {
			t.Errorf("%d leads before the first has returned, want 1", a.journal.count())
		}
		a.takes(0)
		time.Sleep(20 * time.Second)
		if a.journal.count() != 2 || a.journal.leader() != "a" {
			t.Errorf("%d leads, now %q: want a second of a", a.journal.count(), a.journal.leader())
		}
	})
}

func TestRunReturnsWhatTheLeadDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want, server := errors.New("done"), new(api)
		cfg := Config{Namespace: "auth", Name: "aksync", leases: server.client(func(string) fault { return fault{} }), Logger: zerolog.Nop()}
		got := Run(t.Context(), cfg, func(context.Context, <-chan struct{}) error {
			if holder := server.holder(); !strings.Contains(holder, "_") {
				t.Errorf("the identity is %q, want host_random", holder)
			}
			return want
		})
		if got != want || server.holder() != "" {
			t.Errorf("Run gave %v and left the Lease to %q, want %v and nobody", got, server.holder(), want)
		}
	})
}

func TestConfigsThatCannotBe(t *testing.T) {
	tests := map[string]struct {
		cfg  Config
		want string
	}{
		"no name":             {Config{Namespace: "auth"}, "the Lease has no name"},
		"a strange name":      {Config{Name: "a/../b"}, `the Lease's name is "a/../b"`},
		"a dotted name":       {Config{Name: ".."}, "want small letters"},
		"fractions":           {Config{Name: "a", LeaseDuration: 15500 * time.Millisecond}, "want whole seconds"},
		"no time to stop":     {Config{Name: "a", RenewDeadline: 15 * time.Second}, "at least a second more than the renew deadline"},
		"no time to renew":    {Config{Name: "a", RetryPeriod: 8 * time.Second}, "want more than 0 for the period"},
		"not in a cluster":    {Config{Name: "a", Namespace: "auth"}, "--leader-elect needs to run in a pod of Kubernetes"},
		"a negative period":   {Config{Name: "a", RetryPeriod: -time.Second}, "want more than 0 for the period"},
		"no namespace to use": {Config{Name: "a", leases: new(api).client(nil)}, "namespace is not set"},
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), test.cfg, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Run gave %v, want an error with %q", err, test.want)
			}
		})
	}
}
