package sync

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// identify resolves what says which object an entry is about, and whether it
// counts: conditions, state and identifiers; and finds the object's group.
func (p *planner) identify(c *candidate) {
	if c.phase != untouched {
		return
	}
	c.phase = underWay
	if p.table(c.kind).Err != nil {
		p.unlist(c)
		return
	}
	problems := p.resolveIdentity(c)
	if c.phase == dropped {
		return
	}
	if len(problems) == 0 {
		problems = p.match(c)
	}
	if len(problems) > 0 {
		p.fail(c, problems...)
		return
	}
	c.phase = settled
}

// identifyAll identifies the entries of a kind that are not under way.
func (p *planner) identifyAll(kind *schema.Kind) {
	if p.identified[kind.Model] {
		return
	}
	for _, c := range p.byModel[kind.Model] {
		p.identify(c)
	}
	p.identified[kind.Model] = true
}

// unlist gives a candidate up whose kind can't be listed: that is said once for
// all of them.
func (p *planner) unlist(c *candidate) {
	if p.unlisted == nil {
		p.unlisted = map[string]int{}
	}
	p.unlisted[c.kind.Model]++
	p.fail(c)
}

// resolveIdentity replaces what is Pending, in a copy of the entry, but for the
// attrs.
func (p *planner) resolveIdentity(c *candidate) tree.Problems {
	if !c.entry.HasPending() {
		return nil
	}
	own := *c.entry
	var problems tree.Problems
	known := func(path string, v tree.Value, lookup tree.Lookup) tree.Value {
		resolved, err := v.Resolve(lookup)
		if err == nil && !tree.Known(resolved.Plain()) {
			err = errKnownLater
		}
		if err != nil {
			problems = append(problems, tree.AsProblem(err, v.Place, path))
		}
		return resolved
	}
	for i, condition := range own.Conditions {
		met := known(schema.Index(own.Path+".conditions", i), condition, p.lookupIfAny)
		if len(problems) == 0 && !met.Truthy() {
			c.phase = dropped
			return nil
		}
	}
	own.Conditions = nil
	own.State = known(own.Path+".state", own.State, p.lookup)
	lookup := p.lookup
	if state(&own) == tree.Absent {
		lookup = p.lookupGone
	}
	own.Identifiers = slices.Clone(own.Identifiers)
	for i, member := range own.Identifiers {
		resolved, err := member.Value.Resolve(lookup)
		switch {
		case err == nil:
			own.Identifiers[i].Value = resolved
		case state(&own) == tree.Absent && errors.As(err, new(*notFoundError)):
			c.phase = dropped // nothing that refers to what is not there can be there
			return nil
		default:
			problems = append(problems, tree.AsProblem(err, member.Value.Place, own.Path+".identifiers."+member.Name()))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	own = c.kind.Normalize(own)
	c.entry = &own
	return nil
}

// match finds the live object that the entry's identifiers mean, and the group of
// entries about the same object.
func (p *planner) match(c *candidate) tree.Problems {
	t := p.table(c.kind)
	pk, hasPK := c.entry.Identifiers.Get(schema.PK)
	where := p.identifying(c)
	var object schema.Object
	if hasPK {
		object = t.get(schema.IDText(pk.Plain()))
	}
	switch {
	case object != nil:
		if problem := c.contradicts(t, object, where); problem != nil {
			return tree.Problems{*problem}
		}
	case hasPK && len(where) == 0 && state(c.entry) == tree.Absent:
	default:
		if len(where) == 0 {
			where = p.naturalKey(c)
		}
		if len(where) == 0 {
			return tree.Problems{c.complain(pk, schema.PK, "no %s has the pk %s: an object can't be created with a given pk, find it by %s", c.kind.Title, schema.IDText(pk.Plain()), c.kind.KeyWords())}
		}
		found := p.narrow(c, t.having(where))
		if len(found) > 1 {
			return tree.Problems{{Place: c.entry.Place, Path: c.entry.Path + ".identifiers", Message: fmt.Sprintf(
				"%d objects are a %s with %s (%s): want identifiers that only one has", len(found), c.kind.Title, describe(where), p.names(c.kind, found))}}
		}
		if len(found) == 1 {
			object = found[0]
		}
		if hasPK && state(c.entry) != tree.Absent {
			p.alias(c, schema.IDText(pk.Plain()))
		}
	}
	p.join(c, object, identity(c.kind, t, object, where, pk))
	return nil
}

// naturalKey returns what finds the object of an entry that gives only a pk which
// exists nowhere, as authentik's own exports have it: a key of the kind that is
// whole among the attrs.
func (p *planner) naturalKey(c *candidate) []want {
	for _, key := range c.kind.Keys {
		if where := p.declaredWants(c, key); len(where) == len(key) {
			return where
		}
	}
	return nil
}

// declaredWants returns what the attrs say of the fields, of those that they hold
// and that can be told now.
func (p *planner) declaredWants(c *candidate, fields []string) []want {
	var where []want
	for _, name := range fields {
		value, given := c.entry.Attrs.Get(name)
		if given && value.HasPending() {
			var err error
			if value, err = p.attr(c, name); err != nil {
				continue // what is wrong is noted
			}
		}
		if given {
			where = append(where, wantOf(c.kind, name, p.dealias(c, name, value).Plain()))
		}
	}
	return where
}

// narrow returns those of several objects that have what the attrs say of the
// fields that objects of the kind are known by.
func (p *planner) narrow(c *candidate, found []schema.Object) []schema.Object {
	if len(found) < 2 {
		return found
	}
	where := p.declaredWants(c, c.kind.KnownBy())
	narrowed := slices.DeleteFunc(slices.Clone(found), func(object schema.Object) bool {
		return slices.ContainsFunc(where, func(w want) bool { return !w.met(object[w.field]) })
	})
	if len(narrowed) == 1 {
		return narrowed
	}
	return found
}

// wantOf is what a field of a kind has to have.
func wantOf(kind *schema.Kind, name string, value any) want {
	return want{name, value, kind.Fields.Field(name)}
}

// identifying returns what the entry's identifiers say, but for the pk.
func (p *planner) identifying(c *candidate) []want {
	var where []want
	for _, member := range c.entry.Identifiers {
		if name := member.Name(); name != schema.PK {
			where = append(where, wantOf(c.kind, name, p.dealias(c, name, member.Value).Plain()))
		}
	}
	return where
}

func (c *candidate) complain(v tree.Value, field, format string, args ...any) tree.Problem {
	return tree.Problem{Place: v.Place, Path: c.entry.Path + ".identifiers." + field, Message: fmt.Sprintf(format, args...)}
}

// contradicts says which identifier does not hold for the object that the pk
// finds.
func (c *candidate) contradicts(t *table, object schema.Object, where []want) *tree.Problem {
	for _, w := range where {
		if w.met(object[w.field]) {
			continue
		}
		value, _ := c.entry.Identifiers.Get(w.field)
		is, pk := w.describe(tree.PlainJSON(object[w.field])), t.id(object)
		problem := c.complain(value, w.field, "the %s with the pk %s has the %s %s, not %s: to change it put it into attrs",
			c.kind.Title, pk, w.field, is, w.describe(w.value))
		if others := t.having(where); len(others) == 1 {
			problem = c.complain(value, w.field, "%s %s is that of the %s with the pk %s, not %s: want identifiers that find one object",
				w.field, w.describe(w.value), c.kind.Title, t.id(others[0]), pk)
		}
		return &problem
	}
	return nil
}

// identity is the same for entries about the same object, as far as that can be
// told before it is created.
func identity(kind *schema.Kind, t *table, object schema.Object, where []want, pk tree.Value) string {
	if object != nil {
		return liveIdentity(kind.Model, t.id(object))
	}
	if len(where) == 0 {
		return kind.Model + " pk " + schema.IDText(pk.Plain())
	}
	return kind.Model + " new " + fingerprint(where)
}

func liveIdentity(model, id string) string { return model + " live " + id }

// fingerprint is equal for equal wants, in whatever order they stand, and for no
// others.
func fingerprint(where []want) string {
	sorted := slices.SortedFunc(slices.Values(where), func(a, b want) int { return cmp.Compare(a.field, b.field) })
	var b strings.Builder
	for _, w := range sorted {
		text, err := json.Marshal(pack(w.value))
		if err != nil { // a number that is not finite
			text = strconv.AppendQuote(nil, tree.Describe(w.value))
		}
		fmt.Fprintf(&b, "%s=%T:%s;", w.field, w.value, text)
	}
	return b.String()
}

// join puts the candidate into the group of its object.
func (p *planner) join(c *candidate, object schema.Object, identity string) {
	g := p.groups[identity]
	if g == nil {
		g = &group{kind: c.kind, number: c.number, object: object}
		p.groups[identity] = g
		p.order = append(p.order, g)
		if id, has := c.kind.IDOf(object); has {
			for _, base := range c.kind.Bases {
				p.groups[liveIdentity(base, schema.IDText(id))] = g
			}
		}
	}
	c.group = g
	g.members = append(g.members, c)
}

// groupOf returns the entries about a live object, or nil.
func (p *planner) groupOf(t *table, object schema.Object) *group {
	return p.groups[liveIdentity(t.kind.Model, t.id(object))]
}

// id is the key of the group's object, as references have it.
func (g *group) id() tree.ID {
	if g.object != nil {
		id, _ := g.kind.IDOf(g.object)
		return tree.ID{Known: id}
	}
	return tree.ID{Change: g.number}
}

// deletes reports whether the group's object is gone after the pass.
func (g *group) deletes() bool {
	return !g.failed && slices.ContainsFunc(g.members, func(c *candidate) bool { return state(c.entry) == tree.Absent })
}

// joinGroups makes one of two groups where the identifiers of one, which finds
// nothing live, are among what the other one's object has after the pass: authentik
// would find that for both.
func (p *planner) joinGroups() {
	bySet := map[string][]*group{}
	sets := map[string]int{}
	for _, g := range p.order {
		if fields := fieldNames(p.identifying(g.members[0])); g.object == nil && len(fields) > 0 {
			set := g.kind.Model + " " + strings.Join(fields, " ")
			if len(bySet[set]) == 0 {
				sets[g.kind.Model]++
			}
			bySet[set] = append(bySet[set], g)
		}
	}
	for _, set := range slices.Sorted(maps.Keys(bySet)) {
		model, fields, _ := strings.Cut(set, " ")
		p.joinByFields(bySet[set], strings.Split(fields, " "), sets[model] > 1)
	}
	p.order = slices.DeleteFunc(p.order, func(g *group) bool { return len(g.members) == 0 })
}

func fieldNames(where []want) []string {
	names := make([]string, len(where))
	for i, w := range where {
		names[i] = w.field
	}
	slices.Sort(names)
	return names
}

// joinByFields joins each of the groups, which those fields identify, with any
// other one that has the same of them after the pass: one whose object is changed
// in them or, where others is set, one that other fields identify.
func (p *planner) joinByFields(groups []*group, fields []string, others bool) {
	byValues := map[string]*group{}
	for _, g := range groups {
		if len(g.members) > 0 {
			byValues[fingerprint(p.identifying(g.members[0]))] = g
		}
	}
	for _, other := range p.order {
		if other.kind != groups[0].kind || len(other.members) == 0 || other.failed || other.object == nil && !others {
			continue
		}
		if where := p.changedTo(other, fields); where != nil {
			if g := byValues[fingerprint(where)]; g != nil && g != other && len(g.members) > 0 {
				p.merged(g, other)
			}
		}
	}
}

// changedTo returns what a group's object has of the fields after the pass, where it
// has all of them and they are not as they are live.
func (p *planner) changedTo(g *group, fields []string) []want {
	where := make([]want, len(fields))
	changed := g.object == nil
	for i, name := range fields {
		value, has := p.after(g, name)
		if !has {
			return nil
		}
		where[i] = wantOf(g.kind, name, value)
		changed = changed || !where[i].met(g.object[name])
	}
	if !changed {
		return nil
	}
	return where
}

// merged makes two groups one: that of the earlier entry.
func (p *planner) merged(a, b *group) {
	if b.number < a.number {
		a, b = b, a
	}
	if a.object == nil {
		a.object = b.object
	}
	a.failed = a.failed || b.failed
	a.members = append(a.members, b.members...)
	slices.SortFunc(a.members, func(x, y *candidate) int { return cmp.Compare(x.number, y.number) })
	for _, c := range b.members {
		c.group = a
	}
	b.members = nil
	if p.renumbered == nil {
		p.renumbered = map[int]int{}
	}
	p.renumbered[b.number] = a.number
}

// names lists the objects for a message.
func (p *planner) names(kind *schema.Kind, objects []schema.Object) string {
	const most = 5
	var names []string
	for i, object := range objects {
		if i == most {
			names = append(names, fmt.Sprintf("%d more", len(objects)-most))
			break
		}
		id, _ := kind.IDOf(object)
		name := cmp.Or(asText(object[kind.Key]), schema.IDText(id))
		if managed := asText(object["managed"]); managed != "" {
			name += " managed " + managed
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// nameOf is what people call the group's object: as it is live, as it is
// declared, or else its primary key.
func (p *planner) nameOf(g *group) string {
	if g.kind.Key == "" {
		return p.labelOf(g)
	}
	name := asText(g.object[g.kind.Key])
	for _, c := range g.members {
		value, _ := c.entry.Field(g.kind.Key)
		pk, _ := c.entry.Identifiers.Get(schema.PK)
		name = cmp.Or(name, nameText(value.Plain()), schema.IDText(pk.Plain()))
	}
	return name
}

// nameText shows a declared name, parts of which may be known only after apply.
func nameText(plain any) string {
	switch plain := plain.(type) {
	case string:
		return plain
	case tree.ID:
		return laterText
	case tree.Text:
		var b strings.Builder
		for _, part := range plain {
			b.WriteString(nameText(part))
		}
		return b.String()
	default:
		return ""
	}
}

const laterText = "(known after apply)"

// describe says what the conditions are.
func describe(where []want) string {
	parts := make([]string, len(where))
	for i, w := range where {
		parts[i] = w.field + " " + w.describe(w.value)
	}
	return strings.Join(parts, " and ")
}
