// Package explain says what the schema knows of authentik's models and their fields,
// in words for people, and makes blueprints to start from. It asks no server.
package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/schema"
)

// Text writes what is known for people, within 80 columns.
type Text struct {
	w                 io.Writer
	head, name, faint terminal.Paint
	err               error
}

// NewText writes to w, in colour if coloured is set.
func NewText(w io.Writer, coloured bool) *Text {
	in := terminal.Paints(coloured)
	return &Text{w: w, head: in(color.Bold), name: in(color.FgCyan), faint: in(color.Faint)}
}

// line writes one line and keeps the first error.
func (t *Text) line(format string, a ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", a...)
	}
}

// row writes a name and what is to be said of it in a column of its own: below the name
// where that is longer than the column before, and further left where a word is too long
// for the column.
func (t *Text) row(indent string, width int, name, what string) {
	if what == "" {
		t.line("%s%s", indent, t.name("%s", name))
		return
	}
	column := len(indent) + width + 2
	for word := range strings.SplitSeq(what, " ") {
		column = max(0, min(column, columns-utf8.RuneCountInString(word)))
	}
	lines := wrap(strings.Repeat(" ", column), strings.Repeat(" ", column), what, columns)
	if head := utf8.RuneCountInString(indent + name); head <= column-2 {
		lines[0] = indent + t.name("%s", name) + lines[0][head:]
	} else {
		t.line("%s%s", indent, t.name("%s", name))
	}
	for _, line := range lines {
		t.line("%s", line)
	}
}

// sentence writes words in lines of their own behind a sign.
func (t *Text) sentence(sign, words string) {
	for _, line := range wrap(sign, strings.Repeat(" ", utf8.RuneCountInString(sign)), words, columns) {
		t.line("%s", line)
	}
}

// Model writes what is known of a model.
func (t *Text) Model(m *Model) error {
	t.line("%s", t.head("%s", m.Title))
	t.line("%s", t.faint("%s", m.Model))
	t.line("")
	t.facts(m)
	var required, optional []*Field
	for _, field := range m.Fields {
		if field.Required {
			required = append(required, field)
		} else {
			optional = append(optional, field)
		}
	}
	if m.Creates {
		t.fields("Required to create one", required)
		t.fields("Optional", optional)
	} else {
		t.fields("Fields", m.Fields)
	}
	t.fields("Read-only, for identifiers and !Find", m.Finds)
	return t.err
}

const factWidth = 8

func (t *Text) fact(name, what string) {
	if what != "" {
		t.row("  ", factWidth, name, what)
	}
}

// facts writes what is known of a model but for its fields.
func (t *Text) facts(m *Model) {
	t.fact("found by", identifierWords(m))
	t.fact("can be", actionWords(m))
	versions := m.Span.Words()
	if m.Version != "" {
		versions = strings.TrimPrefix(versions+"; shown as authentik "+m.Version+" has it", "; ")
	}
	t.fact("versions", versions)
	if m.Enterprise {
		t.fact("licence", "authentik needs an enterprise licence for it")
	}
	if m.Definition != "" {
		t.fact("in CUE", m.Definition+" of "+schema.ImportPath+"/"+strings.SplitN(m.Definition, ".", 2)[0])
	}
	t.fact("is also", strings.Join(m.Bases, ", "))
	t.fact("one of", strings.Join(m.Members, ", "))
	t.fact("used by", strings.ReplaceAll(usedWords(m.UsedBy), prefix, ""))
	for _, note := range m.Notes {
		t.fact("note", note)
	}
	for _, name := range sorted(m.Former) {
		t.fact("formerly", name+", which no version has any more; there is instead: "+m.Former[name])
	}
}

func identifierWords(m *Model) string {
	var sets []string
	for _, set := range m.Identifiers {
		sets = append(sets, strings.Join(set, " + "))
	}
	if len(sets) < 2 {
		return strings.Join(sets, "")
	}
	return strings.Join(sets[:len(sets)-1], ", ") + " or " + sets[len(sets)-1]
}

func actionWords(m *Model) string {
	var can []string
	for _, action := range []struct {
		may  bool
		word string
	}{{m.Creates, "created"}, {m.Changes, "changed"}, {m.Deletes, "deleted"}} {
		if action.may {
			can = append(can, action.word)
		}
	}
	switch len(can) {
	case 0:
		if m.LeftAlone {
			return "declared; aksync leaves it alone"
		}
		return "referred to; no entry creates, changes or deletes it"
	case 1:
		return can[0] + " only"
	case 2:
		return strings.Join(can, " and ") + " only"
	}
	return "created, changed and deleted"
}

// mostUsers is how many fields that refer to a model are named.
const mostUsers = 8

func usedWords(fields []string) string {
	if len(fields) <= mostUsers+1 {
		return strings.Join(fields, ", ")
	}
	return fmt.Sprintf("%s and %d more (-o json)", strings.Join(fields[:mostUsers], ", "), len(fields)-mostUsers)
}

// fields writes some fields below a headline.
func (t *Text) fields(headline string, fields []*Field) {
	if len(fields) == 0 {
		return
	}
	t.line("")
	t.line("%s", t.head("%s", headline))
	t.fieldRows("  ", fields)
}

// mostWidth is how wide the column of names is at most.
const mostWidth = 28

func (t *Text) fieldRows(indent string, fields []*Field) {
	width := 0
	for _, field := range fields {
		if length := len(field.Name); length <= mostWidth {
			width = max(width, length)
		}
	}
	for _, field := range fields {
		t.row(indent, width, field.Name, field.brief)
		t.fieldRows(indent+"  ", field.Fields)
	}
}
