package tags

import (
	"fmt"
	"path"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// warnQuoted warns of text that looks like a tag: in quotes it is none, and
// authentik takes it as it stands.
func (e *Evaluator) warnQuoted(place tree.Place, text string) {
	if e.Warn == nil || !strings.HasPrefix(text, "!") {
		return
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) + 1
	if end < 2 {
		end = len(text)
	}
	tag := text[:end]
	if _, isTag := e.Scope.Language[tag]; !isTag {
		return
	}
	want := "leave the quotes out"
	if path.Ext(place.File) == ".cue" {
		want = fmt.Sprintf("want {%q: …}", tag)
	}
	e.Warn(tree.Problem{Place: place, Path: e.Path, Message: fmt.Sprintf("this is text and not the tag %s: %s if the tag is meant", tag, want)})
}
