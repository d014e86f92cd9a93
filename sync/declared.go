package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Declared is an object that blueprints declared, as a Memory keeps it. It holds no
// secret.
type Declared struct {
	Model string `json:"model"`
	PK    string `json:"pk"`
	// By are fields that the object is known by, such as its name: with others it is
	// not the object any more, whatever its primary key.
	By map[string]string `json:"by,omitempty"`
	// File, Line and Column are where it was declared.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Elsewhere are other files that declared it too, or did so before their folder
	// was empty.
	Elsewhere []string `json:"elsewhere,omitempty"`
}

// Compare orders by model and primary key.
func (d Declared) Compare(other Declared) int {
	return cmp.Or(strings.Compare(d.Model, other.Model), strings.Compare(d.PK, other.PK))
}

// Memory keeps what was declared, from one run of the daemon to the next.
type Memory interface {
	// Declared returns what was remembered last.
	Declared() []Declared
	// Remember keeps that instead: all of it or, with an error, what there was.
	Remember([]Declared) error
}

// Removals are what the daemon remembers of what it has applied or found declared,
// so that an object goes when its declaration does. An object is remembered when it
// is there and declared present, and forgotten when it is gone.
//
// A daemon that is killed between the answer to a creation and the end of its pass
// remembers the object when it finds it declared again. Where it is not by then, the
// object stays: that is the side on which to err.
type Removals struct {
	Memory Memory
	// Delete deletes what is not declared any more. Without it that is forgotten.
	Delete bool
	// Settle is how long an object has to be undeclared, in each pass of that time,
	// before it is deleted: a folder that is being mounted or copied looks as if files
	// were gone from it.
	Settle time.Duration
	// Now is time.Now where it is nil.
	Now func() time.Time

	known map[objectKey]*remembered // nil until it was asked for
	asked map[*tree.Entry]*remembered
	read  *Blueprints // of the pass
	// unsaved is set where the memory does not hold what is known.
	unsaved bool
}

// DefaultSettle is how long the daemon waits where its interval is not shorter.
const DefaultSettle = 30 * time.Second

type objectKey struct{ model, pk string }

// remembered is an object that is remembered.
type remembered struct {
	Declared
	// since is when it was first found undeclared, in an unbroken row of passes; gone
	// is set where the last pass did not find the object.
	since time.Time
	gone  bool
	// waits is set where this pass does not delete it, whatever it finds.
	waits bool
}

func (r *Removals) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// begin returns what is remembered, for a plan to say what of it is declared no more.
// A reading in a hurry may miss that a file is there again, so it deletes nothing. Why
// says why nothing can be told, if that is so and not said elsewhere.
func (r *Removals) begin(read *Blueprints, hurry bool) (removed []Removed, why string) {
	if r.known == nil {
		r.known = map[objectKey]*remembered{}
		for _, d := range r.Memory.Declared() {
			r.known[objectKey{d.Model, d.PK}] = &remembered{Declared: d}
		}
	}
	r.asked, r.read = map[*tree.Entry]*remembered{}, read
	if why, known := read.untold(); !known {
		r.forgetSince()
		if len(r.known) == 0 {
			why = ""
		}
		return nil, why
	}
	now := r.now()
	for _, o := range slices.SortedFunc(maps.Values(r.known), func(a, b *remembered) int { return a.Compare(b.Declared) }) {
		if folder := read.emptyAbove(append([]string{o.File}, o.Elsewhere...)...); folder != "" {
			o.since = time.Time{}
			why = fmt.Sprintf("%s is empty, as where a volume is not mounted: nothing that was declared in it is deleted; if that is meant, take the folder away", folder)
			continue
		}
		entry := o.entry()
		r.asked[entry] = o
		o.waits = hurry || !o.settled(now, r.Settle)
		removed = append(removed, Removed{Entry: entry, Exact: true, Wait: o.waits || !r.Delete})
	}
	return removed, why
}

// untold says why a reading can't tell that something is not declared any more.
func (b *Blueprints) untold() (why string, known bool) {
	switch {
	case b.Incomplete:
		return "", false // the errors say it
	case len(b.Bare) > 0:
		return b.Bare[0] + " holds no blueprint: nothing that was declared is deleted", false
	case len(b.Entries) == 0:
		return "the blueprints declare nothing at all: nothing that was declared is deleted", false
	}
	return "", true
}

// emptyAbove returns an empty folder that one of the files would lie below, or nothing.
func (b *Blueprints) emptyAbove(files ...string) string {
	for _, folder := range b.Empty {
		inside := func(file string) bool { return strings.HasPrefix(file, strings.TrimSuffix(folder, "/")+"/") }
		if slices.ContainsFunc(files, inside) {
			return folder
		}
	}
	return ""
}

// forgetSince begins anew to wait for what is not declared.
func (r *Removals) forgetSince() {
	for _, o := range r.known {
		o.since = time.Time{}
	}
}

func (o *remembered) settled(now time.Time, settle time.Duration) bool {
	return !o.since.IsZero() && now.Sub(o.since) >= settle
}

// entry is what was declared, as an entry that finds the object by its pk.
func (o *remembered) entry() *tree.Entry {
	place := tree.Place{File: RemovedFrom("not declared any more", o.File), Line: o.Line, Column: o.Column}
	entry := &tree.Entry{Place: place, Model: o.Model, State: tree.Value{Place: place, Data: string(tree.Present)}}
	entry.Identifiers = append(entry.Identifiers, tree.Member(place, schema.PK, tree.Value{Place: place, Data: o.PK}))
	for _, name := range slices.Sorted(maps.Keys(o.By)) {
		entry.Identifiers = append(entry.Identifiers, tree.Member(place, name, tree.Value{Place: place, Data: o.By[name]}))
	}
	return entry
}

// planned takes note of what a plan says of what is remembered, and remembers what it
// found declared. An object that is in no list twice in a row is gone: one list alone
// may miss it.
func (r *Removals) planned(s *schema.Schema, plan *Plan) tree.Problems {
	now := r.now()
	for entry, o := range r.asked {
		switch plan.fates[entry] {
		case endsFate:
			r.noteEnd(s, plan, entry, o, now)
			continue
		case goneFate:
			if o.gone {
				r.forget(objectKey{o.Model, o.PK})
			}
			o.gone = true
		case ownFate:
			r.forget(objectKey{o.Model, o.PK})
		case keptFate, unknownFate:
			o.gone = false
		}
		o.since = time.Time{}
	}
	for _, change := range plan.Changes {
		r.note(s.Kind(change.Model), change, Result{})
	}
	return r.save()
}

// noteEnd takes note of an object that is not declared any more.
func (r *Removals) noteEnd(s *schema.Schema, plan *Plan, entry *tree.Entry, o *remembered, now time.Time) {
	o.gone = false
	if !r.Delete && o.settled(now, r.Settle) {
		r.forget(objectKey{o.Model, o.PK})
	}
	if o.since.IsZero() {
		o.since = now
	}
	if r.Delete && !o.settled(now, r.Settle) {
		kind := s.Kind(o.Model)
		plan.Warnings = append(plan.Warnings, tree.Problem{Place: entry.Place, Message: fmt.Sprintf(
			"the %s %s is deleted if that is still so in %s", kind.Title, quote(cmp.Or(o.By[kind.Key], o.PK)), r.Settle)})
	}
}

// applied takes note of what became of a plan.
func (r *Removals) applied(s *schema.Schema, report *Report) tree.Problems {
	for _, result := range report.Results {
		change := result.Change
		if change.Action == Delete && result.Right() {
			r.forget(objectKey{change.Model, change.PK})
			continue
		}
		r.note(s.Kind(change.Model), change, result)
	}
	return r.save()
}

// note remembers the object of a change that declares it present, and forgets one of
// which somebody else is to be the owner.
func (r *Removals) note(kind *schema.Kind, change *Change, result Result) {
	pk := cmp.Or(change.PK, result.PK)
	if kind == nil || pk == "" || change.Permits != nil || change.Action == Delete {
		return
	}
	key := objectKey{kind.Model, pk}
	if change.State != tree.Present {
		r.forget(key)
		return
	}
	now := Declared{
		Model: kind.Model, PK: pk, By: change.knownBy(kind, pk, result.Right()),
		File: change.Source.File, Line: change.Source.Line, Column: change.Source.Column,
	}
	o := r.known[key]
	now.Elsewhere = r.elsewhere(change, o)
	if o != nil && maps.Equal(o.By, now.By) && o.File == now.File && o.Line == now.Line && o.Column == now.Column && slices.Equal(o.Elsewhere, now.Elsewhere) {
		return
	}
	r.known[key], r.unsaved = &remembered{Declared: now}, true
}

// elsewhere are the other files that declare the object of a change, and those that did
// so and may still where nothing is mounted.
func (r *Removals) elsewhere(change *Change, before *remembered) []string {
	files := slices.Clone(change.Elsewhere)
	if before != nil {
		for _, file := range append([]string{before.File}, before.Elsewhere...) {
			if r.read.emptyAbove(file) != "" {
				files = append(files, file)
			}
		}
	}
	return unique(files)
}

// knownBy returns the texts that the object of a change is known by, once the change
// is done or as long as it is not: its name, and what ends its path.
func (c *Change) knownBy(kind *schema.Kind, pk string, done bool) map[string]string {
	by := map[string]string{}
	note := func(field, now string) {
		if field == "" || field == kind.ID {
			return
		}
		for _, change := range c.Fields {
			if change.Name == field && (done || c.PK == "") {
				now = asText(change.After)
			}
		}
		if known := kind.Fields.Field(field); now != "" && now != pk && known != nil && !known.Sensitive {
			by[field] = now
		}
	}
	note(kind.Key, c.Name)
	note(kind.Lookup, c.Key)
	return by
}

func (r *Removals) forget(key objectKey) {
	if r.known[key] != nil {
		delete(r.known, key)
		r.unsaved = true
	}
}

// save keeps what is known, if the memory holds something else.
func (r *Removals) save() tree.Problems {
	if !r.unsaved {
		return nil
	}
	declared := make([]Declared, 0, len(r.known))
	for _, o := range r.known {
		declared = append(declared, o.Declared)
	}
	slices.SortFunc(declared, Declared.Compare)
	if err := r.Memory.Remember(declared); err != nil {
		return tree.Problems{{Message: fmt.Sprintf("what is declared can't be remembered, and so is not deleted when it is removed: %v", err)}}
	}
	r.unsaved = false
	return nil
}

// due returns when the first of what is not declared any more may be deleted, of what
// this pass was too early for.
func (r *Removals) due() (due time.Time, waits bool) {
	if r == nil || !r.Delete {
		return time.Time{}, false
	}
	for _, o := range r.known {
		if o.since.IsZero() || !o.waits {
			continue
		}
		if at := o.since.Add(r.Settle); !waits || at.Before(due) {
			due, waits = at, true
		}
	}
	return due, waits
}
