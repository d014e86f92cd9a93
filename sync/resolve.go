package sync

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

var (
	// errKnownLater is why a value that decides something can't be one that is
	// known only after apply.
	errKnownLater = errors.New("depends on an object that this pass creates: it is known after apply, and not taken here")
	errCircle     = errors.New("the entries refer to each other in a circle")
	// errAgain is the error of a look-up in a kind that was not asked for: the
	// plan is made again with it.
	errAgain = errors.New("not asked for yet")
)

// resolveAttrs resolves the attrs of an entry that counts, and checks what that
// brought.
func (p *planner) resolveAttrs(c *candidate) {
	if c.phase != settled || state(c.entry) == tree.Absent {
		return
	}
	resolved := c.entry != c.source
	p.dropFormer(c) // what it refers to does not count either
	for _, member := range c.entry.Attrs {
		if member.Value.HasPending() {
			resolved = true
			// What is wrong is noted already.
			_, _ = p.attr(c, member.Name())
		}
	}
	p.dealiasEntry(c)
	if c.phase != settled {
		return
	}
	p.retype(c)
	var problems tree.Problems
	if resolved {
		problems = p.schema.CheckEntry(*c.entry)
	}
	if len(problems) == 0 {
		problems = p.checkVersion(c)
	}
	if len(problems) > 0 {
		p.fail(c, problems...)
	}
}

// attr resolves one attr. What is wrong with it is noted when it is met first.
func (p *planner) attr(c *candidate, name string) (tree.Value, error) {
	value, _ := c.entry.Attrs.Get(name)
	switch c.attrs[name] {
	case underWay:
		return tree.Value{}, errCircle
	case settled:
		return value, nil
	case failed:
		return tree.Value{}, errors.New("has an error of its own")
	}
	if c.attrs == nil {
		c.attrs = map[string]phase{}
	}
	c.attrs[name] = underWay
	resolved, err := value.Resolve(p.lookup)
	if err != nil {
		c.attrs[name] = failed
		p.fail(c, tree.AsProblem(err, value.Place, c.entry.Path+".attrs."+name))
		return tree.Value{}, err
	}
	if field := c.kind.Fields.Field(name); field != nil {
		resolved = field.Normalize(resolved)
	}
	c.setAttr(name, resolved)
	c.attrs[name] = settled
	return resolved, nil
}

// setAttr replaces an attr, in a copy of the entry.
func (c *candidate) setAttr(name string, value tree.Value) {
	own := *c.entry
	own.Attrs = slices.Clone(own.Attrs)
	for i := range own.Attrs {
		if own.Attrs[i].Name() == name {
			own.Attrs[i].Value = value
		}
	}
	c.entry = &own
}

// dealiasEntry replaces what stands for another object in an entry, in a copy of it.
func (p *planner) dealiasEntry(c *candidate) {
	own := *c.entry
	changed := false
	dealias := func(m tree.Map) tree.Map {
		for i, member := range m {
			value := p.dealias(c, member.Name(), member.Value)
			if value.Data == nil || reflect.DeepEqual(value.Data, member.Value.Data) {
				continue
			}
			m = slices.Clone(m)
			m[i].Value, changed = value, true
		}
		return m
	}
	own.Identifiers, own.Attrs = dealias(own.Identifiers), dealias(own.Attrs)
	if changed {
		c.entry = &own
	}
}

// checkVersion says what the server is too old for.
func (p *planner) checkVersion(c *candidate) tree.Problems {
	var problems tree.Problems
	whole := p.whole.Kind(c.kind.Model)
	for _, member := range c.entry.Attrs {
		field := whole.Fields.Field(member.Name())
		path := c.entry.Path + ".attrs." + member.Name()
		switch {
		case field == nil:
		case !field.Has(p.plan.Version):
			problems = append(problems, tree.Problem{Place: member.Key.Place, Path: path, Message: whole.LackingField(field, p.plan.Version)})
		default:
			problems = append(problems, field.CheckVersion(path, member.Value, p.plan.Version)...)
			problems = append(problems, p.whole.CheckGrants(field, path, member.Value, p.plan.Version)...)
			if wrong := field.CheckVariant(path, member.Value, p.plan.Version); len(wrong) > 0 && !p.hasAlready(c, member) {
				problems = append(problems, wrong...)
			}
		}
	}
	return problems
}

// hasAlready reports whether the live object has a value: the server may hold from before
// what it takes from nobody any more.
func (p *planner) hasAlready(c *candidate, member tree.Pair) bool {
	field := c.kind.Fields.Field(member.Name())
	if c.group == nil || c.group.object == nil || field == nil {
		return false
	}
	live, err := c.kind.ReadAnswer(c.group.object)
	value, has := live.Fields[member.Name()]
	return err == nil && has && field.Same(member.Value.Plain(), value)
}

// dropFormer leaves out, with a warning, what the server's version has dropped; what
// has another name there gets it.
func (p *planner) dropFormer(c *candidate) {
	whole := p.whole.Kind(c.kind.Model)
	gone := func(member tree.Pair) bool {
		field := whole.Fields.Field(member.Name())
		return field != nil && field.Gone(p.plan.Version)
	}
	if !slices.ContainsFunc(c.entry.Attrs, gone) {
		return
	}
	var kept tree.Map
	for _, member := range c.entry.Attrs {
		if !gone(member) {
			kept = append(kept, member)
			continue
		}
		field := whole.Fields.Field(member.Name())
		other := field.TakenFor()
		if _, given := c.entry.Field(other); other != "" && !given {
			kept = append(kept, tree.Member(member.Key.Place, other, member.Value))
			continue
		}
		p.plan.Warnings = append(p.plan.Warnings, tree.Problem{Place: member.Key.Place, Path: c.entry.Path + ".attrs." + member.Name(),
			Message: "is left out: " + whole.LackingField(field, p.plan.Version)})
	}
	own := *c.entry
	own.Attrs = kept
	c.entry = &own
}

// retype makes a value what a field of another type in the server's version stores.
func (p *planner) retype(c *candidate) {
	whole := p.whole.Kind(c.kind.Model)
	for _, member := range c.entry.Attrs {
		if field := whole.Fields.Field(member.Name()); field != nil && field.IsOther(p.plan.Version) {
			c.setAttr(member.Name(), c.kind.Fields.Field(member.Name()).Normalize(member.Value))
		}
	}
}

// lookup answers one reference.
func (p *planner) lookup(ref tree.Reference) (tree.Value, error) {
	value, err := p.answer(ref)
	if err != nil {
		problem := tree.Problem{Place: ref.Place, Message: ref.Tag + ": " + err.Error()}
		if errors.As(err, new(*notFoundError)) {
			return tree.Value{}, errors.Join(problem, err)
		}
		return tree.Value{}, problem
	}
	return tree.Value{Place: ref.Place, Data: value.Data}, nil
}

// lookupIfAny is lookup in a condition, which may ask whether there is an object: null
// where there is none, as authentik has it.
func (p *planner) lookupIfAny(ref tree.Reference) (tree.Value, error) {
	value, err := p.lookup(ref)
	if errors.As(err, new(*notFoundError)) {
		return tree.Value{Place: ref.Place}, nil
	}
	return value, err
}

// lookupGone is lookup in the identifiers of an entry whose object is to be absent:
// what they refer to may go in the same pass.
func (p *planner) lookupGone(ref tree.Reference) (tree.Value, error) {
	value, err := p.lookup(ref)
	if missing := (*notFoundError)(nil); errors.As(err, &missing) && missing.deleted != nil {
		return tree.Value{Place: ref.Place, Data: missing.deleted.id()}, nil
	}
	return value, err
}

// notFoundError is the error of a reference that finds no object.
type notFoundError struct {
	message string
	// deleted is the object, where it is there until this pass deletes it.
	deleted *group
}

func (e *notFoundError) Error() string { return e.message }

func notFound(format string, args ...any) *notFoundError {
	return &notFoundError{message: fmt.Sprintf(format, args...)}
}

func (p *planner) answer(ref tree.Reference) (tree.Value, error) {
	switch ref.Tag {
	case tree.TagKeyOf:
		return p.answerKeyOf(ref)
	case tree.TagContext:
		return p.answerContext(ref.Context)
	}
	kind := p.schema.Kind(ref.Model)
	if kind == nil {
		return tree.Value{}, p.noModel(ref.Model)
	}
	found, err := p.find(kind, ref.Where)
	if err != nil {
		return tree.Value{}, err
	}
	p.noteReferred(kind, found.object, ref.Place)
	if ref.Tag == tree.TagFindObject {
		return p.objectOf(kind, found)
	}
	return tree.Value{Data: found.id(kind)}, nil
}

// noModel says why there is no object of a model.
func (p *planner) noModel(model string) error {
	if kind := p.whole.Kind(model); kind != nil {
		return errors.New(kind.Lacking(model, p.plan.Version))
	}
	return fmt.Errorf("%s can't be looked up", model)
}

// answerContext gives a value of the context that the server has.
func (p *planner) answerContext(name string) (tree.Value, error) {
	value, asked := p.live.Context[name]
	if !asked {
		p.plan.NeedsContext = append(p.plan.NeedsContext, name)
		return tree.Value{}, errAgain
	}
	return tree.FromJSON(value), nil
}

// answerKeyOf gives the primary key of another entry's object.
func (p *planner) answerKeyOf(ref tree.Reference) (tree.Value, error) {
	kind := p.schema.Kind(ref.Target.Model)
	if kind == nil {
		return tree.Value{}, p.noModel(ref.Target.Model)
	}
	if !kind.Managed {
		found, err := p.find(kind, conditions(ref.Target.Identifiers))
		return tree.Value{Data: found.id(kind)}, err
	}
	target := p.targets[ref.Target]
	if target == nil {
		return tree.Value{}, fmt.Errorf("the entry %s does not count, since its conditions are not met", quote(ref.Target.ID))
	}
	p.identify(target)
	switch {
	case target.phase == underWay:
		return tree.Value{}, errCircle
	case target.phase == dropped:
		return tree.Value{}, fmt.Errorf("the entry %s does not count, since its conditions are not met", quote(ref.Target.ID))
	case target.group == nil:
		return tree.Value{}, fmt.Errorf("the entry %s has errors", quote(ref.Target.ID))
	case state(target.entry) == tree.Absent:
		return tree.Value{}, fmt.Errorf("the entry %s deletes its object", quote(ref.Target.ID))
	}
	return tree.Value{Data: target.group.id()}, nil
}

// conditions turns the identifiers of an entry into what an object has to
// have to be the one it means.
func conditions(identifiers tree.Map) []tree.Condition {
	where := make([]tree.Condition, len(identifiers))
	for i, member := range identifiers {
		where[i] = tree.Condition{Place: member.Key.Place, Field: member.Name(), Value: member.Value}
	}
	return where
}

// wants checks and normalizes the conditions of a reference.
func wants(kind *schema.Kind, conditions []tree.Condition) ([]want, error) {
	where := make([]want, len(conditions))
	for i, condition := range conditions {
		name, value := condition.Field, condition.Value
		if value.HasPending() {
			return nil, fmt.Errorf("%s depends on another object, and is not taken here", name)
		}
		if name == schema.PK {
			name = kind.ID
		}
		if !slices.Contains(kind.AnswerNames(), name) {
			return nil, fmt.Errorf("a %s has no field %s: %s", kind.Title, quote(name), schema.Suggest(name, kind.AnswerNames()))
		}
		if field := kind.Fields.Field(name); field != nil {
			value = field.Normalize(value)
		}
		where[i] = wantOf(kind, name, value.Plain())
		if name == kind.ID {
			where[i].value = kind.NormalizeID(where[i].value)
		}
	}
	return where, nil
}
