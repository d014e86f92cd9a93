package sync

import (
	"fmt"
	"reflect"
	"time"
)

// A fight is a field that is put right again and again, because somebody else
// wants it otherwise: an administrator, another aksync, authentik's own
// blueprints.
const (
	// fightTimes is how often a field has to be put back to the same value
	// within fightWindow to be fought over.
	fightTimes  = 3
	fightWindow = 30 * time.Minute
	// A field that is fought over is put right after firstHold, and then less
	// and less often.
	firstHold = 10 * time.Minute
	lastHold  = 2 * time.Hour
)

// fights watches what the daemon puts right.
type fights struct {
	fields map[fieldKey]*dispute
}

// fieldKey is one field of one object.
type fieldKey struct{ model, pk, field string }

// dispute is the history of one field.
type dispute struct {
	// value is what it was put to, and times when; those in the window.
	value any
	times []time.Time
	// hold is how long it is left alone; 0 until it is fought over.
	hold  time.Duration
	until time.Time
}

func newFights() *fights { return &fights{fields: map[fieldKey]*dispute{}} }

// note takes note of the updates of a pass.
func (f *fights) note(report *Report, now time.Time) {
	for _, result := range report.Results {
		if result.Outcome != Done || result.Change.Action != Update {
			continue
		}
		for _, field := range result.Change.Fields {
			f.noteField(fieldKey{result.Change.Kind.Model, result.Change.PK, field.Name}, field.After, now)
		}
	}
	for key, d := range f.fields {
		if now.Sub(d.times[len(d.times)-1]) > fightWindow+d.hold {
			delete(f.fields, key) // it is at rest
		}
	}
}

func (f *fights) noteField(key fieldKey, value any, now time.Time) {
	d := f.fields[key]
	if d == nil || !reflect.DeepEqual(d.value, value) {
		// The first time, or the blueprint has been changed meanwhile.
		d = &dispute{value: value}
		f.fields[key] = d
	}
	d.times = append(d.times, now)
	for d.hold == 0 && now.Sub(d.times[0]) > fightWindow {
		d.times = d.times[1:]
	}
	if len(d.times) < fightTimes {
		return
	}
	d.hold = min(max(2*d.hold, firstHold), lastHold)
	d.until = now.Add(d.hold)
}

// hold marks the changes of a plan that are left for later, and gives what is
// said of them.
func (f *fights) hold(plan *Plan, now time.Time) []string {
	var fought []string
	for _, change := range plan.Changes {
		if change.Action != Update {
			continue
		}
		for _, field := range change.Fields {
			d := f.fields[fieldKey{change.Kind.Model, change.PK, field.Name}]
			if d == nil || d.hold == 0 || !reflect.DeepEqual(d.value, field.After) {
				continue
			}
			message := fmt.Sprintf("somebody else keeps changing %s of the %s %s: it was put back %d times",
				field.Name, change.Kind.Title, quote(change.Name), len(d.times))
			fought = append(fought, message)
			if now.Before(d.until) {
				change.held = message + ", and is left as it is until " + d.until.Format(time.TimeOnly)
			}
		}
	}
	return fought
}
