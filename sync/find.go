package sync

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// found is what a reference finds: a live object, one that entries are about, or
// both.
type found struct {
	object schema.Object
	group  *group
}

func (f found) id(kind *schema.Kind) tree.ID {
	if f.group != nil {
		return f.group.id()
	}
	id, _ := kind.IDOf(f.object)
	if kind.Managed {
		return tree.ID{Known: id}
	}
	return tree.ID{Known: id, Model: kind.Model}
}

// find gives the one object of a kind that meets all conditions after this pass:
// live objects with what the entries change of them, without those that they
// delete, and with those that they create.
func (p *planner) find(kind *schema.Kind, conditions []tree.Condition) (found, error) {
	where, err := wants(kind, conditions)
	if err != nil {
		return found{}, err
	}
	t := p.table(kind)
	if t.Err != nil {
		return found{}, t.Err
	}
	p.identifyAll(kind)
	matches, before, err := p.matches(t, where)
	switch {
	case len(p.plan.Needs) > 0:
		return found{}, errAgain
	case err != nil:
		return found{}, err
	case len(matches) == 1:
		return matches[0], nil
	case len(matches) > 1:
		return found{}, fmt.Errorf("%d objects are a %s with %s%s: want conditions that only one meets", len(matches), kind.Title, describe(where), p.tellApart(kind, matches))
	case before != nil && before.deletes():
		err := notFound("the %s with %s is deleted by the entry at %s: want one that stays", kind.Title, describe(where), before.members[0].entry.Place)
		err.deleted = before
		return found{}, err
	case before != nil:
		return found{}, notFound("no %s has %s any more, by the entry at %s: want it as it is then", kind.Title, describe(where), before.members[0].entry.Place)
	default:
		return found{}, notFound("no %s has %s%s", kind.Title, describe(where), p.suggest(t, where))
	}
}

// matches returns the objects that meet the conditions after this pass. before is
// the group of one that meets them only before it.
func (p *planner) matches(t *table, where []want) (matches []found, before *group, err error) {
	seen := map[*group]bool{}
	for _, object := range t.having(where) {
		g := p.groupOf(t, object)
		if g == nil {
			matches = append(matches, found{object: object})
			continue
		}
		seen[g] = true
		meets, err := p.meets(g, where)
		if err != nil {
			return nil, nil, err
		}
		if meets {
			matches = append(matches, found{object, g})
		} else {
			before = g
		}
	}
	declaring, err := p.declaring(t.kind, where)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range declaring {
		if seen[g] {
			continue
		}
		seen[g] = true
		meets, err := p.meets(g, where)
		if err != nil {
			return nil, nil, err
		}
		if meets {
			matches = append(matches, found{g.object, g})
		}
	}
	return matches, before, nil
}

// meets reports whether a group's object meets the conditions after this pass.
func (p *planner) meets(g *group, where []want) (bool, error) {
	if g.deletes() || g.object == nil && g.failed {
		return false, nil
	}
	for _, w := range where {
		value, _, err := p.afterValue(g, w.field)
		if err != nil {
			return false, err
		}
		if !w.equals(value) {
			return false, nil
		}
	}
	return true, nil
}

// after is afterValue for what is resolved already.
func (p *planner) after(g *group, field string) (value any, has bool) {
	value, has, err := p.afterValue(g, field)
	return value, has && err == nil
}

// afterValue is a field of a group's object after this pass, as Value.Plain has
// it, and whether it has the field. The error is errCircle.
func (p *planner) afterValue(g *group, name string) (value any, has bool, err error) {
	if !g.failed && name != g.kind.ID {
		for _, c := range g.members {
			if g.object != nil && state(c.entry) != tree.Present {
				continue // an object that exists stays as it is
			}
			value, given, err := p.declares(c, name)
			if err != nil || given {
				return value, given, err
			}
		}
	}
	if g.object != nil {
		data, has := g.object[name]
		return tree.PlainJSON(data), has, nil
	}
	if field := g.kind.Fields.Field(name); field != nil && field.HasDefault {
		return field.Default, true, nil
	}
	return nil, false, nil
}

// declares is what an entry says of a field, resolved. One that has errors says
// nothing.
func (p *planner) declares(c *candidate, name string) (value any, given bool, err error) {
	declared, given := c.entry.Attrs.Get(name)
	if !given {
		declared, given = c.entry.Identifiers.Get(name)
		return p.dealias(c, name, declared).Plain(), given, nil
	}
	if declared.HasPending() {
		declared, err = p.attr(c, name)
		if err != nil {
			if c.attrs[name] == failed {
				return nil, false, nil
			}
			return nil, false, err
		}
	}
	return p.dealias(c, name, declared).Plain(), true, nil
}

// declaredField is a field of a kind.
type declaredField struct{ model, field string }

// declaring returns groups that can meet the conditions by what entries declare:
// those that say the same of one of the fields, or all of the kind where no
// condition is of use to find them by.
func (p *planner) declaring(kind *schema.Kind, where []want) ([]*group, error) {
	if len(p.byModel[kind.Model]) == 0 {
		return nil, nil
	}
	for _, w := range where {
		field := kind.Fields.Field(w.field)
		if field == nil || !findable(w.value) || field.HasDefault && reflect.DeepEqual(field.Default, w.value) {
			continue
		}
		index, err := p.declaredIndex(kind, w.field)
		if err != nil {
			return nil, err
		}
		return index[w.value], nil
	}
	var all []*group
	for _, g := range p.order {
		if g.kind.Is(kind.Model) {
			all = append(all, g)
		}
	}
	return all, nil
}

// findable reports whether declaredIndex finds the value.
func findable(plain any) bool {
	_, isID := plain.(tree.ID)
	return isID || indexed(plain)
}

// declaredIndex finds the groups of a kind by what their entries say of a field.
func (p *planner) declaredIndex(kind *schema.Kind, name string) (map[any][]*group, error) {
	key := declaredField{kind.Model, name}
	if index, made := p.declared[key]; made {
		return index, nil
	}
	index, complete := map[any][]*group{}, true
	for _, c := range p.byModel[kind.Model] {
		if c.group == nil {
			complete = complete && c.phase != underWay
			continue
		}
		value, given, err := p.declares(c, name)
		if err != nil {
			return nil, err
		}
		if given && findable(value) && !slices.Contains(index[value], c.group) {
			index[value] = append(index[value], c.group)
		}
	}
	if complete {
		if p.declared == nil {
			p.declared = map[declaredField]map[any][]*group{}
		}
		p.declared[key] = index
	}
	return index, nil
}

// objectOf gives all fields of an object that exists, as they are after this
// pass.
func (p *planner) objectOf(kind *schema.Kind, f found) (tree.Value, error) {
	if f.object == nil {
		return tree.Value{}, errKnownLater
	}
	object := tree.FromJSON(map[string]any(f.object))
	fields, _ := object.Data.(tree.Map)
	if f.group == nil {
		return object, nil
	}
	for i, member := range fields {
		if kind.Fields.Field(member.Name()) == nil {
			continue
		}
		value, _, err := p.afterValue(f.group, member.Name())
		if err != nil {
			return tree.Value{}, err
		}
		fields[i].Value = tree.FromJSON(value)
	}
	return tree.Value{Data: fields}, nil
}

// tellApart names the objects, with what tells them apart, and says where they are
// declared as far as they are.
func (p *planner) tellApart(kind *schema.Kind, matches []found) string {
	var objects []schema.Object
	text := ""
	for _, match := range matches {
		if match.object != nil {
			objects = append(objects, match.object)
		}
		if match.group != nil {
			text += ", one by the entry at " + match.group.members[0].entry.Place.String()
		}
	}
	if len(objects) == 0 {
		return text
	}
	return " (" + p.names(kind, objects) + ")" + text
}

// suggest adds what was probably meant, where a condition on the key missed.
func (p *planner) suggest(t *table, where []want) string {
	for _, w := range where {
		name, isText := w.value.(string)
		if !isText || w.field != t.kind.Key {
			continue
		}
		known := make([]string, 0, len(t.Objects))
		for _, object := range t.Objects {
			known = append(known, asText(object[t.kind.Key]))
		}
		slices.Sort(known)
		if near := schema.Nearest(name, known); near != "" {
			return ": did you mean " + quote(near) + "?"
		}
	}
	return ": want one that exists"
}
