package tags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// keyOf refers to an entry of this file by its id.
func (e *Evaluator) keyOf(n tree.Value, args tree.List) (tree.Value, error) {
	id := args[0].Data.(string)
	at, known := e.Scope.IDs[id]
	if !known {
		return tree.Value{}, e.Report(n.Place, "no entry of this file has the id %q: %s", id, e.suggestID(id))
	}
	target := e.Scope.Named[at]
	if target.Position >= e.Before {
		return tree.Value{}, e.Report(n.Place, "the entry with the id %q comes at line %d, and authentik needs it before this one: move it up", id, target.Place.Line)
	}
	made, problem := target.Referred()
	if problem == ErrReported {
		return tree.Value{}, ErrReported
	}
	if problem != nil {
		return tree.Value{}, e.Report(n.Place, "!KeyOf %s: %s", id, problem)
	}
	to := tree.Reference{Place: n.Place, Tag: tree.TagKeyOf, Model: made.Model, Target: made}
	return e.refer(&reference{to: to, path: e.Path})
}

func (e *Evaluator) suggestID(id string) string {
	const most = 100 // comparing all with all takes its time
	var known []string
	for _, entry := range e.Scope.Named {
		if entry.Position >= e.Before || len(known) > most {
			break
		}
		known = append(known, entry.ID)
	}
	switch {
	case len(known) == 0:
		return "no entry before this one has an id"
	case len(known) > most:
		return "want the id of an entry before this one"
	}
	return schema.Suggest(id, known)
}

// find asks for the object of a model whose fields are as given.
func (e *Evaluator) find(n tree.Value, args tree.List) (tree.Value, error) {
	return e.openly("a lookup by "+e.tag, func(n tree.Value) (tree.Value, error) { return e.findBy(n, args) }, n)
}

func (e *Evaluator) findBy(n tree.Value, args tree.List) (tree.Value, error) {
	tag := e.tag
	model, err := e.text(args[0], tag+" wants the name of a model first")
	if err != nil {
		return tree.Value{}, err
	}
	if complaint := CannotFind(e.Scope.Schema, model); complaint != "" {
		return tree.Value{}, e.Report(args[0].Place, "%s", complaint)
	}
	kind := e.Scope.Schema.Kind(model)
	if len(args) == 1 {
		return tree.Value{}, e.Report(n.Place, "%s would take any %s: want at least one [field, value]", tag, kind.Title)
	}
	to := tree.Reference{Place: n.Place, Tag: tag, Model: kind.Model}
	var failed firstError
	for _, arg := range args[1:] {
		condition, err := e.findCondition(tag, kind, arg)
		failed.add(err)
		to.Where = append(to.Where, condition)
	}
	if failed.err != nil {
		return tree.Value{}, failed.err
	}
	return e.refer(&reference{to: to, kind: kind, path: e.Path})
}

func (e *Evaluator) findCondition(tag string, kind *schema.Kind, arg tree.Value) (tree.Condition, error) {
	parts, isList := arg.Data.(tree.List)
	if !isList || len(parts) != 2 {
		return tree.Condition{}, e.Report(arg.Place, "%s wants [field, value] after the model", tag)
	}
	field, err := e.text(parts[0], tag+" wants the name of a field")
	if err != nil {
		return tree.Condition{}, err
	}
	value, err := e.need(parts[1])
	if err != nil {
		return tree.Condition{}, err
	}
	if err := e.complete(value, tag); err != nil {
		return tree.Condition{}, err
	}
	condition := tree.Condition{Place: arg.Place, Field: field, Value: withoutObjects(value)}
	if known := kind.Fields.Field(field); known != nil {
		condition.Value = known.Normalize(condition.Value)
		if problems := known.Check(e.Path, condition.Value); len(problems) > 0 {
			return tree.Condition{}, e.Report(parts[1].Place, "%s: %s", field, problems[0].Message)
		}
		return condition, nil
	}
	names := kind.Fields.Names()
	if kind.ID != schema.PK {
		names = append(names, schema.PK)
	}
	for _, readOnly := range kind.ReadOnly {
		if readOnly.Name == field || field == schema.PK {
			return condition, nil
		}
		if !slices.Contains(names, readOnly.Name) { // some versions only answer what others take
			names = append(names, readOnly.Name)
		}
	}
	reason := ""
	if base, _, isLookup := strings.Cut(field, "__"); isLookup && kind.Fields.Field(base) != nil {
		reason = fmt.Sprintf(" (aksync knows no lookups such as %s)", field[len(base):])
	}
	return tree.Condition{}, e.Report(parts[0].Place, "a %s can't be found by %q%s: %s", kind.Title, field, reason, schema.Suggest(field, names))
}

// text gives a value that has to be text.
func (e *Evaluator) text(n tree.Value, want string) (string, error) {
	evaluated, err := e.need(n)
	if err != nil {
		return "", err
	}
	text, isText := evaluated.Data.(string)
	if !isText {
		return "", e.Report(n.Place, "%s, as text: it got %s", want, tree.TypeName(evaluated.Data))
	}
	return text, nil
}

// literal gives text that may not be a tag, since authentik would not
// evaluate it.
func (e *Evaluator) literal(n tree.Value, want string) (string, error) {
	text, isText := n.Data.(string)
	if !isText {
		return "", e.Report(n.Place, "%s, as text: it got %s", want, tree.TypeName(n.Data))
	}
	return text, nil
}
