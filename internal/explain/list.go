package explain

import (
	"strings"

	"github.com/aksync/aksync/schema"
)

// Summary is a model in one line.
type Summary struct {
	Model string `json:"model"`
	Title string `json:"title"`
	schema.Span
	// Does says what is done with objects of the model, where that is not all.
	Does string `json:"does,omitempty"`
}

// List returns all models of an app, or of all where it is empty, in their order.
func List(s *schema.Schema, app string) []Summary {
	var all []Summary
	for _, model := range s.Models() {
		if app != "" && schema.AppOf(model) != app {
			continue
		}
		if kind := s.Kind(model); kind != nil {
			all = append(all, Summary{kind.Model, kind.Title, kind.Span, does(kind)})
		}
	}
	return all
}

// leftAlone is what is done with objects that aksync only counts.
const leftAlone = "left alone"

// does says what is done with objects of the kind, where that is not all.
func does(k *schema.Kind) string {
	switch {
	case !k.Managed && (k.Why == "" || len(k.Members) > 0):
		return "can be referred to"
	case !k.Managed:
		return leftAlone
	case !k.Create && !k.Delete:
		return "can be changed only"
	case !k.Create:
		return "can be changed and deleted only"
	case k.Enterprise:
		return "needs a licence"
	}
	return ""
}

// IsApp returns the name of an app as its package has it, and reports whether any model
// is of it.
func IsApp(s *schema.Schema, name string) (app string, is bool) {
	app = strings.TrimPrefix(strings.ToLower(name), prefix)
	for _, model := range s.Models() {
		if schema.AppOf(model) == app {
			return app, true
		}
	}
	return "", false
}

// List writes models by app, one a line.
func (t *Text) List(models []Summary) error {
	width := 0
	for _, one := range models {
		width = max(width, len(class(one.Model)))
	}
	last := ""
	for _, one := range models {
		app, _, _ := strings.Cut(one.Model, ".")
		if app != last {
			if last != "" {
				t.line("")
			}
			t.line("%s", t.head("%s", app))
			last = app
		}
		t.row("  ", min(width, mostWidth), class(one.Model), one.words())
	}
	return t.err
}

func class(model string) string {
	_, class, _ := strings.Cut(model, ".")
	return class
}

func (one Summary) words() string {
	words := one.Title
	for _, more := range []string{shortSpan(one.Span), one.Does} {
		if more != "" {
			words += "; " + more
		}
	}
	return words
}
