package blueprint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// entry is one entry of a blueprint while it is read.
type entry struct {
	place    tree.Place
	path     string
	position int
	id       string
	fields   tree.Map

	model   string // empty until it is read, and where it can't be
	skipped bool   // its conditions are false
	failed  bool   // it has problems
	made    *tree.Entry
	// malformed tells that identifiers or attrs are no mapping at all.
	malformed bool
	// latent are the problems of an entry that is not managed.
	latent tree.Problems
}

// readModel evaluates the model, which has to be known offline: it decides
// whether aksync has to do with the entry.
func (e *entry) readModel(ev *tags.Evaluator) {
	model, given := e.fields.Get("model")
	if !given {
		return
	}
	evaluated, err := ev.At(schema.Join(e.path, "model"), model)
	ev.Path = schema.Join(e.path, "model")
	if err != nil {
		return
	}
	if _, pending := evaluated.Data.(tree.Pending); pending {
		ev.Report(model.Place, "the model depends on a live object: want one that is known beforehand")
		return
	}
	if problems := ev.Scope.Schema.Entry.Field("model").Check(ev.Path, evaluated); len(problems) > 0 {
		if _, isCall := model.Data.(*tree.Call); isCall { // of any other the shape has complained
			ev.Problems = append(ev.Problems, problems...)
		}
		return
	}
	name, _ := evaluated.Data.(string)
	if complaint := ev.Scope.Schema.CheckModel(name); complaint != "" {
		ev.Report(model.Place, "%s", complaint)
	}
	name = strings.ToLower(name)
	if complaint := withoutEntries(ev.Scope.Schema, name); complaint != "" {
		ev.Report(model.Place, "%s", complaint)
	} else if ev.Scope.Schema.HasModel(name) {
		e.model = name
	}
}

// withoutEntries says why a model that aksync looks up can have no entries, such as
// the base of others; or nothing.
func withoutEntries(s *schema.Schema, model string) string {
	switch kind := s.Kind(model); {
	case kind == nil || kind.Managed:
		return ""
	case len(kind.Members) > 0:
		return fmt.Sprintf("authentik takes no entries of %s: want the model that is meant, such as %s", model, tags.Specials(kind))
	case kind.Why == "":
		return fmt.Sprintf("authentik takes no entries of %s, which can only be looked up", model)
	default:
		return ""
	}
}

// evaluate makes the schema's entry. A value that has problems is Broken in it,
// and the attrs of one that is absent count for nothing.
func (e *entry) evaluate(ev *tags.Evaluator, kind *schema.Kind) {
	if !e.evaluateIdentity(ev, kind) {
		return
	}
	if e.made.State.Data != string(tree.Absent) {
		e.made.Attrs = e.evaluateMap(ev, kind, "attrs")
		e.evaluatePermissions(ev)
	}
}

// evaluateIdentity makes the schema's entry with what finds its object, and reports
// whether it may count.
func (e *entry) evaluateIdentity(ev *tags.Evaluator, kind *schema.Kind) bool {
	e.made = &tree.Entry{Place: e.place, Path: e.path, ID: e.id, Model: e.model}
	if e.skipped = !e.evaluateConditions(ev); e.skipped {
		return false
	}
	e.made.State = e.evaluateState(ev)
	e.made.Identifiers = e.evaluateMap(ev, kind, "identifiers")
	return true
}

// evaluatePermissions evaluates those that have the form of one: anything else is
// complained of already.
func (e *entry) evaluatePermissions(ev *tags.Evaluator) {
	permissions, _ := e.fields.Get("permissions")
	elements, _ := permissions.Data.(tree.List)
	for i, element := range elements {
		pairs, isDict := element.Data.(tree.Map)
		if !isDict {
			continue
		}
		path := schema.Index(schema.Join(e.path, "permissions"), i)
		e.made.Permissions = append(e.made.Permissions, tree.Permission{Place: element.Place, Path: path, Fields: e.evaluatePairs(ev, path, pairs, nil)})
	}
}

// evaluateConditions tells whether the entry may count: none of its conditions
// is false for certain.
func (e *entry) evaluateConditions(ev *tags.Evaluator) bool {
	conditions, _ := e.fields.Get("conditions")
	elements, _ := conditions.Data.(tree.List)
	holds := true
	for i, element := range elements {
		evaluated, err := ev.At(schema.Index(schema.Join(e.path, "conditions"), i), element)
		switch {
		case err != nil:
		case evaluated.HasPending():
			e.made.Conditions = append(e.made.Conditions, evaluated)
		case !evaluated.Truthy():
			holds = false
		}
	}
	return holds
}

func (e *entry) evaluateState(ev *tags.Evaluator) tree.Value {
	state, given := e.fields.Get("state")
	if !given {
		return tree.Value{Place: e.place, Data: string(tree.Present)}
	}
	evaluated, err := ev.At(schema.Join(e.path, "state"), state)
	_, wasCall := state.Data.(*tree.Call)
	if err != nil || !wasCall && !isState(ev.Scope.Schema, evaluated) {
		// The problem is known; the entry is not to be checked as if it
		// had the state.
		return tree.Value{Place: state.Place, Data: string(tree.Present)}
	}
	return evaluated
}

func isState(s *schema.Schema, state tree.Value) bool {
	return len(s.Entry.Field("state").Check("", state)) == 0
}

func (e *entry) evaluateMap(ev *tags.Evaluator, kind *schema.Kind, field string) tree.Map {
	written, _ := e.fields.Get(field)
	pairs, isDict := written.Data.(tree.Map)
	path := schema.Join(e.path, field)
	if isDict && len(pairs) > mostMembers {
		ev.Path = path
		ev.Report(written.Place, "%s", tooManyMembers(pairs))
		isDict, pairs = false, nil
	}
	e.malformed = e.malformed || !isDict && written.Data != nil
	return e.evaluatePairs(ev, path, pairs, kind)
}

// evaluatePairs evaluates the values of a mapping, of fields of a kind or of none. Those
// that have problems are Broken.
func (e *entry) evaluatePairs(ev *tags.Evaluator, path string, pairs tree.Map, kind *schema.Kind) tree.Map {
	var made tree.Map
	for _, p := range pairs {
		evaluated, err := ev.AtField(schema.Join(path, tree.PathKey(p.Key.Data)), p.Name(), fieldOf(kind, p.Name()), p.Value)
		if err != nil {
			evaluated = tree.Value{Place: p.Value.Place, Data: tree.Broken{}}
		}
		made = append(made, tree.Member(p.Key.Place, p.Name(), evaluated))
	}
	return made
}

// fieldOf gives the field of that name of a kind, or nil.
func fieldOf(kind *schema.Kind, name string) *schema.Field {
	if kind == nil {
		return nil
	}
	return kind.Fields.Field(name)
}

// referred gives the entry as what !KeyOf refers to, or says why it can't be.
func (e *entry) referred(s *schema.Schema) (*tree.Entry, error) {
	switch {
	case e.model == "" || e.failed:
		return nil, tags.ErrReported
	case tags.CannotFind(s, e.model) != "":
		return nil, errors.New(tags.CannotFind(s, e.model))
	case e.made == nil: // the file is switched off
		return nil, tags.ErrReported
	case len(e.latent) > 0:
		return nil, e.latent[0]
	case e.skipped:
		return nil, fmt.Errorf("the conditions of that entry at line %d are false, so it counts for nothing", e.place.Line)
	case e.made.State.Data == string(tree.Absent):
		return nil, fmt.Errorf("that entry at line %d is absent: its object is deleted", e.place.Line)
	}
	return e.made, nil
}

// prepare reads no more of an entry that is not managed than what finds its
// object. What is wrong with that is a problem only where the entry is
// referred to.
func (e *entry) prepare(ev *tags.Evaluator, kind *schema.Kind) {
	if !e.evaluateIdentity(ev, kind) {
		return
	}
	*e.made = kind.Normalize(*e.made)
	e.latent = ev.Problems
}
