package history

import (
	"path"
	"slices"
	"time"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// Event is one change that the daemon made, or could not make, as it is kept: a line of
// JSON.
type Event struct {
	Time time.Time `json:"time"`
	// Trigger is what caused the pass, and Why what the change is for.
	Trigger sync.Trigger `json:"trigger"`
	Why     Why          `json:"why"`
	// Commit is the git commit that was checked out where the object is declared, and
	// Uncommitted is set where the files differ from it; both as far as that is known.
	Commit      string      `json:"commit,omitempty"`
	Uncommitted bool        `json:"uncommitted,omitempty"`
	Action      sync.Action `json:"action"`
	Model       string      `json:"model"`
	Name        string      `json:"name"`
	// PK is empty where there is none, such as after a creation that failed.
	PK     string `json:"pk,omitempty"`
	Source Source `json:"source"`
	// Fields are those that were changed, without what nobody is to see.
	Fields []report.Field `json:"fields,omitempty"`
	// SentAlong are fields that were sent beside those, since authentik does not show
	// whether they differ.
	SentAlong []string `json:"sent_along,omitempty"`
	Result    Result   `json:"result"`
	// Error is why it failed.
	Error string `json:"error,omitempty"`
}

// Source is where the object is declared.
type Source struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Result is what became of a change.
type Result string

// The results.
const (
	Done   Result = "done"
	Failed Result = "failed"
)

// Why is what a change is for.
type Why string

// The reasons. In its first pass a daemon does not know what was declared before.
const (
	Edited    Why = "edited"     // the declaration is new, or not as in the pass before
	Drift     Why = "drift"      // the declaration is as it was, and the object was not
	Removed   Why = "removed"    // it is declared no more
	FirstPass Why = "first_pass" // the daemon has just started
)

// Words says the reason to people.
func (w Why) Words() string {
	switch w {
	case Edited:
		return "the declaration was edited"
	case Drift:
		return "it was not as declared any more"
	case Removed:
		return "it is declared no more"
	case FirstPass:
		return "it was not as declared when the daemon started"
	}
	return string(w)
}

// Change is what was done, for those who show changes.
func (e *Event) Change(title string) *sync.Change {
	change := &sync.Change{Action: e.Action, Model: e.Model, Title: title, Name: e.Name, PK: e.PK, Along: e.SentAlong}
	change.Source.File, change.Source.Line, change.Source.Column = e.Source.File, e.Source.Line, e.Source.Column
	change.Path = "entries"
	if e.Why == Removed {
		change.Path = ""
	}
	for _, field := range e.Fields {
		change.Fields = append(change.Fields, field.Change())
	}
	return change
}

// Filter says which events are asked for.
type Filter struct {
	// Since leaves out what was before; the zero time leaves out nothing.
	Since time.Time
	// Globs are of models and names, any of which has to match; nil takes all.
	Globs []sync.Glob
}

// Takes reports whether an event is asked for.
func (f Filter) Takes(e *Event) bool {
	return !e.Time.Before(f.Since) && (len(f.Globs) == 0 || slices.ContainsFunc(f.Globs, func(g sync.Glob) bool {
		match, err := path.Match(g.Name, e.Name)
		return (g.Model == "" || g.Model == e.Model) && (g.Name == e.Name || err == nil && match)
	}))
}
