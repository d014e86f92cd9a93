package tags

import (
	"errors"
	"fmt"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Scope is what the tags of one file can see.
type Scope struct {
	Schema   *schema.Schema
	Language Language
	Looks    *Looks
	Context  tree.Map
	// Named are the entries with an id, in the order they stand in.
	Named []Named
	IDs   map[string]int // where in Named

	pool pool
}

// Named is an entry that !KeyOf can refer to.
type Named struct {
	ID       string
	Place    tree.Place
	Position int // among the entries of the file
	// Referred gives the entry, or says why it can't be referred to; ErrReported
	// where that is known.
	Referred func() (*tree.Entry, error)
}

// Evaluator evaluates tags. It follows authentik's own evaluation step by
// step, since which tags are evaluated and which are not depends on it: a tag
// evaluates the tags that are its arguments, but not those within a list or a
// mapping that is an argument.
type Evaluator struct {
	Scope  *Scope
	lookup tree.Lookup // nil offline
	// Before is the position of the entry that is evaluated: !KeyOf finds
	// the entries before it.
	Before int
	Path   string
	// frames are the !Enumerate tags around what is evaluated.
	frames []*frame
	// tag is the tag that is evaluated, and own its frame, where it is an
	// !Enumerate.
	tag string
	own *frame
	// contexts are the context's keys that are being evaluated.
	contexts []string
	tags     int // how many tags are around what is evaluated
	Steps    *int
	// Warn is told of what is hardly meant and does no harm, and Written of secrets
	// that are written out in the blueprint; both may be nil.
	Warn, Written func(tree.Problem)
	target        target // what is evaluated is for
	leaf          leaf
	inputs        int // how often something outside of the blueprint was asked for

	pending  int // how many pending values were made
	Problems tree.Problems
}

// frame is one !Enumerate with the item it is at.
type frame struct {
	key, value tree.Value
	at         bool
}

// ErrReported is the error of a value whose problem is among the evaluator's.
var ErrReported = errors.New("it has a problem that was reported")

// pendingError is the error of a tag that has to know what a reference finds.
type pendingError struct{ references []tree.Reference }

func (pendingError) Error() string { return "it depends on a live object" }

func (e *Evaluator) Report(place tree.Place, format string, args ...any) error {
	if len(e.Problems) < bounds.MostFound {
		e.Problems = append(e.Problems, tree.Problem{Place: place, Path: e.Path, Message: fmt.Sprintf(format, args...)})
	}
	return ErrReported
}

// spend counts work and ends the evaluation where there was too much.
func (e *Evaluator) spend(place tree.Place, steps int) error {
	if *e.Steps > bounds.MostSteps {
		return ErrReported
	}
	if *e.Steps += steps; *e.Steps > bounds.MostSteps {
		return e.Report(place, "%s", bounds.GrowsWithoutEnd())
	}
	return nil
}

// At evaluates with the path of a part of the value.
func (e *Evaluator) At(path string, n tree.Value) (tree.Value, error) {
	outer := e.Path
	e.Path = path
	defer func() { e.Path = outer }()
	return e.deep(n)
}

// deep evaluates a value and all that is in it. Of several problems in a list
// or a mapping each is reported.
func (e *Evaluator) deep(n tree.Value) (tree.Value, error) {
	if err := e.spend(n.Place, 1+bounds.Weight(n.Data)); err != nil {
		return tree.Value{}, err
	}
	var evaluated tree.Value
	var err error
	before := e.inputs
	switch data := n.Data.(type) {
	case tree.List:
		return e.deepList(n.Place, data)
	case tree.Map:
		return e.deepDict(n.Place, data)
	case *tree.Call:
		evaluated, err = e.deepCall(n, data)
	default:
		evaluated, err = e.shallow(n)
	}
	if err == nil && e.tags == 0 && e.target.hidden && e.inputs == before {
		e.tellWritten(evaluated, e.leaf)
	}
	return evaluated, err
}

func (e *Evaluator) deepList(place tree.Place, elements tree.List) (tree.Value, error) {
	evaluated := make(tree.List, len(elements))
	var failed firstError
	for i, element := range elements {
		path := e.Path
		if e.tags == 0 {
			path = schema.Index(path, i)
		}
		var err error
		evaluated[i], err = e.At(path, element)
		failed.add(err)
	}
	return tree.Value{Place: place, Data: evaluated}, failed.err
}

func (e *Evaluator) deepDict(place tree.Place, pairs tree.Map) (tree.Value, error) {
	if e.tags > 0 { // a pair takes twice the memory of a value, and within tags it is made anew
		if err := e.spend(place, len(pairs)); err != nil {
			return tree.Value{}, err
		}
	}
	evaluated := make(tree.Map, len(pairs))
	var failed firstError
	outer := e.leaf
	defer func() { e.leaf = outer }()
	for i, p := range pairs {
		path := e.Path
		if e.target.hidden {
			e.leaf = outer.within(p)
		}
		if e.tags == 0 {
			path = schema.Join(path, tree.PathKey(p.Key.Data))
		}
		value, err := e.At(path, p.Value)
		failed.add(err)
		evaluated[i] = tree.Pair{Key: p.Key, Value: value}
	}
	return tree.Value{Place: place, Data: evaluated}, failed.err
}

func (e *Evaluator) deepCall(n tree.Value, c *tree.Call) (tree.Value, error) {
	own := &frame{}
	before := len(e.frames)
	if c.Tag == tagEnumerate {
		e.frames = append(e.frames, own)
	}
	evaluated, err := e.resolve(n, c, own, before)
	e.frames = e.frames[:before]
	if err != nil {
		return tree.Value{}, err
	}
	return evaluated, e.complete(evaluated, c.Tag)
}

// firstError keeps the error that says most: a problem counts more than a
// value that is not known yet.
type firstError struct{ err error }

func (f *firstError) add(err error) {
	var pending pendingError
	if f.err == nil || err != nil && errors.As(f.err, &pending) {
		f.err = err
	}
}

// shallow evaluates a value that is a tag, and leaves any other as it is.
func (e *Evaluator) shallow(n tree.Value) (tree.Value, error) {
	switch data := n.Data.(type) {
	case *tree.Call:
		return e.resolve(n, data, &frame{}, len(e.frames))
	case tree.Broken:
		return tree.Value{}, ErrReported
	case tree.Unusable:
		return tree.Value{}, e.Report(n.Place, "is %s", data.Why)
	case string:
		e.warnQuoted(n.Place, data)
		return n, nil
	default:
		return n, nil
	}
}

// need is shallow for a value that has to be known to go on, with all that is in
// it: authentik evaluates all of it, whatever becomes of it then.
func (e *Evaluator) need(n tree.Value) (tree.Value, error) {
	before := e.pending
	evaluated, err := e.shallow(n)
	if err != nil || e.pending == before {
		return evaluated, err
	}
	return evaluated, known(evaluated)
}

// known is an error where anything in an evaluated value is pending, which nothing
// is where lookups are answered.
func known(n tree.Value) error {
	if n.HasPending() {
		return pendingError{n.References()}
	}
	return nil
}

// complete makes sure that authentik evaluated all of a value that a tag gave.
func (e *Evaluator) complete(n tree.Value, tag string) error {
	if err := e.spend(n.Place, 1+bounds.Weight(n.Data)); err != nil {
		return err
	}
	switch data := n.Data.(type) {
	case tree.List:
		for _, element := range data {
			if err := e.complete(element, tag); err != nil {
				return err
			}
		}
	case tree.Map:
		for _, p := range data {
			if err := e.complete(p.Value, tag); err != nil {
				return err
			}
		}
	case tree.Object:
		return e.complete(tree.Value{Place: n.Place, Data: tree.Map(data)}, tag)
	case *tree.Call:
		return e.Report(n.Place, "authentik does not evaluate %s here: it takes what %s gives as it stands", data.Tag, tag)
	case tree.Broken:
		return ErrReported
	case tree.Unusable:
		return e.Report(n.Place, "is %s", data.Why)
	}
	return nil
}

// resolve evaluates one tag. Offline, one that depends on a live object is pending
// as a whole, and remembers the !Enumerate items that it stands in; outer is how
// many frames are around it. Where lookups are answered nothing is pending.
func (e *Evaluator) resolve(n tree.Value, c *tree.Call, own *frame, outer int) (tree.Value, error) {
	if err := e.enter(n); err != nil {
		return tree.Value{}, err
	}
	defer func() { e.tags-- }()
	evaluated, err := e.apply(n, c, own)
	var pending pendingError
	if err == nil || !errors.As(err, &pending) {
		return evaluated, err
	}
	e.pending++
	return tree.Value{Place: n.Place, Data: &expression{
		node: n, enumerated: len(e.frames) > outer, frames: copyFrames(e.frames[:outer]), references: pending.references,
		scope: e.Scope, before: e.Before, path: e.Path, target: e.target,
	}}, nil
}

func (e *Evaluator) enter(n tree.Value) error {
	if err := e.spend(n.Place, 1); err != nil {
		return err
	}
	if e.tags >= bounds.MostNesting {
		return e.Report(n.Place, "tags are nested deeper than %d levels", bounds.MostNesting)
	}
	e.tags++
	return nil
}

// apply evaluates a call, of which language.complain had nothing to say when it
// was loaded. own is the frame of an !Enumerate.
func (e *Evaluator) apply(n tree.Value, c *tree.Call, own *frame) (tree.Value, error) {
	if complaint := e.Scope.Language.complainUnused(c); complaint != "" {
		return tree.Value{}, e.Report(n.Place, "%s", complaint)
	}
	args, isList := c.Arg.Data.(tree.List)
	if !isList {
		args = tree.List{c.Arg}
	}
	outerTag, outerFrame := e.tag, e.own
	e.tag, e.own = c.Tag, own
	defer func() { e.tag, e.own = outerTag, outerFrame }()
	return e.Scope.Language[c.Tag].evaluate(e, n, args)
}
