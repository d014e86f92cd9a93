package tags

import (
	"errors"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// reference is Pending data that is one reference and nothing around it.
type reference struct {
	to   tree.Reference
	kind *schema.Kind // of the object; nil for !KeyOf
}

func (r *reference) References() []tree.Reference { return []tree.Reference{r.to} }
func (r *reference) Whole() tree.Reference        { return r.to }

func (r *reference) Resolve(lookup tree.Lookup) (tree.Value, error) {
	value, err := lookup(r.to)
	if err != nil {
		return tree.Value{}, placed(err, r.to.Place)
	}
	if id, isID := value.Data.(tree.ID); isID && !id.IsUUID() && id.Known != nil {
		value.Data = id.Known // a number or a word of Python's
	}
	if object, isMap := value.Data.(tree.Map); isMap && r.to.Tag == tree.TagFindObject {
		value.Data = r.object(object)
	}
	if value.Place == (tree.Place{}) {
		value.Place = r.to.Place
	}
	return value, nil
}

// object is an answer as authentik's tags have it: what its fields refer to are keys
// of Python's, and it can't be printed as a whole.
func (r *reference) object(fields tree.Map) tree.Object {
	object := make(tree.Object, len(fields))
	for i, p := range fields {
		field := r.kind.Fields.Field(p.Name())
		if id := (tree.ID{Known: p.Value.Data}); field != nil && field.Refers != "" && id.IsUUID() {
			p.Value.Data = id
		}
		object[i] = p
	}
	return object
}

// placed gives an error a place that has none yet, and keeps what it is.
func placed(err error, place tree.Place) error {
	var problem tree.Problem
	if errors.As(err, &problem) {
		return err
	}
	return placedError{tree.Problem{Place: place, Message: err.Error()}, err}
}

// placedError is both a Problem and the error that it comes from.
type placedError struct {
	problem tree.Problem
	cause   error
}

func (p placedError) Error() string   { return p.problem.Error() }
func (p placedError) Unwrap() []error { return []error{p.problem, p.cause} }

// expression is Pending data: a tag that depends on what a reference finds. It
// is evaluated again when lookups can be answered.
type expression struct {
	node       tree.Value
	enumerated bool // it is an !Enumerate whose items its own body can see
	frames     []*frame
	references []tree.Reference
	scope      *Scope
	before     int
	path       string
}

func (x *expression) References() []tree.Reference { return x.references }

func (x *expression) Resolve(lookup tree.Lookup) (tree.Value, error) {
	e := &Evaluator{Scope: x.scope, lookup: lookup, Before: x.before, Path: x.path, Steps: new(int), frames: copyFrames(x.frames)}
	evaluate := e.shallow
	if x.enumerated {
		evaluate = e.deep
	}
	evaluated, err := evaluate(x.node)
	if errors.Is(err, ErrReported) && len(e.Problems) > 0 {
		return tree.Value{}, e.Problems[0]
	}
	if err != nil {
		return tree.Value{}, err
	}
	resolved, err := evaluated.Resolve(lookup)
	if err != nil {
		return tree.Value{}, err
	}
	if err := e.complete(resolved, e.tag); err != nil && len(e.Problems) > 0 {
		return tree.Value{}, e.Problems[0]
	}
	return resolved, nil
}

// copyFrames lets an expression be resolved more than once, and by more than
// one goroutine.
func copyFrames(frames []*frame) []*frame {
	copies := make([]*frame, len(frames))
	for i, f := range frames {
		copied := *f
		copies[i] = &copied
	}
	return copies
}
