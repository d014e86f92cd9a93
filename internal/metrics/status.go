package metrics

import (
	"fmt"
	"net/url"
	"time"

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

// Status is what the page for people shows. The caller fills in a copy of its
// own: it is read while the next pass runs.
type Status struct {
	Version, Revision string
	Started           time.Time
	DryRun            bool          // drift is reported and nothing is written
	Interval          time.Duration // between passes when nothing happens
	Watched           []string      // files and folders
	Health            Health
	Passes            []Pass // the last ones, newest first
	Blueprints        []Blueprint
	Objects           []Object
	// Unmanaged counts the live objects that no blueprint speaks of, by model, of the
	// models that blueprints speak of.
	Unmanaged map[string]int
}

// Pass is one pass over all blueprints.
type Pass struct {
	Trigger  sync.Trigger
	Result   sync.Verdict
	Start    time.Time
	Duration time.Duration
	// Changes made, or in a dry run the changes that would be made.
	Created, Updated, Deleted int
	Unchanged, Failed         int // objects
	Error                     string
}

// Blueprint is one file.
type Blueprint struct {
	File   string
	State  tree.FileState
	Errors []string // each with its place
	// Warnings are what does no harm, each with its place.
	Warnings []string
}

// Object is one object that blueprints declare.
type Object struct {
	Model, Name string
	State       sync.ObjectState
	Source      string // file:line:column of its entry
	Error       string
	// Changes are the fields that the last pass changed or would change, one
	// a line.
	Changes []string
}
