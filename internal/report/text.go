package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// Text writes passes for people: each change with a sign and a word, so that
// it can be read without colour.
type Text struct {
	w                        io.Writer
	all                      bool
	add, alter, remove, fail paint
	faint, plain, strong     paint
	view                     View
	err                      error
}

// paint formats text in a colour.
type paint = terminal.Paint

// NewText writes to w, in colour if coloured is set. Objects that are as
// declared are listed too if all is set.
func NewText(w io.Writer, coloured, all bool) *Text {
	in := terminal.Paints(coloured)
	return &Text{
		w: w, all: all,
		add: in(color.FgGreen), alter: in(color.FgYellow), remove: in(color.FgRed),
		fail: in(color.FgRed, color.Bold), faint: in(color.Faint), plain: fmt.Sprintf, strong: in(color.Bold),
	}
}

// Listing has plans list some changes only, or in groups.
func (t *Text) Listing(view View) *Text {
	t.view = view
	return t
}

// Plan writes a planned pass: errors and warnings first, then what is left alone
// and the changes, and a last line that sums up.
func (t *Text) Plan(pass *sync.Pass) error {
	t.problems(pass)
	t.leftAlone(pass)
	return t.Changes(pass)
}

// Changes writes the changes of a planned pass in the order in which they are
// applied, and a last line that sums up.
func (t *Text) Changes(pass *sync.Pass) error {
	names := NewNames(pass.Plan)
	for _, group := range t.view.groups(pass.Plan) {
		if title := t.view.title(group); title != "" {
			t.line("%s", t.strong("== %s", clean(title)))
			t.line("")
		}
		for _, change := range group.changes {
			t.change(names, change)
		}
	}
	if left := uncomparedLines(pass.Plan); len(left) > 0 {
		t.line("%s:", uncomparedHead)
		for _, line := range left {
			t.lines(t.faint, wrap("  ", "    ", strings.Fields(line), ""))
		}
		t.line("")
	}
	t.undeclared(pass.Plan)
	if kinds := byKind(pass.Plan); len(kinds) > 0 {
		t.lines(t.faint, wrap("By kind: ", "  ", kinds, ", "))
	}
	if left := t.view.left(pass.Plan); left != "" {
		t.line("%s", left)
	}
	t.line("%s", Summarize(pass))
	return t.err
}

// problems writes the errors of a pass and then the warnings, one a line, with the
// place at its head, where editors and CI look for it.
func (t *Text) problems(pass *sync.Pass) {
	problems, warnings := pass.Problems(), pass.Warnings()
	for _, problem := range problems {
		t.line("%s", t.fail("%s", clean(problem.Error())))
	}
	for _, warning := range warnings {
		if place := warning.Place.String(); place != "" {
			t.line("%s: %s %s", clean(place), t.alter("warning:"), clean(inFile(warning)))
		} else {
			t.line("%s %s", t.alter("warning:"), clean(inFile(warning)))
		}
	}
	if len(problems)+len(warnings) > 0 {
		t.line("")
	}
}

// Validation writes the outcome of validate.
func (t *Text) Validation(pass *sync.Pass) error {
	t.problems(pass)
	t.leftAlone(pass)
	b, found := pass.Blueprints, terminal.Count(len(pass.Problems()), "error", "errors")
	if warnings := len(pass.Warnings()); warnings > 0 {
		found += ", " + terminal.Count(warnings, "warning", "warnings")
	}
	t.line("%s valid, %d invalid, %d disabled; %s.",
		terminal.Count(b.Count(tree.Valid), "blueprint", "blueprints"), b.Count(tree.Invalid), b.Count(tree.Disabled), found)
	return t.err
}

// leftAlone writes what is not managed and which files are switched off: the
// counts, and the names on lines of their own, since a folder of authentik's own
// blueprints has dozens.
func (t *Text) leftAlone(pass *sync.Pass) {
	left := leftAlone(pass.Blueprints)
	off, files := switchedOff(pass.Blueprints)
	if left.entries != "" {
		t.line("%s:", left.entries)
		for _, model := range left.explained {
			t.lines(t.faint, wrap("  ", "    ", strings.Fields(model), ""))
		}
		t.names(left.models)
	}
	if off != "" {
		t.line("%s:", off)
		t.names(some(cleanAll(files)))
	}
	if left.entries != "" || off != "" {
		t.line("")
	}
}

// names writes names on lines of their own.
func (t *Text) names(names []string) {
	if len(names) > 0 {
		t.lines(t.faint, wrap("  ", "  ", names, ", "))
	}
}

func (t *Text) change(names *Names, change *sync.Change) {
	if change.Action == sync.NoOp {
		if t.all {
			t.header(t.faint, "  %s is as declared", change)
			t.line("")
		}
		return
	}
	switch change.Action {
	case sync.Create:
		t.header(t.add, "+ create %s", change)
	case sync.Update:
		t.header(t.alter, "~ update %s", change)
	case sync.Delete:
		t.header(t.remove, "- delete %s", change)
	}
	if why := afterCreation(change); why != "" {
		t.line("    %s", why)
	}
	if users := cleanAll(change.UserNames()); len(users) > 0 {
		t.lines(t.plain, wrap("    used by ", "      ", users, ", "))
	}
	for _, warning := range Warnings(change) {
		t.lines(t.fail, wrap("    WARNING: ", "      ", strings.Fields(clean(warning)), ""))
	}
	for _, row := range rowsOf(names, change) {
		t.row(row)
	}
	t.line("")
}

// header writes what happens to which object, and where that is declared: on a
// line of its own where one line is too short, and so the name, such as that of a
// binding, which has names in it.
func (t *Text) header(paint paint, format string, change *sync.Change) {
	const indent = "    "
	title := fmt.Sprintf(format, change.Title+" "+quote(change.Name, columns))
	place := clean(change.Source.String())
	if utf8.RuneCountInString(title) > columns {
		t.line("%s", paint("%s", fmt.Sprintf(format, change.Title)))
		t.line("%s", paint("%s%s", indent, quote(change.Name, columns-len(indent))))
		t.line("%s", t.faint("%s%s%s", indent, declaredAt(change), place))
		return
	}
	if utf8.RuneCountInString(title)+2+utf8.RuneCountInString(place) <= columns {
		t.line("%s%s", paint("%s", title), t.faint("  %s", place))
		return
	}
	t.line("%s", paint("%s", title))
	t.line("%s", t.faint("    %s%s", declaredAt(change), place))
}

// declaredAt goes before the place of a change on a line of its own. That of an object
// that no entry speaks of says itself what it is.
func declaredAt(change *sync.Change) string {
	if change.Action == sync.Delete && change.Path == "" {
		return ""
	}
	return "declared at "
}

func (t *Text) row(r row) {
	paint := map[byte]paint{'+': t.add, '-': t.remove, '~': t.alter, ' ': t.plain}[r.sign]
	t.line("%s%s", strings.Repeat("  ", r.depth), paint("%c %s", r.sign, r.text))
}

func (t *Text) lines(paint paint, lines []string) {
	for _, line := range lines {
		t.line("%s", paint("%s", line))
	}
}

func cleanAll(texts []string) []string {
	cleaned := make([]string, len(texts))
	for i, text := range texts {
		cleaned[i] = clean(text)
	}
	return cleaned
}

// line writes one line and keeps the first error.
func (t *Text) line(format string, a ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", a...)
	}
}
