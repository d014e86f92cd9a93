package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

// undeclared is a live object that no blueprint speaks of.
type undeclared struct {
	Model string `json:"model"`
	Name  string `json:"name"`
	PK    string `json:"pk"`
	// CreatedBy and CreatedAt are null where nothing tells.
	CreatedBy *string    `json:"created_by"`
	CreatedAt *time.Time `json:"created_at"`
}

// surveyOf is what a plan has found that nobody declares; nil where nobody asked for a
// list of it.
func surveyOf(plan *sync.Plan) *sync.Surveyed {
	if plan.Surveyed == nil || !plan.Surveyed.Listed {
		return nil
	}
	return plan.Surveyed
}

// undeclaredOf are those of a plan; nil where nobody asked for them.
func undeclaredOf(plan *sync.Plan) []undeclared {
	found := surveyOf(plan)
	if found == nil {
		return nil
	}
	list := []undeclared{}
	for _, object := range found.Objects {
		one := undeclared{Model: object.Model, Name: object.Name, PK: object.PK}
		if object.By != "" {
			one.CreatedBy = &object.By
		}
		if !object.At.IsZero() {
			one.CreatedAt = &object.At
		}
		list = append(list, one)
	}
	return list
}

// undeclaredNotes say of what it is not known, and how much authentik brings itself; with
// all to the last permission that is lacking.
func undeclaredNotes(found *sync.Surveyed, all bool) []string {
	var notes []string
	if found.NoMakers != "" {
		notes = append(notes, "who made them is not known: "+found.NoMakers)
	}
	if lacking := found.Lacking; len(lacking) > 0 {
		if !all {
			lacking = some(lacking)
		}
		notes = append(notes, fmt.Sprintf("not known of %s, since the token's user lacks %s",
			terminal.Count(len(found.Lacking), "kind", "kinds"), strings.Join(lacking, ", ")))
	}
	for _, why := range found.Unknown {
		notes = append(notes, "not known: "+why)
	}
	if found.Brought > 0 {
		notes = append(notes, grouped(found.Brought)+" more are authentik's own")
	}
	return cleanAll(notes)
}

// undeclaredHead begins a list of them.
func undeclaredHead(found *sync.Surveyed) string {
	if found.Total() == 0 {
		return "Unmanaged: none found"
	}
	return "Unmanaged: " + terminal.Count(found.Total(), "live object that no blueprint speaks of", "live objects that no blueprint speaks of")
}

// eachKind gives the objects of one kind after those of another.
func eachKind(objects []sync.Unmanaged, yield func(of []sync.Unmanaged)) {
	for len(objects) > 0 {
		end := slices.IndexFunc(objects, func(object sync.Unmanaged) bool { return object.Model != objects[0].Model })
		if end < 0 {
			end = len(objects)
		}
		yield(objects[:end])
		objects = objects[end:]
	}
}

// mostOfAKind is how many objects of a kind a list has for people.
const mostOfAKind = 10

// undeclared writes the live objects that no blueprint speaks of, by kind, with who
// made them.
func (t *Text) undeclared(plan *sync.Plan) {
	found := surveyOf(plan)
	if found == nil {
		return
	}
	t.line("%s", undeclaredHead(found))
	eachKind(found.Objects, func(of []sync.Unmanaged) {
		t.line("  %s (%s)", clean(of[0].Title), grouped(len(of)))
		shown := of
		if !t.all {
			shown = of[:min(len(of), mostOfAKind)]
		}
		for _, object := range shown {
			t.undeclaredObject(object)
		}
		if left := len(of) - len(shown); left > 0 {
			t.line("    %s", t.faint("%s more (--all lists them)", grouped(left)))
		}
	})
	for _, note := range undeclaredNotes(found, t.all) {
		t.lines(t.faint, wrap("  ", "    ", strings.Fields(note), ""))
	}
	t.line("")
}

// undeclaredObject writes one of them: who made it on a line of its own where one is too
// short.
func (t *Text) undeclaredObject(object sync.Unmanaged) {
	const indent = "    "
	name, maker := indent+quote(object.Name, columns-len(indent)), makerOf(object)
	if maker != "" && utf8.RuneCountInString(name+maker)+2 <= columns {
		name, maker = name+t.faint("  %s", maker), ""
	}
	t.line("%s", name)
	if maker != "" {
		t.line("%s", t.faint("%s  %s", indent, maker))
	}
}

// makerOf says who made an object and when, as far as that is known.
func makerOf(object sync.Unmanaged) string {
	if object.By == "" {
		return ""
	}
	maker := "by " + clean(object.By)
	if !object.At.IsZero() {
		maker += ", " + object.At.UTC().Format(time.DateOnly)
	}
	return maker
}

// undeclaredDetails are the pieces of a comment: one for each kind.
func undeclaredDetails(plan *sync.Plan) []string {
	found := surveyOf(plan)
	if found == nil {
		return nil
	}
	pieces := []string{undeclaredHead(found) + ".\n\n"}
	eachKind(found.Objects, func(of []sync.Unmanaged) {
		var b strings.Builder
		fmt.Fprintf(&b, "<details><summary>%s (%s)</summary>\n\n", clean(of[0].Title), grouped(len(of)))
		for _, object := range of[:min(len(of), mostOfAKind)] {
			fmt.Fprintf(&b, "- %s", code(quote(object.Name, columns)))
			if maker := makerOf(object); maker != "" {
				b.WriteString(" " + code(maker))
			}
			b.WriteString("\n")
		}
		if left := len(of) - mostOfAKind; left > 0 {
			fmt.Fprintf(&b, "- %s more\n", grouped(left))
		}
		b.WriteString("\n</details>\n\n")
		pieces = append(pieces, b.String())
	})
	if notes := undeclaredNotes(found, false); len(notes) > 0 {
		pieces = append(pieces, codes(notes)+".\n\n")
	}
	return pieces
}
