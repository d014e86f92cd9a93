package blueprint

import (
	"errors"

	"github.com/aksync/aksync/schema"
)

// reference is Pending data that is one reference and nothing around it.
type reference struct{ to schema.Reference }

func (r *reference) References() []schema.Reference { return []schema.Reference{r.to} }
func (r *reference) Whole() schema.Reference        { return r.to }

func (r *reference) Resolve(lookup schema.Lookup) (schema.Value, error) {
	value, err := lookup(r.to)
	if err != nil {
		return schema.Value{}, placed(err, r.to.Place)
	}
	if value.Place == (schema.Place{}) {
		value.Place = r.to.Place
	}
	return value, nil
}

// placed gives an error a place that has none yet, and keeps what it is.
func placed(err error, place schema.Place) error {
	var problem schema.Problem
	if errors.As(err, &problem) {
		return err
	}
	return placedError{schema.Problem{Place: place, Message: err.Error()}, err}
}

// placedError is both a Problem and the error that it comes from.
type placedError struct {
	problem schema.Problem
	cause   error
}

func (p placedError) Error() string   { return p.problem.Error() }
func (p placedError) Unwrap() []error { return []error{p.problem, p.cause} }

// expression is Pending data: a tag that depends on what a reference finds. It
// is evaluated again when lookups can be answered.
type expression struct {
	node       node
	enumerated bool // it is an !Enumerate whose items its own body can see
	frames     []*frame
	references []schema.Reference
	scope      *scope
	before     int
	path       string
}

func (x *expression) References() []schema.Reference { return x.references }

func (x *expression) Resolve(lookup schema.Lookup) (schema.Value, error) {
	e := &evaluator{scope: x.scope, lookup: lookup, before: x.before, path: x.path, steps: new(int), frames: copyFrames(x.frames)}
	evaluate := e.shallow
	if x.enumerated {
		evaluate = e.deep
	}
	evaluated, err := evaluate(x.node)
	if errors.Is(err, errReported) && len(e.problems) > 0 {
		return schema.Value{}, e.problems[0]
	}
	if err != nil {
		return schema.Value{}, err
	}
	return evaluated.value().Resolve(lookup)
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
