package metrics

import (
	"fmt"
	"html/template"
	"net/url"
	"time"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// Health is what decides whether the daemon is ready.
type Health struct {
	// PassEnded is true from the end of the first pass on, whatever its result.
	PassEnded bool
	Server    Server
}

// Server is authentik as the daemon met it last.
type Server struct {
	URL     string
	Version string // empty as long as it is not known
	// Reached is false until authentik has answered for the first time, and while
	// it can't be reached or refuses the token.
	Reached bool
	// Error says why it is not reached. It must not hold the token.
	Error string
	// Unanswered is how long authentik has now been asked without any answer; 0
	// while nothing is asked.
	Unanswered time.Duration
}

// longestSilence is how long authentik may take to answer before the daemon is
// not ready. It is far more than what authentik takes (1.2 s, measured) and less
// than the default timeout.
const longestSilence = 10 * time.Second

// Silent reports whether authentik has been asked for too long without an answer,
// which is no failed pass yet.
func (s Server) Silent() bool { return s.Unanswered > longestSilence }

// NotReady is the reason why the daemon is not ready, or empty if it is: no pass
// has ended yet, or authentik can't be reached, does not answer or refuses the
// token.
func (h Health) NotReady() string {
	switch {
	case h.Server.Silent():
		return fmt.Sprintf("authentik at %s has been asked for %s without an answer", withoutUser(h.Server.URL), h.Server.Unanswered.Truncate(time.Second))
	case !h.Server.Reached && h.Server.Error != "":
		return "authentik at " + withoutUser(h.Server.URL) + ": " + h.Server.Error
	case !h.PassEnded:
		return "no pass has ended yet"
	case !h.Server.Reached:
		return "authentik at " + withoutUser(h.Server.URL) + " has not answered yet"
	default:
		return ""
	}
}

// withoutUser drops a name and password that somebody wrote into a URL.
func withoutUser(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(an invalid URL)"
	}
	u.User = nil
	return u.String()
}

// Status is what the page for people shows. It is read while the next pass runs: its
// lists are never changed once they are given.
type Status struct {
	Version, Revision string
	Started           time.Time
	DryRun            bool          // drift is reported and nothing is written
	Interval          time.Duration // between passes when nothing happens
	Watched           []string      // files and folders
	Health            Health
	Passes            []Pass // the last ones, newest first
	// Problems and Warnings are those that are in none of the Blueprints.
	Problems, Warnings []string
	// Contested says which fields somebody else keeps changing.
	Contested  []string
	Blueprints []Blueprint
	// Kinds counts the objects, by kind.
	Kinds []Kind
	// Objects are what the blueprints declare: failed ones first, then drifted ones, then
	// the rest; each by kind and name.
	Objects []Object
	// Looked is when the pass began that Objects are of.
	Looked time.Time
	// Unmanaged counts the live objects that no blueprint speaks of, by model, of the
	// models that blueprints speak of.
	Unmanaged map[string]int
}

// Pass is one pass over all blueprints, or several in a row that came to the same and
// changed nothing.
type Pass struct {
	Trigger  sync.Trigger
	Result   sync.Verdict
	Start    time.Time
	Duration time.Duration
	// Changes made, or in a dry run the changes that would be made.
	Created, Updated, Deleted int
	DryRun                    bool
	Unchanged, Failed         int // objects
	Error                     string
	// More is how many passes before it came to the same, and Since when the first of
	// them began.
	More  int
	Since time.Time
}

// Fold returns a pass and the one before it as one, and whether it can: where neither
// changed anything, and they came to the same.
func (p Pass) Fold(before Pass) (Pass, bool) {
	changes := p.Created + p.Updated + p.Deleted
	same := p.Result == before.Result && p.Error == before.Error && p.Failed == before.Failed && p.DryRun == before.DryRun &&
		p.Created == before.Created && p.Updated == before.Updated && p.Deleted == before.Deleted
	if !same || changes > 0 && !p.DryRun {
		return p, false
	}
	p.More, p.Since = before.More+1, before.Start
	if before.More > 0 {
		p.Since = before.Since
	}
	return p, true
}

// Blueprint is one file.
type Blueprint struct {
	File   string
	State  tree.FileState
	Errors []string // each with its place
	// Warnings are what does no harm, each with its place.
	Warnings []string
}

// Kind is a kind of objects.
type Kind struct {
	Model, Title string
	sync.Tally
}

// Object is one object that blueprints declare.
type Object struct {
	Model, Title, Name string
	// PK is empty where the object is not there.
	PK    string
	State sync.ObjectState
	// Source is where its entry is, Path where in that blueprint, and Elsewhere are other
	// files that declare it too.
	Source    tree.Place
	Path      string
	Elsewhere []string
	Error     string
	// Changes are the first lines of what the last pass changed or would change; only of
	// the first objects.
	Changes []report.Line
}

// Detail is what is known of an object beyond what lists show.
type Detail struct {
	Fields []Field
	// Diff is what the last pass would have changed and did not.
	Diff []report.Line
	// Users are what uses it, and Warnings what harm a change of it can do; as far as the
	// last pass asked.
	Users, Warnings []string
	// Picture is made of text that is escaped, and PictureNote says why there is none.
	Picture     template.HTML
	PictureNote string
	// Events are what this daemon did to it, the newest first, and EventsNote says how
	// far it remembers that.
	Events     []Event
	EventsNote string
}

// Field is a field that an object declares, in lines.
type Field struct {
	Name           string
	Declared, Live []string
	// Same is set where the last pass found the live value as declared, or made it so.
	Same bool
}

// Event is a change that was made or failed.
type Event struct {
	Time        time.Time
	Action, Why string
	Trigger     sync.Trigger
	Commit      string
	Uncommitted bool
	Error       string
	Lines       []report.Line
}
