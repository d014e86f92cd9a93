package cue

import (
	"slices"

	"cuelang.org/go/cue"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// evaluateSliced evaluates a job in parts where that can be done and nothing is wrong
// with it. Where it reports false nothing has happened: whoever looks for problems
// needs the file as a whole.
func (e *cueEvaluator) evaluateSliced(job Job) (Result, bool) {
	if e.out == nil || len(job.Parts) != 1 {
		return Result{}, false
	}
	l := slice(job.Parts[0])
	if l == nil {
		return Result{}, false
	}
	steps, shape := 0, -1
	for _, p := range l.parts() {
		e.context = nil
		c, root := e.build(job, l.only(p))
		if c == nil {
			return e.unsliced()
		}
		c.steps, c.texts[c.first] = steps, l.text
		if shape = c.streamPart(root, l, p, shape); shape < 0 || len(c.problems) > 0 {
			return e.unsliced()
		}
		if err := root.Validate(cue.Concrete(true)); err != nil {
			return e.unsliced()
		}
		steps = c.steps
	}
	e.context, e.schema = nil, nil
	return Result{packed: true}, true
}

// unsliced takes back what was done.
func (e *cueEvaluator) unsliced() (Result, bool) {
	e.context, e.schema = nil, nil
	e.out.rollBack()
	return Result{}, false
}

// build makes the value of a job whose one file has another text; there is nothing where it
// has a problem.
func (e *cueEvaluator) build(job Job, text []byte) (*cueFile, cue.Value) {
	if err := e.prepare(); err != nil {
		return nil, cue.Value{}
	}
	c := e.file(job)
	file := job.Parts[0]
	file.Text = text
	job.Parts = []Part{file}
	instance := c.load(job, e.schema)
	if instance == nil || len(c.problems) > 0 || len(c.seen) > 0 {
		return nil, cue.Value{}
	}
	root := e.context.BuildInstance(instance)
	return c, root
}

// streamPart packs a part of the root's node: with the first part what comes before the
// entries, and with the last one what comes after them. It gives how many fields there
// are, which is what it is given but for the first part, and something negative where
// that is not so or something is not as it was written.
func (c *cueFile) streamPart(root cue.Value, l *list, p part, shape int) int {
	start := tree.Place{File: c.first, Line: 1, Column: 1}
	if root.Validate() != nil {
		return -1
	}
	root, place, enough := c.enter(root, "", start)
	fields := c.fieldsOf(root)
	at := slices.IndexFunc(fields, func(f field) bool { return f.name == entriesField })
	first, last := p.from == 0, p.to == len(l.elements)
	if !enough || root.Kind() != cue.StructKind || isCallOf(fields) || at < 0 || !first && shape != len(fields) {
		return -1
	}
	if first {
		c.out.head(place, isDict, 2*len(fields))
		c.streamFields(fields[:at], "", place, 0)
		c.streamKey(fields[at], place)
	}
	entries, around, enough := c.enter(fields[at].value, entriesField, place)
	elements := elementsOf(entries)
	if !enough || len(elements) != p.to-p.from {
		return -1
	}
	if first {
		c.out.head(around, isList, len(l.elements))
	}
	for i, element := range elements {
		c.stream(element, schema.Index(entriesField, p.from+i), around, 2)
	}
	if last {
		c.streamFields(fields[at+1:], "", place, 0)
	}
	return len(fields)
}
