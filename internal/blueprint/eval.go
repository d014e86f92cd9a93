package blueprint

import (
	"errors"
	"fmt"

	"github.com/aksync/aksync/schema"
)

// mostSteps bounds the work of evaluating one file, or one value again when
// lookups can be answered: a step is a value that is
// looked at, or 16 bytes of text that are made. A mapping whose aliases or
// contexts multiply stops there.
const mostSteps = 1_000_000

// scope is what the tags of one file can see.
type scope struct {
	schema   *schema.Schema
	language language
	inputs   *inputs
	context  dict
	entries  []*entry
	ids      map[string]*entry
}

// evaluator evaluates tags. It follows authentik's own evaluation step by
// step, since which tags are evaluated and which are not depends on it: a tag
// evaluates the tags that are its arguments, but not those within a list or a
// mapping that is an argument.
type evaluator struct {
	scope  *scope
	lookup schema.Lookup // nil offline
	// before is the position of the entry that is evaluated: !KeyOf finds
	// the entries before it.
	before int
	path   string
	// frames are the !Enumerate tags around what is evaluated.
	frames []*frame
	// contexts are the context's keys that are being evaluated.
	contexts []string
	tags     int // how many tags are around what is evaluated
	steps    *int
	problems schema.Problems
}

// frame is one !Enumerate with the item it is at.
type frame struct {
	key, value node
	at         bool
}

// errReported is the error of a value whose problem is among the evaluator's.
var errReported = errors.New("it has a problem that was reported")

// pendingError is the error of a tag that has to know what a reference finds.
type pendingError struct{ references []schema.Reference }

func (pendingError) Error() string { return "it depends on a live object" }

func (e *evaluator) report(place schema.Place, format string, args ...any) error {
	e.problems = append(e.problems, schema.Problem{Place: place, Path: e.path, Message: fmt.Sprintf(format, args...)})
	return errReported
}

// spend counts work and ends the evaluation where there was too much.
func (e *evaluator) spend(place schema.Place, steps int) error {
	if *e.steps > mostSteps {
		return errReported
	}
	if *e.steps += steps; *e.steps > mostSteps {
		return e.report(place, "grows without end: a blueprint may hold at most %d values after its tags and aliases were followed", mostSteps)
	}
	return nil
}

// at evaluates with the path of a part of the value.
func (e *evaluator) at(path string, n node) (node, error) {
	outer := e.path
	e.path = path
	defer func() { e.path = outer }()
	return e.deep(n)
}

// deep evaluates a value and all that is in it. Of several problems in a list
// or a mapping each is reported.
func (e *evaluator) deep(n node) (node, error) {
	if err := e.spend(n.place, 1); err != nil {
		return node{}, err
	}
	switch data := n.data.(type) {
	case list:
		return e.deepList(n.place, data)
	case dict:
		return e.deepDict(n.place, data)
	case *call:
		return e.deepCall(n, data)
	case broken:
		return node{}, errReported
	case unusable:
		return node{}, e.report(n.place, "is %s", data.why)
	default:
		return n, nil
	}
}

func (e *evaluator) deepList(place schema.Place, elements list) (node, error) {
	evaluated := make(list, len(elements))
	var failed firstError
	for i, element := range elements {
		path := e.path
		if e.tags == 0 {
			path = schema.Index(path, i)
		}
		var err error
		evaluated[i], err = e.at(path, element)
		failed.add(err)
	}
	return node{place, evaluated}, failed.err
}

func (e *evaluator) deepDict(place schema.Place, pairs dict) (node, error) {
	evaluated := make(dict, len(pairs))
	var failed firstError
	for i, p := range pairs {
		path := e.path
		if e.tags == 0 {
			path = schema.Join(path, pathKey(p.key.data))
		}
		value, err := e.at(path, p.value)
		failed.add(err)
		evaluated[i] = pair{p.key, value}
	}
	return node{place, evaluated}, failed.err
}

func (e *evaluator) deepCall(n node, c *call) (node, error) {
	own := &frame{}
	before := len(e.frames)
	if c.tag == "!Enumerate" {
		e.frames = append(e.frames, own)
	}
	evaluated, err := e.resolve(n, c, own, before)
	e.frames = e.frames[:before]
	if err != nil {
		return node{}, err
	}
	return evaluated, e.complete(evaluated, c.tag)
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
func (e *evaluator) shallow(n node) (node, error) {
	switch data := n.data.(type) {
	case *call:
		return e.resolve(n, data, &frame{}, len(e.frames))
	case broken:
		return node{}, errReported
	case unusable:
		return node{}, e.report(n.place, "is %s", data.why)
	default:
		return n, nil
	}
}

// need is shallow for a value that has to be known to go on.
func (e *evaluator) need(n node) (node, error) {
	evaluated, err := e.shallow(n)
	if err != nil {
		return node{}, err
	}
	return e.known(evaluated)
}

// known gives an evaluated value as a lookup completes it.
func (e *evaluator) known(n node) (node, error) {
	pending, isPending := n.data.(schema.Pending)
	if !isPending {
		return n, nil
	}
	if e.lookup == nil {
		return node{}, pendingError{pending.References()}
	}
	value, err := pending.Resolve(e.lookup)
	if err != nil {
		return node{}, err
	}
	return fromValue(value, n.place), nil
}

// complete makes sure that authentik evaluated all of a value that a tag gave.
func (e *evaluator) complete(n node, tag string) error {
	if err := e.spend(n.place, 1); err != nil {
		return err
	}
	switch data := n.data.(type) {
	case list:
		for _, element := range data {
			if err := e.complete(element, tag); err != nil {
				return err
			}
		}
	case dict:
		for _, p := range data {
			if err := e.complete(p.value, tag); err != nil {
				return err
			}
		}
	case *call:
		return e.report(n.place, "authentik does not evaluate %s here: it takes what %s gives as it stands", data.tag, tag)
	case broken:
		return errReported
	case unusable:
		return e.report(n.place, "is %s", data.why)
	}
	return nil
}

// resolve evaluates one tag. Where it depends on a live object it is pending
// as a whole, and remembers the !Enumerate items that it stands in; outer is
// how many frames are around it.
func (e *evaluator) resolve(n node, c *call, own *frame, outer int) (node, error) {
	if err := e.enter(n); err != nil {
		return node{}, err
	}
	defer func() { e.tags-- }()
	evaluated, err := e.apply(n, c, own)
	var pending pendingError
	if e.lookup != nil || !errors.As(err, &pending) {
		return evaluated, err
	}
	return node{n.place, &expression{
		node: n, enumerated: len(e.frames) > outer, frames: copyFrames(e.frames[:outer]), references: pending.references,
		scope: e.scope, before: e.before, path: e.path,
	}}, nil
}

func (e *evaluator) enter(n node) error {
	if err := e.spend(n.place, 1); err != nil {
		return err
	}
	if e.tags >= mostNesting {
		return e.report(n.place, "tags are nested deeper than %d levels", mostNesting)
	}
	e.tags++
	return nil
}

// apply evaluates a call, of which language.complain had nothing to say when it
// was loaded.
func (e *evaluator) apply(n node, c *call, own *frame) (node, error) {
	if complaint := e.scope.language.complainUnused(c); complaint != "" {
		return node{}, e.report(n.place, "%s", complaint)
	}
	args, isList := c.arg.data.(list)
	if !isList {
		args = list{c.arg}
	}
	switch c.tag {
	case schema.KeyOf:
		return e.keyOf(n, args)
	case schema.Find, schema.FindObject:
		return e.find(n, c.tag, args)
	case "!Env":
		return e.env(n, args)
	case "!File":
		return e.file(n, args)
	case "!Context":
		return e.contextValue(n, args)
	case "!ParseJSON":
		return e.parseJSON(n, args)
	case "!Format":
		return e.format(n, args)
	case "!Condition":
		return e.condition(n, args)
	case "!If":
		return e.choose(args)
	case "!Enumerate":
		return e.enumerate(n, args, own)
	case "!AtIndex":
		return e.atIndex(n, args)
	default:
		return e.item(n, c.tag, args)
	}
}
