package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/aksync/aksync/sync"
)

// Text writes passes for people: each change with a sign and a word, so that
// it can be read without colour.
type Text struct {
	w                        io.Writer
	all                      bool
	add, alter, remove, fail func(format string, a ...any) string
	faint                    func(format string, a ...any) string
	err                      error
}

// NewText writes to w, in colour if coloured is set. Objects that are as
// declared are listed too if all is set.
func NewText(w io.Writer, coloured, all bool) *Text {
	paint := func(attributes ...color.Attribute) func(string, ...any) string {
		c := color.New(attributes...)
		if coloured {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprintf
	}
	return &Text{
		w: w, all: all,
		add: paint(color.FgGreen), alter: paint(color.FgYellow), remove: paint(color.FgRed),
		fail: paint(color.FgRed, color.Bold), faint: paint(color.Faint),
	}
}

// Plan writes a planned pass: errors first, then the changes and what is left
// alone, and a last line that sums up.
func (t *Text) Plan(pass *sync.Pass) error {
	t.problems(pass)
	for _, warning := range pass.Plan.Warnings {
		t.line("%s %s", t.alter("warning:"), warning)
	}
	t.leftAlone(pass)
	return t.Changes(pass)
}

// Changes writes the changes of a planned pass in the order in which they are
// applied, and a last line that sums up.
func (t *Text) Changes(pass *sync.Pass) error {
	for _, change := range pass.Plan.Changes {
		t.change(change)
	}
	t.line("%s", Summarize(pass))
	return t.err
}

// problems writes the errors of a pass, one a line, with the place at its
// head, where editors and CI look for it.
func (t *Text) problems(pass *sync.Pass) {
	problems := pass.Problems()
	for _, problem := range problems {
		t.line("%s", t.fail("%s", problem))
	}
	if len(problems) > 0 {
		t.line("")
	}
}

// Validation writes the outcome of validate.
func (t *Text) Validation(pass *sync.Pass) error {
	t.problems(pass)
	t.leftAlone(pass)
	b := pass.Blueprints
	t.line("%s valid, %d invalid, %d disabled; %s.",
		count(b.Count(sync.Valid), "blueprint", "blueprints"), b.Count(sync.Invalid), b.Count(sync.Disabled), count(len(pass.Problems()), "error", "errors"))
	return t.err
}

// Applied writes what applying came to: what failed, and a last line.
func (t *Text) Applied(report *sync.Report) error {
	done := map[sync.Action]int{}
	for _, result := range report.Results {
		if result.Outcome == sync.Done {
			done[result.Change.Action]++
			continue
		}
		t.line("%s", t.fail("%s: %s %s %q: %s", result.Change.Entry.Place,
			result.Change.Action, result.Change.Kind.Title, result.Change.Name, result.Err))
	}
	line := fmt.Sprintf("Applied: %d created, %d updated, %d deleted", done[sync.Create], done[sync.Update], done[sync.Delete])
	if failed := report.Count(sync.Failed); failed > 0 {
		line += fmt.Sprintf(", %d failed", failed)
	}
	if skipped := report.Count(sync.Skipped); skipped > 0 {
		line += fmt.Sprintf(", %d skipped", skipped)
	}
	t.line("%s.", line)
	return t.err
}

func (t *Text) leftAlone(pass *sync.Pass) {
	if left := LeftAlone(pass.Blueprints); left != "" {
		t.line("%s", left)
	}
}

func (t *Text) change(change *sync.Change) {
	title := fmt.Sprintf("%s %q", change.Kind.Title, change.Name)
	place := t.faint("  %s", change.Entry.Place)
	switch change.Action {
	case sync.Create:
		t.line("%s%s", t.add("+ create %s", title), place)
	case sync.Update:
		t.line("%s%s", t.alter("~ update %s", title), place)
	case sync.Delete:
		t.line("%s%s", t.remove("- delete %s", title), place)
	case sync.NoOp:
		if !t.all {
			return
		}
		t.line("  %s is as declared%s", title, place)
	}
	if len(change.UsedBy) > 0 && change.Action != sync.NoOp {
		t.line("    used by %s", strings.Join(change.UsedBy, ", "))
	}
	for _, field := range change.Fields {
		t.field(change.Action, field)
	}
	t.line("")
}

func (t *Text) field(action sync.Action, field sync.FieldChange) {
	before, beforeIsList := field.Before.([]any)
	after, afterIsList := field.After.([]any)
	switch {
	case field.KnownAfterApply && action == sync.Create:
		t.line("    %s: (known after apply)", field.Name)
	case field.KnownAfterApply:
		t.line("    %s: %s -> (known after apply)", field.Name, literal(field.Before))
	case afterIsList && (beforeIsList || field.Before == nil):
		t.list(field.Name, before, after)
	case action == sync.Create:
		t.line("    %s: %s", field.Name, literal(field.After))
	default:
		t.line("    %s: %s -> %s", field.Name, literal(field.Before), literal(field.After))
	}
}

// list writes a list an element a line: those that go, and then what the list
// will be, with a sign at those that are new or have another place.
func (t *Text) list(name string, before, after []any) {
	t.line("    %s:", name)
	for i, element := range before {
		if !contains(after, element) || contains(before[:i], element) {
			t.line("      %s", t.remove("- %s", literal(element)))
		}
	}
	for i, element := range after {
		switch {
		case !contains(before, element):
			t.line("      %s", t.add("+ %s", literal(element)))
		case i < len(before) && reflect.DeepEqual(before[i], element):
			t.line("        %s", literal(element))
		default:
			t.line("      %s", t.alter("~ %s (moved)", literal(element)))
		}
	}
}

func contains(list []any, element any) bool {
	return slices.ContainsFunc(list, func(other any) bool { return reflect.DeepEqual(other, element) })
}

// literal writes a value as JSON; a long text is folded in the middle.
func literal(value any) string {
	const most = 200
	if text, isText := value.(string); isText {
		if runes := []rune(text); len(runes) > most {
			value = string(runes[:most/2]) + "…" + string(runes[len(runes)-most/2:])
		}
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(buffer.String())
}

// line writes one line and keeps the first error.
func (t *Text) line(format string, a ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", a...)
	}
}
