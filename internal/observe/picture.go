package observe

import (
	"errors"
	"html/template"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/depict"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// mostBoxes is how many boxes a picture on the page may have.
const mostBoxes = 120

// picture draws an object with what belongs to it: as the last plan changes it, or else
// as it is declared. Where there is none it says why, if that is of use.
func (d *drawing) picture(s *schema.Schema, last lastPass, kind *schema.Kind, o metrics.Object, changes []*sync.Change) (picture template.HTML, note string) {
	set := d.setOf(s, last, changes)
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

// drawing keeps what pictures of declarations are taken from, since it takes all of them
// to tell what belongs to one.
type drawing struct {
	version string
	entries []*tree.Entry
	set     *depict.Set
	looked  bool // it was of use since the last pass
}

// setOf is what is drawn.
func (d *drawing) setOf(s *schema.Schema, last lastPass, changes []*sync.Change) *depict.Set {
	if len(changes) > 0 {
		return depict.Plan(s, last.plan)
	}
	if d.set == nil || d.version != last.version || !slices.Equal(d.entries, last.entries) {
		*d = drawing{version: last.version, entries: last.entries, set: depict.Blueprints(s, last.entries)}
	}
	d.looked = true
	return d.set
}

// rest lets go what nobody looked at for a whole pass.
func (d *drawing) rest() {
	if !d.looked {
		*d = drawing{}
	}
	d.looked = false
}

// globOf matches a name and nothing else.
func globOf(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
