package sync

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// warnOfLoss notes with each change what people lose by it: the last binding of
// something that stays, such as the one that keeps an application from everybody, or
// what a field refers to, such as a brand's login flow; and what is bound twice by it.
func (p *planner) warnOfLoss() {
	for _, g := range p.order {
		change := g.change
		if change == nil || change.Action == NoOp {
			continue
		}
		if change.Action == Create {
			if warning := p.boundTwice(g); warning != "" {
				change.Warnings = append(change.Warnings, warning)
			}
			continue
		}
		if warning := p.lastBinding(g); warning != "" {
			change.Warnings = append(change.Warnings, warning)
		}
		for _, field := range change.Fields {
			if word := g.kind.Fields.Field(field.Name).Loses; word != "" && field.Before != nil && field.After == nil {
				change.Warnings = append(change.Warnings, fmt.Sprintf("%s is none any more: %s.", field.Name, word))
			}
		}
	}
}

// boundTwice says that what a new binding binds is bound already, by one that no entry
// speaks of: whoever changes the order in the identifiers may have meant to move it.
func (p *planner) boundTwice(g *group) string {
	if !g.kind.Binds() {
		return ""
	}
	var same []want
	var differ []string
	for _, name := range g.kind.KnownBy() {
		field := g.kind.Fields.Field(name)
		if field == nil || field.Refers == "" {
			differ = append(differ, name)
			continue
		}
		value, _ := p.after(g, name)
		id := schema.IDText(value)
		if value != nil && id == "" {
			return "" // to what is not there yet nothing is bound
		}
		if id != "" {
			same = append(same, wantOf(g.kind, name, value))
		}
	}
	if t := p.table(g.kind); len(differ) > 0 && len(same) > 1 {
		for _, object := range t.having(same) {
			if p.groupOf(t, object) == nil {
				return fmt.Sprintf("the %s %s is there already, and no blueprint speaks of it: with this one there are two. To move that one, give %s in attrs and not in identifiers.",
					g.kind.Title, p.liveLabel(g.kind, object), strings.Join(differ, " and "))
			}
		}
	}
	return ""
}

// lastBinding says what it means that a change takes the last binding in force from
// what it binds to, or nothing where it does not.
func (p *planner) lastBinding(g *group) string {
	if g.kind.Last == "" || len(g.kind.Label) == 0 || !p.inForce(g.kind, g.object) {
		return ""
	}
	name := g.kind.Label[0]
	to := keyIn(g.object, name)
	field := g.kind.Fields.Field(name)
	if other := p.groups[liveIdentity(field.Refers, to)]; to == "" || other != nil && other.deletes() {
		return ""
	}
	if p.boundTo(g.kind, name, to) {
		return ""
	}
	return fmt.Sprintf("it is the last one of %s: %s.", p.nameFor(field.Refers, to), g.kind.Last)
}

// boundTo reports whether a binding of the kind to an object is in force after the
// pass.
func (p *planner) boundTo(kind *schema.Kind, name, to string) bool {
	t := p.table(kind)
	for _, object := range t.having([]want{wantOf(kind, name, to)}) {
		if p.groupOf(t, object) == nil && p.inForce(kind, object) {
			return true
		}
	}
	for _, g := range p.order {
		if g.kind != kind || g.deletes() || g.object == nil && g.failed {
			continue
		}
		value, _ := p.after(g, name)
		on, has := p.after(g, kind.Switch)
		if schema.IDText(value) == to && (!has || on != false) {
			return true
		}
	}
	return false
}

// inForce reports whether a live binding is switched on.
func (p *planner) inForce(kind *schema.Kind, object schema.Object) bool {
	return object != nil && (kind.Switch == "" || object[kind.Switch] != false)
}

// keyIn is the primary key that a field of a live object holds, as text.
func keyIn(object schema.Object, name string) string {
	return schema.IDText(tree.PlainJSON(object[name]))
}
