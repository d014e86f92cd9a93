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
	if e.Warn == nil {
		return
	}
	if tag, looks := e.quotedTag(text); looks {
		e.Warn(tree.Problem{Place: place, Path: e.Path, Message: quotedMessage(place, tag)})
	}
}

// quotedTag gives the tag that text begins with, as it does where a tag was put in
// quotes or in a block.
func (e *Evaluator) quotedTag(text string) (tag string, looks bool) {
	text = strings.TrimLeft(text, " \t\r\n")
	if !strings.HasPrefix(text, "!") {
		return "", false
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) + 1
	if end < 2 {
		end = len(text)
	}
	_, looks = e.Scope.Language[text[:end]]
	return text[:end], looks
}

func quotedMessage(place tree.Place, tag string) string {
	want := "leave the quotes out"
	if path.Ext(place.File) == ".cue" {
		want = fmt.Sprintf("want {%q: …}", tag)
	}
	return fmt.Sprintf("this is text and not the tag %s: %s if the tag is meant", tag, want)
}
