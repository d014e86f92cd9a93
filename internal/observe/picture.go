package observe

import (
	"errors"
	"html/template"
	"strings"

	"github.com/aksync/aksync/internal/depict"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// mostBoxes is how many boxes a picture on the page may have.
const mostBoxes = 120

// picture draws an object with what belongs to it: as the last plan changes it, or else
// as it is declared. Where there is none it says why, if that is of use.
func (l lastPass) picture(s *schema.Schema, kind *schema.Kind, o metrics.Object, changes []*sync.Change) (picture template.HTML, note string) {
	set := l.setOf(s, changes)
	drawn, err := set.Picture(depict.Options{Of: []depict.Choice{{Kind: kind, Glob: globOf(o.Name)}}, Most: mostBoxes})
	if _, isTooLarge := errors.AsType[*depict.TooLargeError](err); isTooLarge {
		return "", "There is too much of it for a picture here; aksync graph draws it."
	}
	if _, edges := drawn.Size(); err != nil || edges == 0 {
		return "", "" // it is called otherwise in the set, or stands alone
	}
	var text strings.Builder
	if err := drawn.Inline(&text); err != nil {
		return "", "It can't be drawn: " + err.Error()
	}
	return template.HTML(text.String()), "" // all text in it is escaped by graph
}

// setOf is what is drawn.
func (l lastPass) setOf(s *schema.Schema, changes []*sync.Change) *depict.Set {
	if len(changes) > 0 {
		return depict.Plan(s, l.plan)
	}
	return depict.Blueprints(s, l.entries)
}

// globOf matches a name and nothing else.
func globOf(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
