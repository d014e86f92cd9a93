package sync

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// checkMirrors refuses objects that declare one relation from both ends, and not the
// same: each pass would put one of them right, and the next one the other.
func (p *planner) checkMirrors() {
	refused := map[*Change]string{}
	for _, g := range p.order {
		if g.change == nil || g.deletes() {
			continue
		}
		for _, field := range g.kind.Fields.Fields {
			model, mirror, mirrors := field.Mirror()
			if !mirrors || !p.declaresField(g, field.Name) {
				continue
			}
			if problem := p.contradiction(g, field, p.byModel[model], mirror); problem != nil {
				refused[g.change] = "" // it has a message of its own
				p.plan.Problems = append(p.plan.Problems, *problem)
			}
		}
	}
	p.refuse(refused)
}

func (p *planner) declaresField(g *group, name string) bool {
	return slices.ContainsFunc(g.members, func(c *candidate) bool { _, given := c.entry.Field(name); return given })
}

// contradiction says where one of the others declares the relation otherwise than
// the group does.
func (p *planner) contradiction(g *group, field *schema.Field, others []*candidate, mirror string) *tree.Problem {
	value, _ := p.after(g, field.Name)
	here := keys(value)
	own := keyText(tree.Value{Data: g.id()}.Plain())
	for _, c := range others {
		h := c.group
		if h == nil || h.change == nil || h.deletes() || !p.declaresField(h, mirror) {
			continue
		}
		there, _ := p.after(h, mirror)
		if here[keyText(tree.Value{Data: h.id()}.Plain())] == keys(there)[own] {
			continue
		}
		declared, _ := c.entry.Field(mirror)
		return p.fieldProblem(g, field.Name, fmt.Sprintf("the %s %s says otherwise in its %s at %s: want it declared in one of the two",
			h.kind.Title, quote(p.nameOf(h)), mirror, declared.Place))
	}
	return nil
}

// keys are the keys that a field holds, of objects that are there and of those that
// are yet to be created.
func keys(plain any) map[string]bool {
	held := map[string]bool{}
	for _, element := range elements(plain) {
		held[keyText(element)] = true
	}
	return held
}

func keyText(plain any) string {
	if id, isID := plain.(tree.ID); isID {
		return fmt.Sprintf("new %d", id.Change)
	}
	return schema.IDText(plain)
}
