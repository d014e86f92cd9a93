package sync

import (
	"cmp"
	"context"
	"maps"
	"slices"
	gosync "sync"

	"github.com/aksync/aksync/schema"
)

// Named is an object that a change refers to, as people call it.
type Named struct {
	// Model is that of the object, and Title what people call its kind.
	Model, Title string
	Name         string
	PK           string
}

// Pointer is what a field holds that refers to an object: its key, and the model that
// the field refers to, which may be a base.
type Pointer struct{ Model, Key string }

func (p Pointer) compare(other Pointer) int {
	return cmp.Or(cmp.Compare(p.Model, other.Model), cmp.Compare(p.Key, other.Key))
}

// named says what people call the live objects that changes refer to, as far as that is
// known without asking for them, and notes of which it is not.
func (p *planner) named() map[Pointer]Named {
	in := &naming{planner: p, models: slices.Sorted(maps.Keys(p.tables))}
	names := map[Pointer]Named{}
	for _, change := range p.plan.Changes {
		if change.Action == NoOp || change.Permits != nil {
			continue
		}
		pointers := change.pointers(p.schema.Kind(change.Model))
		for _, pointer := range slices.SortedFunc(maps.Keys(pointers), Pointer.compare) {
			if _, has := names[pointer]; has {
				continue
			}
			if named, known := in.find(pointer); known {
				names[pointer] = named
			} else {
				p.plan.nameless = append(p.plan.nameless, pointer)
			}
		}
	}
	return names
}

// pointers are what the change's object referred to and will refer to, as far as the
// keys are known.
func (c *Change) pointers(kind *schema.Kind) map[Pointer]bool {
	pointers := map[Pointer]bool{}
	note := func(model string, value any) {
		for _, element := range elements(value) {
			if key := schema.IDText(element); key != "" {
				pointers[Pointer{model, key}] = true
			}
		}
	}
	for _, field := range kind.Fields.Fields {
		if field.Refers == "" {
			continue
		}
		note(field.Refers, c.Live[field.Name])
		note(field.Refers, c.Declared[field.Name])
	}
	for _, field := range c.Fields {
		if field.Refers != "" {
			note(field.Refers, field.Before)
			note(field.Refers, field.After)
		}
	}
	return pointers
}

// naming looks for names among what the plan was made from.
type naming struct {
	*planner
	models []string
}

func (n *naming) find(to Pointer) (Named, bool) {
	if g := n.groups[liveIdentity(to.Model, to.Key)]; g != nil && g.object != nil {
		id, _ := g.kind.IDOf(g.object)
		return Named{g.kind.Model, g.kind.Title, n.nameOf(g), schema.IDText(id)}, true
	}
	for _, model := range n.models {
		t := n.tables[model]
		if !t.kind.Is(to.Model) {
			continue
		}
		if object := t.byID[to.Key]; object != nil {
			return n.of(t.kind, object), true
		}
	}
	return Named{}, false
}

// of is what people call a live object. One that is listed by its base is called by
// its own kind.
func (n *naming) of(kind *schema.Kind, object schema.Object) Named {
	id, _ := kind.IDOf(object)
	key := schema.IDText(id)
	if g := n.groups[liveIdentity(kind.Model, key)]; g != nil && g.object != nil {
		return Named{kind.Model, kind.Title, n.nameOf(g), key}
	}
	name := n.liveLabel(kind, object)
	if special := n.schema.Kind(schema.SpecialOf(object)); special != nil && special.Is(kind.Model) {
		kind = special
	}
	return Named{kind.Model, kind.Title, name, key}
}

// mostNames is how many objects are asked for by one pass for their names alone.
const mostNames = 50

// fetchNames asks for what changes of a plan refer to and has no name yet, of the kinds of
// which only some objects were asked for. It reports whether any could be had: a plan
// that is made again calls them by their names. What can't be had is no error.
func (l *Live) fetchNames(ctx context.Context, s *schema.Schema, api Reader, plan *Plan) bool {
	asked, had := 0, false
	for _, model := range slices.Sorted(maps.Keys(l.Kinds)) {
		kind, listing := s.At(l.Version).Kind(model), l.Kinds[model]
		// The list of a base has the name of what is found among its objects.
		if !listing.some() || kind == nil || kind.Lookup != kind.ID || kind.Among != "" {
			continue
		}
		var questions []Question
		for _, pointer := range plan.nameless {
			q := Question{kind.ID, pointer.Key}
			if asked < mostNames && kind.Is(pointer.Model) && !listing.answered[q] && !slices.Contains(questions, q) {
				questions = append(questions, q)
				asked++
			}
		}
		answered, answers := askEach(ctx, api, kind, questions)
		if len(answered) > 0 {
			l.Kinds[model], had = listing.with(kind, answered, answers), true
		}
	}
	return had
}

// askEach returns those of the questions that were answered, with their answers.
func askEach(ctx context.Context, api Reader, kind *schema.Kind, questions []Question) (answered []Question, answers [][]schema.Object) {
	all := make([][]schema.Object, len(questions))
	errs := make([]error, len(questions))
	var group gosync.WaitGroup
	for i, q := range questions {
		group.Go(func() { all[i], errs[i] = q.ask(ctx, api, kind, "") })
	}
	group.Wait()
	for i, q := range questions {
		if errs[i] == nil {
			answered, answers = append(answered, q), append(answers, all[i])
		}
	}
	return answered, answers
}
