package graph

import (
	"strings"

	"github.com/aksync/aksync/internal/terminal"
)

// legend says what the marks and lines mean that there are, and what is noted, in lines
// as wide as a narrow picture.
func (p Picture) legend() []string {
	marks, outside := map[Mark]bool{}, false
	for _, g := range p.Graphs {
		for _, n := range g.Nodes {
			marks[n.Mark] = true
			outside = outside || n.Outside
		}
		for _, e := range g.Edges {
			marks[e.Mark] = true
		}
	}
	var words []string
	for _, m := range []struct {
		mark Mark
		word string
	}{{Creates, "create"}, {Changes, "update"}, {Deletes, "delete"}} {
		if marks[m.mark] {
			words = append(words, m.mark.signed(m.word))
		}
	}
	if outside && p.Outside != "" {
		words = append(words, "dashed: "+p.Outside)
	}
	var lines []string
	if len(words) > 0 {
		lines = append(lines, strings.Join(words, ", "))
	}
	for _, note := range p.Notes {
		lines = append(lines, terminal.Wrap("", "", strings.Fields(terminal.Clean(note)), "", mostNote)...)
	}
	return lines
}
