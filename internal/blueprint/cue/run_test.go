package cue

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// A process that gets no CPU is not waited for without end, and what is said is not
// that the blueprint computes too much.
func TestAWorkerThatGetsNowhere(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("nothing here that does nothing")
	}
	r := NewRunner([]string{sleep, "3600"}, time.Hour, tags.NewLanguage())
	defer r.Stop()
	r.patience = time.Millisecond
	result, err := r.Run(context.Background(), Job{Parts: []Part{{Name: "x.cue"}}})
	const want = "is not evaluated after 1ms, though that took less than 1h0m0s of CPU time: the machine has too much else to do"
	if err != nil || len(result.Problems) != 1 || result.Problems[0].Message != want || !result.Again {
		t.Errorf("got %+v, %v, want %s and another try", result, err, want)
	}
}

// The limit of a job is that of what it takes itself.
func TestClock(t *testing.T) {
	c := &clock{start: time.Now()}
	c.begin(0)
	if c.isOver() {
		t.Error("a job without a limit is over its time")
	}
	c.begin(time.Hour)
	if c.isOver() {
		t.Error("a job is over its time that has an hour left")
	}
	c.begin(time.Millisecond)
	text := "x"
	for began := time.Now(); !c.isOver(); text = strings.ToUpper(text) {
		if time.Since(began) > time.Minute {
			t.Fatal("a job that computes is never over its time")
		}
	}
	c.end()
	if c.isOver() {
		t.Error("a job is over its time after its end")
	}
}
