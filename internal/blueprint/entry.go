package blueprint

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/schema"
)

// entry is one entry of a blueprint while it is read.
type entry struct {
	place    schema.Place
	path     string
	position int
	id       string
	fields   dict

	model   string // empty until it is read, and where it can't be
	skipped bool   // its conditions are false
	failed  bool   // it has problems
	made    *schema.Entry
	// unread holds the members of identifiers and attrs that could not be
	// read; malformed tells that one of the two is no mapping at all.
	unread    map[string]schema.Map
	malformed bool
	// latent are the problems of an entry that is not managed.
	latent schema.Problems
}

// readModel evaluates the model, which has to be known offline: it decides
// whether aksync has to do with the entry.
func (e *entry) readModel(ev *evaluator) {
	model, given := e.fields.get("model")
	if !given {
		return
	}
	evaluated, err := ev.at(schema.Join(e.path, "model"), model)
	ev.path = schema.Join(e.path, "model")
	if err != nil {
		return
	}
	if _, pending := evaluated.data.(schema.Pending); pending {
		ev.report(model.place, "the model depends on a live object: want one that is known beforehand")
		return
	}
	name, isText := evaluated.data.(string)
	if _, isCall := model.data.(*call); isCall {
		problems := ev.scope.schema.Entry.Field("model").Check(ev.path, evaluated.value())
		ev.problems = append(ev.problems, problems...)
		isText = isText && len(problems) == 0
	}
	if isText {
		e.model = strings.ToLower(name)
	}
}

// evaluate makes the schema's entry. Values that have problems are left out.
func (e *entry) evaluate(ev *evaluator) {
	e.made = &schema.Entry{Place: e.place, Path: e.path, ID: e.id, Model: e.model}
	e.unread = map[string]schema.Map{}
	if !e.evaluateConditions(ev) {
		e.skipped = true
		return
	}
	e.made.State = e.evaluateState(ev)
	e.made.Identifiers = e.evaluateMap(ev, "identifiers")
	e.made.Attrs = e.evaluateMap(ev, "attrs")
	permissions, _ := e.fields.get("permissions")
	elements, _ := permissions.data.(list)
	e.made.Permissions = len(elements)
}

// evaluateConditions tells whether the entry may count: none of its conditions
// is false for certain.
func (e *entry) evaluateConditions(ev *evaluator) bool {
	conditions, _ := e.fields.get("conditions")
	elements, _ := conditions.data.(list)
	holds := true
	for i, element := range elements {
		evaluated, err := ev.at(schema.Index(schema.Join(e.path, "conditions"), i), element)
		switch {
		case err != nil:
		case evaluated.value().HasPending():
			e.made.Conditions = append(e.made.Conditions, evaluated.value())
		case !truthy(evaluated.data):
			holds = false
		}
	}
	return holds
}

func (e *entry) evaluateState(ev *evaluator) schema.Value {
	state, given := e.fields.get("state")
	if !given {
		return schema.Value{Place: e.place, Data: string(schema.Present)}
	}
	evaluated, err := ev.at(schema.Join(e.path, "state"), state)
	_, wasCall := state.data.(*call)
	if err != nil || !wasCall && !isState(ev.scope.schema, evaluated) {
		// The problem is known; the entry is not to be checked as if it
		// had the state.
		return schema.Value{Place: state.place, Data: string(schema.Present)}
	}
	return evaluated.value()
}

func isState(s *schema.Schema, state node) bool {
	return len(s.Entry.Field("state").Check("", state.value())) == 0
}

func (e *entry) evaluateMap(ev *evaluator, field string) schema.Map {
	written, _ := e.fields.get(field)
	pairs, isDict := written.data.(dict)
	e.malformed = e.malformed || !isDict && written.data != nil
	var made schema.Map
	for _, p := range pairs {
		member := schema.Member{Place: p.key.place, Key: keyText(p.key.data)}
		evaluated, err := ev.at(schema.Join(schema.Join(e.path, field), pathKey(p.key.data)), p.value)
		if err != nil {
			member.Value = schema.Value{Place: p.value.place, Data: unread{}}
			e.unread[field] = append(e.unread[field], member)
			continue
		}
		member.Value = evaluated.value()
		made = append(made, member)
	}
	return made
}

// referred gives the entry as what !KeyOf refers to, or says why it can't be.
func (e *entry) referred(s *scope) (*schema.Entry, error) {
	kind := s.schema.Kind(e.model)
	switch {
	case e.model == "" || e.failed:
		return nil, errReported
	case kind == nil:
		return nil, fmt.Errorf("aksync can't look up %s: %s", e.model, schema.Suggest(e.model, modelNames(s.schema.Kinds())))
	case len(e.latent) > 0:
		return nil, e.latent[0]
	case e.skipped:
		return nil, fmt.Errorf("the conditions of that entry at line %d are false, so it counts for nothing", e.place.Line)
	case e.made.State.Data == string(schema.Absent):
		return nil, fmt.Errorf("that entry at line %d is absent: its object is deleted", e.place.Line)
	}
	return e.made, nil
}

// prepare reads no more of an entry that is not managed than what finds its
// object. What is wrong with that is a problem only where the entry is
// referred to.
func (e *entry) prepare(ev *evaluator, kind *schema.Kind) {
	e.made = &schema.Entry{Place: e.place, Path: e.path, ID: e.id, Model: e.model}
	e.unread = map[string]schema.Map{}
	if !e.evaluateConditions(ev) {
		e.skipped = true
		return
	}
	e.made.State = e.evaluateState(ev)
	e.made.Identifiers = e.evaluateMap(ev, "identifiers")
	*e.made = kind.Normalize(*e.made)
	e.latent = ev.problems
}
