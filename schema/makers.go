package schema

import (
	"fmt"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/tree"
)

// Makers says how a log tells who made objects; #Kind in kind.cue says what each word
// means.
type Makers struct {
	Query map[string]string `json:"query"`
	Who   []string          `json:"who"`
	When  string            `json:"when"`
	Made  struct {
		App   []string `json:"app"`
		Model []string `json:"model"`
		PK    []string `json:"pk"`
	} `json:"made"`
	Narrow struct {
		App   string `json:"app"`
		Model string `json:"model"`
	} `json:"narrow"`
}

// Making is an entry of a log: who made which object, and when; the zero time where
// that is not said.
type Making struct {
	// Object is LogKey of what was made.
	Object, Who string
	When        time.Time
}

// LogKey is the same for an object and for what a log says of it, where primary keys
// have no dashes (authentik/events/utils.py).
func LogKey(model, pk string) string { return model + " " + strings.ReplaceAll(pk, "-", "") }

// Read reads an entry of the log, and reports whether it says who made something: a
// server that knows no filter of the query lists others too.
func (m *Makers) Read(entry Object) (Making, bool) {
	for name, value := range m.Query {
		if entry[name] != value {
			return Making{}, false
		}
	}
	text := func(path []string) string { return IDText(tree.PlainJSON(at(entry, path))) }
	app, model, pk, who := text(m.Made.App), text(m.Made.Model), text(m.Made.PK), text(m.Who)
	// One that can't be read is not known.
	when, _ := time.Parse(time.RFC3339, text([]string{m.When}))
	return Making{LogKey(app+"."+model, pk), who, when}, app != "" && model != "" && pk != "" && who != ""
}

// at returns what is at a path in an object, or nil.
func at(object Object, path []string) any {
	value := any(object)
	for _, name := range path {
		inner, _ := value.(Object)
		value = inner[name]
	}
	return value
}

// verifyMakers makes sure that the words of Makers are about fields of the kind.
func (k *Kind) verifyMakers() error {
	if k.Makers == nil {
		return nil
	}
	for _, path := range [][]string{k.Makers.Who, {k.Makers.When}, k.Makers.Made.App, k.Makers.Made.Model, k.Makers.Made.PK} {
		if len(path) == 0 || k.field(path[0]) == nil {
			return fmt.Errorf("makers names %q, which begins with none of its fields", strings.Join(path, "."))
		}
	}
	return nil
}
