package observe

import (
	"strings"

	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// lastEvents is how many events of an object the page shows.
const lastEvents = 20

// Detail is what the page of an object shows. It asks no server.
func (p *Page) Detail(o metrics.Object) metrics.Detail {
	p.looking.Lock()
	defer p.looking.Unlock()
	p.mutex.Lock()
	last := p.last
	p.mutex.Unlock()
	if p.Schema == nil || last.plan == nil {
		return metrics.Detail{}
	}
	s := p.Schema.At(last.version)
	kind := s.Kind(o.Model)
	if kind == nil {
		return metrics.Detail{}
	}
	changes := last.changesOf(o)
	var d metrics.Detail
	names := report.NewNames(last.plan)
	for _, change := range changes {
		d.Diff = append(d.Diff, report.Lines(names, change)...)
		d.Users = append(d.Users, change.UserNames()...)
		d.Warnings = append(d.Warnings, report.Warnings(change)...)
	}
	d.Fields = last.fields(s, kind, names, o, changes)
	d.Picture, d.PictureNote = p.drawing.picture(s, last, kind, o, changes)
	p.events(&d, o)
	return d
}

// changesOf are the changes of an object.
func (l lastPass) changesOf(o metrics.Object) []*sync.Change {
	at := rowAt(o)
	var changes []*sync.Change
	for _, change := range l.plan.Changes {
		if l.of[change] == at {
			changes = append(changes, change)
		}
	}
	return changes
}

// events adds what this daemon did to an object.
func (p *Page) events(d *metrics.Detail, o metrics.Object) {
	if p.Past == nil {
		d.EventsNote = "Nothing is kept of that."
		return
	}
	events, err := p.Past(history.Object{Model: o.Model, Name: o.Name, PK: o.PK}, lastEvents)
	if err != nil {
		d.EventsNote = "The history can't be read: " + err.Error()
		return
	}
	for _, event := range events {
		d.Events = append(d.Events, eventOf(p.Schema, event, o.Title))
	}
	d.EventsNote = p.PastNote
	if len(events) == 0 {
		d.EventsNote = strings.TrimSpace("Nothing. " + p.PastNote)
	}
}

func eventOf(s *schema.Schema, event *history.Event, title string) metrics.Event {
	shown := metrics.Event{
		Time: event.Time, Action: string(event.Action), Why: event.Why.Words(), Trigger: event.Trigger,
		Commit: event.Commit[:min(len(event.Commit), 12)], Uncommitted: event.Uncommitted, Error: event.Error,
		Lines: report.Lines(report.NewNames(&sync.Plan{Names: sync.RestoreNames(s, event.Names)}), event.Change(title)),
	}
	if event.Result == history.Failed && shown.Error == "" {
		shown.Error = "It failed."
	}
	return shown
}
