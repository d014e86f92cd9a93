package observe

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/checkout"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// longValue is how long the JSON of a value may be that history keeps as it is, and
// longInMemory what memory has room for.
const (
	longValue    = 2000
	longInMemory = 300
)

// Events keep what became of changes: a history.Log, or a history.Recent.
type Events interface {
	Add(history.Event) error
	Sync() error
}

// History keeps what became of changes. Nothing that goes wrong with it stops a pass.
type History struct {
	Events Events
	Log    zerolog.Logger
	// Head gives the commit that is checked out where a folder lies.
	Head func(folder string) checkout.Head

	plan    *sync.Plan // that is carried out
	trigger sync.Trigger
	first   bool                // this is the first pass of which anything is known
	passed  bool                // one has ended
	made    map[int]sync.Result // what the plan has created, by the changes' ids
	heads   map[string]checkout.Head
	failed  map[string]string // why the last try failed, by object
	broken  bool              // the last event could not be kept
	long    int               // how long values may be
}

// NewHistory returns a History that keeps changes in the log that survives restarts.
func NewHistory(events *history.Log, log zerolog.Logger) *History {
	return &History{
		Events: events, Log: log, long: longValue, heads: map[string]checkout.Head{}, failed: map[string]string{},
		Head: func(folder string) checkout.Head { return checkout.HeadOf(context.Background(), folder) },
	}
}

// NewMemory returns a History that lasts as long as the daemon, for the page. It asks for
// no commit: that may take a program of its own for each pass.
func NewMemory(events *history.Recent, log zerolog.Logger) *History {
	return &History{
		Events: events, Log: log, long: longInMemory, heads: map[string]checkout.Head{}, failed: map[string]string{},
		Head: func(string) checkout.Head { return checkout.Head{} },
	}
}

// Planned notes what a pass was made for.
func (h *History) Planned(pass *sync.Pass) {
	h.plan, h.trigger, h.first, h.heads = pass.Plan, pass.Trigger, !h.passed, map[string]checkout.Head{}
	h.made = map[int]sync.Result{}
}

// Changed keeps what was done, and what failed if it did not fail in the same way when
// it was tried last.
func (h *History) Changed(result sync.Result) {
	change := result.Change
	object := change.Model + "\x00" + change.Name
	event := history.Event{Result: history.Done}
	switch result.Outcome {
	case sync.Done:
		delete(h.failed, object)
		if change.Action == sync.Create {
			h.made[change.ID] = result
		}
	case sync.Failed:
		event.Result, event.Error = history.Failed, result.Err.Error()
		if h.failed[object] == event.Error {
			return
		}
		h.failed[object] = event.Error
	default:
		return
	}
	event.Time, event.Trigger, event.Why = time.Now().UTC().Truncate(time.Millisecond), h.trigger, h.why(change)
	if event.Why != history.Removed {
		head := h.head(change.Source.File)
		event.Commit, event.Uncommitted = head.Commit, head.Uncommitted
	}
	event.Action, event.Model, event.Name, event.PK = change.Action, change.Model, change.Name, result.PK
	if event.PK == "" {
		event.PK = change.PK
	}
	event.Source = history.Source{File: change.Source.File, Line: change.Source.Line, Column: change.Source.Column}
	change, names := h.written(change)
	event.Fields, event.SentAlong = report.Fields(change, h.long), change.Along
	event.Names = h.plan.NamesIn(change, names)
	h.keep(h.Events.Add(event))
}

// written returns a change with the keys of what the plan created before it, and the
// names of that.
func (h *History) written(change *sync.Change) (*sync.Change, map[sync.Pointer]sync.Named) {
	names := map[sync.Pointer]sync.Named{}
	known := *change
	known.Fields = slices.Clone(change.Fields)
	for i, field := range known.Fields {
		known.Fields[i].After = h.keys(field.Refers, field.After, names)
	}
	return &known, names
}

// keys returns a value of a field with keys in place of what was known after apply, and
// notes the names of those objects.
func (h *History) keys(refers string, value any, names map[sync.Pointer]sync.Named) any {
	switch value := value.(type) {
	case []any:
		all := make([]any, len(value))
		for i, element := range value {
			all[i] = h.keys(refers, element, names)
		}
		return all
	case tree.ID:
		made, has := h.made[value.Change]
		if value.Known != nil || !has || made.PK == "" {
			return value
		}
		names[sync.Pointer{Model: refers, Key: made.PK}] = sync.Named{Model: made.Change.Model, Title: made.Change.Title, Name: made.Change.Name, PK: made.PK}
		if number, err := strconv.ParseInt(made.PK, 10, 64); err == nil {
			return number
		}
		return made.PK
	default:
		return value
	}
}

// why says what a change is for.
func (h *History) why(change *sync.Change) history.Why {
	switch {
	case change.Action == sync.Delete && change.Path == "": // no entry asks for it
		return history.Removed
	case change.Edited:
		return history.Edited
	case h.first:
		return history.FirstPass
	default:
		return history.Drift
	}
}

// head is what is checked out where a blueprint lies, asked for once in a pass and
// folder.
func (h *History) head(file string) checkout.Head {
	folder := filepath.Dir(file)
	head, known := h.heads[folder]
	if !known {
		head = h.Head(folder)
		h.heads[folder] = head
	}
	return head
}

// Passed puts what was kept onto the disk.
func (h *History) Passed(pass *sync.Pass) {
	h.plan, h.passed = nil, h.passed || pass.Plan != nil
	h.keep(h.Events.Sync())
}

// keep says once that nothing can be kept.
func (h *History) keep(err error) {
	if err != nil && !h.broken {
		h.Log.Error().Err(err).Msg("the history of changes can't be kept")
	}
	h.broken = err != nil
}
