package tags

import (
	"errors"
	"sync/atomic"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// reference is Pending data that is one reference and nothing around it.
type reference struct {
	to   tree.Reference
	kind *schema.Kind // of the object; nil for !KeyOf and !Context
	path string
}

func (r *reference) References() []tree.Reference { return []tree.Reference{r.to} }
func (r *reference) Whole() tree.Reference        { return r.to }

func (r *reference) Resolve(lookup tree.Lookup) (tree.Value, error) {
	e := &Evaluator{lookup: lookup, Path: r.path, Steps: new(int)}
	return e.final(e.ask(r))
}

// serverValue is Pending data that is a value of the server's context: no object,
// and so no tree.WholeReference.
type serverValue struct{ asked *reference }

func (s serverValue) References() []tree.Reference { return s.asked.References() }

func (s serverValue) Resolve(lookup tree.Lookup) (tree.Value, error) { return s.asked.Resolve(lookup) }

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
	target     target
	resolved   atomic.Int64 // how often
}

func (x *expression) References() []tree.Reference { return x.references }

// Resolve evaluates the tag from the beginning, and leaves nothing pending.
func (x *expression) Resolve(lookup tree.Lookup) (tree.Value, error) {
	spent := bounds.MostSteps - x.scope.pool.draw(int(x.resolved.Add(1)))
	steps := spent
	defer func() { x.scope.pool.spend(steps - spent) }()
	return x.evaluate(lookup, &steps)
}

// mostPeeked is how many steps a look may take: far more than what anybody reads.
const mostPeeked = 20_000

// Peek is Resolve, but for what the file's expressions may take together: how often
// somebody looks is nothing that they may fail for.
func (x *expression) Peek(lookup tree.Lookup) (tree.Value, error) {
	steps := bounds.MostSteps - mostPeeked
	return x.evaluate(lookup, &steps)
}

// evaluate evaluates the tag with the steps that were taken.
func (x *expression) evaluate(lookup tree.Lookup, steps *int) (tree.Value, error) {
	e := &Evaluator{Scope: x.scope, lookup: lookup, Before: x.before, Path: x.path, target: x.target, Steps: steps, frames: copyFrames(x.frames)}
	evaluate := e.shallow
	if x.enumerated {
		evaluate = e.deep
	}
	value, err := evaluate(x.node)
	if err == nil {
		tag, _ := x.node.Data.(*tree.Call)
		err = e.complete(value, tag.Tag)
	}
	return e.final(value, err)
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
