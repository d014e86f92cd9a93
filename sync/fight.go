package sync

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
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
	// value is what it was put to, and times when it was put back; those in the
	// window. An edit of the blueprint puts it there the first time, and does
	// not put it back.
	value any
	times []time.Time
	last  time.Time
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
			f.noteField(result.Change, field, now)
		}
	}
	for key, d := range f.fields {
		if now.Sub(d.last) > fightWindow+d.hold {
			delete(f.fields, key) // it is at rest
		}
	}
}

func (f *fights) noteField(change *Change, field FieldChange, now time.Time) {
	key := fieldKey{change.Model, change.PK, field.Name}
	d := f.fields[key]
	if d == nil || !reflect.DeepEqual(d.value, field.After) {
		d = &dispute{value: field.After}
		f.fields[key] = d
		if change.Edited {
			d.last = now
			return
		}
	}
	d.last = now
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

// fought says which fields of a plan somebody else keeps changing.
func (f *fights) fought(plan *Plan) []string {
	var fought []string
	for _, change := range plan.Changes {
		if change.Action != Update {
			continue
		}
		for _, field := range change.Fields {
			if d := f.over(change, field); d != nil {
				fought = append(fought, d.message(change, field))
			}
		}
	}
	return fought
}

// over returns the dispute over a field that is fought over, or nil.
func (f *fights) over(change *Change, field FieldChange) *dispute {
	d := f.fields[fieldKey{change.Model, change.PK, field.Name}]
	if d == nil || d.hold == 0 || !reflect.DeepEqual(d.value, field.After) {
		return nil
	}
	return d
}

func (d *dispute) message(change *Change, field FieldChange) string {
	return fmt.Sprintf("somebody else keeps changing %s of the %s: it was put back %d times", field.Name, change.what(), len(d.times))
}

// hold is the guard that leaves fields for later which are fought over. What else
// differs of their objects is put right.
func (f *fights) hold(now time.Time) guard {
	return func(p *Plan) *Plan {
		own := p.copied()
		for i, change := range own.Changes {
			if change.Action == Update {
				own.Changes[i] = f.held(change, now)
			}
		}
		return own
	}
}

// held returns the change without the fields that are left for later.
func (f *fights) held(change *Change, now time.Time) *Change {
	own := *change
	own.Fields = nil
	for _, field := range change.Fields {
		d := f.over(change, field)
		if d == nil || !now.Before(d.until) {
			own.Fields = append(own.Fields, field)
			continue
		}
		if own.Held == "" {
			own.Declared = maps.Clone(change.Declared)
		}
		delete(own.Declared, field.Name)
		own.Held = d.message(change, field) + ", and is left as it is until " + d.until.Format(time.TimeOnly)
	}
	if own.Held == "" {
		return change
	}
	own.Fields = slices.Clip(own.Fields)
	return &own
}
