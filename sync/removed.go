package sync

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Removed is an entry that was declared and is not any more. Its object is deleted
// where no blueprint speaks of it and none refers to it: a rename of a file, or of an
// entry's place, removes nothing.
//
// Only what was declared present is a wish that the object be there, and its end a
// wish that it go. One that was created, or must_created, was made once and left to
// others since, such as a token to begin with: it stays.
type Removed struct {
	// Entry has the model and the identifiers, and of the attrs at most those that an
	// object is known by; none of them sensitive. The File of its Place says how it
	// was removed, too: that is what a plan shows of it. Its references mean what is
	// live.
	Entry *tree.Entry
	// Exact is set where the object is the one with the pk and no other, and its other
	// identifiers only say whether it is the same still.
	Exact bool
	// Wait leaves the object as it is, and only asks what would become of it.
	Wait bool
}

// RemovedFrom is the File of the Place of an entry that was in a file, for a reader:
// since says since when it is not.
func RemovedFrom(since, file string) string { return since + ", was at " + file }

// fate is what becomes of the object of an entry that was removed.
type fate int

const (
	unknownFate fate = iota // it can't be told now
	goneFate                // there is no such object any more
	keptFate                // it is declared, or something declared refers to it
	ownFate                 // it is authentik's own: nobody deletes it
	endsFate                // it is deleted, unless a guard is against it
)

// spoken are the entries whose objects have to be known.
func (d *Desired) spoken() []*tree.Entry {
	if len(d.Removed) == 0 || d.Incomplete {
		return d.Entries
	}
	entries := slices.Clip(d.Entries)
	for _, removed := range d.Removed {
		entries = append(entries, removed.Entry)
	}
	return entries
}

// noteReferred notes a live object that a reference has found.
func (p *planner) noteReferred(kind *schema.Kind, object schema.Object, place tree.Place) {
	if p.referred == nil || object == nil {
		return
	}
	if id, has := kind.IDOf(object); has {
		p.referred[liveIdentity(kind.Model, schema.IDText(id))] = place
	}
}

// removeAll plans the deletion of what the entries that were removed are about.
func (p *planner) removeAll(removed []Removed, spoken map[string]map[string]bool) {
	if len(removed) == 0 {
		return
	}
	p.referToWritten()
	past := newPast(p, removed)
	p.plan.fates = make(map[*tree.Entry]fate, len(removed))
	for _, r := range removed { // names of objects are made of others'
		if kind := p.schema.Kind(r.Entry.Model); kind != nil {
			p.table(kind)
		}
	}
	for _, r := range removed {
		object, err := past.find(r.Entry)
		if len(p.plan.Needs) > 0 || errors.Is(err, errAgain) {
			continue // the plan is made again
		}
		fate, why := p.fateOf(r.Entry, object, err, spoken)
		p.plan.fates[r.Entry] = fate
		if why != "" {
			p.plan.Warnings = append(p.plan.Warnings, tree.Problem{Place: r.Entry.Place, Message: why})
		}
		if fate == endsFate && !r.Wait {
			kind := p.schema.Kind(r.Entry.Model)
			p.deleteObject(p.table(kind), object, r.Entry.Place)
		}
	}
}

// fateOf says what becomes of the object of an entry that was removed, and why that
// is not what was asked for, where somebody should know.
func (p *planner) fateOf(entry *tree.Entry, object schema.Object, err error, spoken map[string]map[string]bool) (fate, string) {
	kind := p.schema.Kind(entry.Model)
	switch {
	case err != nil && errors.As(err, new(*notFoundError)):
		return goneFate, ""
	case err != nil:
		p.plan.Unanswered = p.plan.Unanswered || is(err, Failure.NoAnswer)
		return unknownFate, "nothing is deleted, since what this was can't be said: " + err.Error()
	case object == nil || state(entry) != tree.Present:
		return goneFate, "" // nobody asked for it to be there
	case !kind.Delete:
		return ownFate, ""
	}
	t := p.table(kind)
	what := "the " + kind.Title + " " + quote(p.nameOf(&group{kind: kind, object: object, members: []*candidate{{kind: kind, entry: entry}}})) + " stays"
	declared, speaks := spoken[kind.Model]
	place, referred := p.referredAt(kind, t.id(object))
	switch {
	case p.groupOf(t, object) != nil || declared[t.id(object)]:
		return keptFate, ""
	case speaks && declared == nil:
		return unknownFate, what + fmt.Sprintf(", since an entry with errors may speak of it: nothing of the model %s is deleted until those are put right", kind.Model)
	case referred:
		return keptFate, what + fmt.Sprintf(", since %s refers to it: take the reference out, too", place)
	case object["managed"] != nil:
		return ownFate, what + ", since authentik manages it itself"
	}
	return endsFate, ""
}

// referredAt returns the place of something declared that refers to a live object.
func (p *planner) referredAt(kind *schema.Kind, id string) (place tree.Place, is bool) {
	for _, model := range append([]string{kind.Model}, kind.Bases...) {
		if place, is = p.referred[liveIdentity(model, id)]; is {
			return place, true
		}
	}
	return tree.Place{}, false
}

// referToWritten notes what is referred to by a primary key that is written out.
func (p *planner) referToWritten() {
	for _, c := range p.candidates {
		if c.phase != settled || state(c.entry) == tree.Absent {
			continue
		}
		for _, field := range c.kind.Fields.Fields {
			value, declared := c.entry.Field(field.Name)
			if field.Refers == "" || !declared {
				continue
			}
			for _, one := range elementsOf(value) {
				if key := schema.IDText(one.Plain()); key != "" {
					p.referred[liveIdentity(field.Refers, key)] = one.Place
				}
			}
		}
	}
}
