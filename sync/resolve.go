package sync

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"

	"github.com/aksync/aksync/internal/tree"
)

// afterApply is why a reference has no answer yet: its object is created by
// this very pass.
type afterApply struct{ creates *candidate }

func (a *afterApply) Error() string {
	return "refers to " + quote(text(a.creates.entry, a.creates.kind.Key)) + ", which this pass creates: known after apply, and not taken here"
}

// resolve answers the references of a candidate and finds its object.
func (p *planner) resolve(c *candidate) {
	if c.phase != unresolved {
		return
	}
	c.phase = resolving
	var problems tree.Problems
	if c.entry.HasPending() {
		problems = p.resolveValues(c)
	}
	if c.phase == dropped {
		return
	}
	if len(problems) == 0 {
		problems = p.checkVersion(c)
	}
	if len(problems) == 0 {
		if problem := p.match(c); problem != nil {
			problems = append(problems, *problem)
		}
	}
	if len(problems) > 0 {
		p.fail(c, problems...)
		return
	}
	c.phase = resolved
}

// resolveValues replaces what is Pending, in a copy of the entry, and checks
// what that brought. Only attrs may stay Pending, where they are known after
// apply.
func (p *planner) resolveValues(c *candidate) tree.Problems {
	own := *c.entry
	c.entry = &own
	var problems tree.Problems
	needed := func(path string, v tree.Value) tree.Value {
		resolved, err := v.Resolve(p.lookup)
		if err != nil {
			problems = append(problems, tree.AsProblem(err, v.Place, path))
		}
		return resolved
	}
	for i, condition := range c.entry.Conditions {
		met := needed(schema.Index(c.entry.Path+".conditions", i), condition)
		if len(problems) == 0 && !met.Truthy() {
			c.phase = dropped
			return nil
		}
	}
	c.entry.Conditions = nil
	c.entry.State = needed(c.entry.Path+".state", c.entry.State)
	c.entry.Identifiers = slices.Clone(c.entry.Identifiers)
	for i, member := range c.entry.Identifiers {
		c.entry.Identifiers[i].Value = needed(c.entry.Path+".identifiers."+member.Name(), member.Value)
	}
	c.entry.Attrs = slices.Clone(c.entry.Attrs)
	for i, member := range c.entry.Attrs {
		value, err := member.Value.Resolve(p.lookup)
		var later *afterApply
		switch {
		case errors.As(err, &later):
			c.waits = append(c.waits, later.creates)
			c.waits = append(c.waits, p.creators(member.Value)...)
		case err != nil:
			problems = append(problems, tree.AsProblem(err, member.Value.Place, c.entry.Path+".attrs."+member.Name()))
		default:
			c.entry.Attrs[i].Value = value
		}
	}
	if len(problems) > 0 {
		return problems
	}
	own = c.kind.Normalize(own)
	return p.schema.CheckEntry(own)
}

// creators gives everybody who creates what a value refers to: resolving it
// ends at the first.
func (p *planner) creators(v tree.Value) []*candidate {
	var creators []*candidate
	switch data := v.Data.(type) {
	case tree.Pending:
		for _, ref := range data.References() {
			_, err := p.lookup(ref)
			if later := (*afterApply)(nil); errors.As(err, &later) {
				creators = append(creators, later.creates)
			}
		}
	case tree.List:
		for _, element := range data {
			creators = append(creators, p.creators(element)...)
		}
	case tree.Map:
		for _, member := range data {
			creators = append(creators, p.creators(member.Value)...)
		}
	}
	return creators
}

// checkVersion says what the server is too old for.
func (p *planner) checkVersion(c *candidate) tree.Problems {
	var problems tree.Problems
	for _, member := range c.entry.Attrs {
		field := c.kind.Fields.Field(member.Name())
		problems = append(problems, field.CheckVersion(c.entry.Path+".attrs."+member.Name(), member.Value, p.plan.Version)...)
	}
	return problems
}

// lookup answers one reference.
func (p *planner) lookup(ref tree.Reference) (tree.Value, error) {
	value, err := p.answer(ref)
	var later *afterApply
	if err == nil || errors.As(err, &later) {
		return value, err
	}
	return value, tree.Problem{Place: ref.Place, Message: ref.Tag + ": " + err.Error()}
}

func (p *planner) answer(ref tree.Reference) (tree.Value, error) {
	if ref.Tag == tree.TagKeyOf {
		return p.answerKeyOf(ref)
	}
	kind := p.schema.Kind(ref.Model)
	if kind == nil {
		return tree.Value{}, fmt.Errorf("%s can't be looked up: want one of %s", ref.Model, strings.Join(p.models(), ", "))
	}
	object, err := p.find(kind, ref.Where)
	if err != nil {
		return tree.Value{}, err
	}
	if ref.Tag == tree.TagFindObject {
		return at(ref.Place, tree.FromJSON(map[string]any(object))), nil
	}
	return at(ref.Place, tree.FromJSON(object[schema.PK])), nil
}

func at(place tree.Place, v tree.Value) tree.Value {
	return tree.Value{Place: place, Data: v.Data}
}

func (p *planner) models() []string {
	var models []string
	for _, kind := range p.schema.Kinds() {
		models = append(models, kind.Model)
	}
	return models
}

// answerKeyOf gives the primary key of another entry's object.
func (p *planner) answerKeyOf(ref tree.Reference) (tree.Value, error) {
	kind := p.schema.Kind(ref.Target.Model)
	if kind == nil {
		return tree.Value{}, fmt.Errorf("objects of %s can't be looked up: want one of %s", ref.Target.Model, strings.Join(p.models(), ", "))
	}
	if !kind.Managed {
		object, err := p.find(kind, conditions(ref.Target.Identifiers))
		if err != nil {
			return tree.Value{}, err
		}
		return at(ref.Place, tree.FromJSON(object[schema.PK])), nil
	}
	target := p.targets[ref.Target]
	if target == nil {
		return tree.Value{}, fmt.Errorf("the entry %s does not count, since its conditions are not met", quote(ref.Target.ID))
	}
	if target.phase == resolving {
		return tree.Value{}, errors.New("the entries refer to each other in a circle")
	}
	p.resolve(target)
	switch {
	case target.phase == dropped:
		return tree.Value{}, fmt.Errorf("the entry %s does not count, since its conditions are not met", quote(ref.Target.ID))
	case target.phase == failed:
		return tree.Value{}, fmt.Errorf("the entry %s has errors", quote(ref.Target.ID))
	case state(target.entry) == tree.Absent:
		return tree.Value{}, fmt.Errorf("the entry %s deletes its object", quote(ref.Target.ID))
	case target.object == nil:
		return tree.Value{}, &afterApply{target}
	}
	return at(ref.Place, tree.FromJSON(target.object[schema.PK])), nil
}

// conditions turns the identifiers of an entry into what an object has to
// have to be the one it means. Values are looked up no further: an identifier
// that is Pending finds nothing.
func conditions(identifiers tree.Map) []tree.Condition {
	where := make([]tree.Condition, len(identifiers))
	for i, member := range identifiers {
		where[i] = tree.Condition{Place: member.Key.Place, Field: member.Name(), Value: member.Value}
	}
	return where
}

// find gives the one live object of a kind that meets all conditions.
func (p *planner) find(kind *schema.Kind, where []tree.Condition) (schema.Object, error) {
	where, err := normalizeConditions(kind, where)
	if err != nil {
		return nil, err
	}
	ix := p.index(kind)
	if len(p.plan.Needs) > 0 {
		return nil, errors.New("not asked for yet")
	}
	var found []schema.Object
	for _, object := range ix.candidates(kind, where) {
		if meets(object, where) {
			found = append(found, object)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if later := p.willMeet(kind, where); later != nil {
			return nil, &afterApply{later}
		}
		return nil, fmt.Errorf("no %s has %s%s", kind.Title, describe(where), p.suggest(kind, ix, where))
	default:
		return nil, fmt.Errorf("%d objects are a %s with %s: want conditions that only one meets", len(found), kind.Title, describe(where))
	}
}

func normalizeConditions(kind *schema.Kind, where []tree.Condition) ([]tree.Condition, error) {
	normalized := slices.Clone(where)
	for i, condition := range where {
		if !slices.Contains(kind.AnswerNames(), condition.Field) {
			return nil, fmt.Errorf("a %s has no field %s: %s", kind.Title, quote(condition.Field), schema.Suggest(condition.Field, kind.AnswerNames()))
		}
		if field := kind.Fields.Field(condition.Field); field != nil {
			normalized[i].Value = field.Normalize(condition.Value)
		}
	}
	return normalized, nil
}

func meets(object schema.Object, where []tree.Condition) bool {
	for _, condition := range where {
		if !reflect.DeepEqual(tree.FromJSON(object[condition.Field]).Plain(), condition.Value.Plain()) {
			return false
		}
	}
	return true
}

// willMeet finds an object that this pass creates and that the conditions
// mean.
func (p *planner) willMeet(kind *schema.Kind, where []tree.Condition) *candidate {
	for _, c := range p.candidates {
		if c.kind != kind || state(c.entry) == tree.Absent {
			continue
		}
		met := true
		for _, condition := range where {
			value, given := c.entry.Field(condition.Field)
			met = met && given && !value.HasPending() && reflect.DeepEqual(value.Plain(), condition.Value.Plain())
		}
		if !met || c.phase == resolving {
			continue
		}
		if p.resolve(c); c.phase == resolved && c.object == nil {
			return c
		}
	}
	return nil
}

func describe(where []tree.Condition) string {
	parts := make([]string, len(where))
	for i, condition := range where {
		parts[i] = fmt.Sprintf("%s %v", condition.Field, condition.Value.Plain())
		if text, isText := condition.Value.Data.(string); isText {
			parts[i] = condition.Field + " " + quote(text)
		}
	}
	return strings.Join(parts, " and ")
}

// suggest adds what was probably meant, where a condition on the key missed.
func (p *planner) suggest(kind *schema.Kind, ix *index, where []tree.Condition) string {
	for _, condition := range where {
		if name, isText := condition.Value.Data.(string); isText && condition.Field == kind.Key {
			known := make([]string, 0, len(ix.byKey))
			for key := range ix.byKey {
				known = append(known, key)
			}
			slices.Sort(known)
			if near := schema.Nearest(name, known); near != "" {
				return ": did you mean " + quote(near) + "?"
			}
		}
	}
	return ": want one that exists"
}
