package cue

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// slicing is how entries are evaluated in parts.
type slicing interface {
	// units is how many things there are that come into a part as a whole, in the order
	// of their entries.
	units() int
	// part is the one that begins with a unit, and change lets a job make that part alone.
	part(from int) part
	change(job *Job, p part)
	// took is told how many bytes a part allocated, and reports whether parts are worth it.
	took(p part, bytes uint64) bool
	// field tells of a field of the mapping entries, where it is one that is written out.
	field(name string) (given, bool)
}

// part are the units from one until before another.
type part struct{ from, to int }

func (p part) both(other part) part { return part{max(p.from, other.from), min(p.to, other.to)} }

func (p part) isEmpty() bool { return p.from >= p.to }

// slicing gives how a job is evaluated in parts; nil where it is not.
func (e *cueEvaluator) slicing(job Job) slicing {
	if len(job.Parts) == 1 {
		if l := slice(job.Parts[0]); l != nil {
			return l
		}
	}
	if m := e.makes(job); m != nil {
		return m
	}
	return nil
}

// evaluateSliced evaluates a job in parts where that can be done and nothing is wrong
// with it. Where it reports false nothing has happened: whoever looks for problems
// needs the files as a whole. Of a job that takes too much memory as a whole there are
// those of the first part that has some.
func (e *cueEvaluator) evaluateSliced(job Job) (Result, bool) {
	if e.out == nil {
		return Result{}, false
	}
	how := e.slicing(job)
	if how == nil {
		return Result{}, false
	}
	result := Result{packed: true}
	s := &partsSender{slicing: how, out: e.out, sent: map[string]bool{}, whole: map[string]tree.Value{}, elements: map[string]int{}}
	for p := how.part(0); !p.isEmpty(); p = how.part(p.to) {
		before, elements := allocated(), maps.Clone(s.elements)
		c, root := e.buildPart(job, how, p)
		if c == nil {
			return e.unsliced()
		}
		c.steps = s.steps
		ok := root.Validate() == nil && s.send(c, root, p) && len(c.problems) == 0 && root.Validate(cue.Concrete(true)) == nil
		isWorth := how.took(p, allocated()-before)
		if !ok && job.InParts {
			e.out.rollBack()
			return e.problemsOfPart(job, how, p, elements)
		}
		if !ok || !isWorth {
			return e.unsliced()
		}
		s.steps, result.Seen = c.steps, c.seen
	}
	e.context, e.schema = nil, nil
	return result, true
}

// buildPart makes the value of a part of a job; there is nothing where that has a problem.
func (e *cueEvaluator) buildPart(job Job, how slicing, p part) (*cueFile, cue.Value) {
	e.context = nil
	changed := job
	how.change(&changed, p)
	c, root := e.build(changed)
	if c != nil {
		for _, file := range job.Parts {
			c.texts[file.Name] = file.Text
		}
	}
	return c, root
}

// problemsOfPart gives the problems of a part, before which so many elements of lists
// come; it reports whether there are any.
func (e *cueEvaluator) problemsOfPart(job Job, how slicing, p part, elements map[string]int) (Result, bool) {
	c, root := e.buildPart(job, how, p)
	if c == nil {
		return e.unsliced()
	}
	c.out = nil
	c.evaluate(root)
	if len(c.problems) == 0 {
		return e.unsliced()
	}
	e.context, e.schema = nil, nil
	for i := range c.problems {
		c.problems[i].Path = shifted(c.problems[i].Path, elements)
	}
	return Result{Problems: c.problems, Seen: c.seen}, true
}

// shifted is the path of what stands in a list, before which so many elements come.
func shifted(path string, elements map[string]int) string {
	for list, before := range elements {
		rest, isIn := strings.CutPrefix(path, list+"[")
		index, rest, isElement := strings.Cut(rest, "]")
		if at, err := strconv.Atoi(index); isIn && isElement && err == nil {
			return schema.Index(list, before+at) + rest
		}
	}
	return path
}

// unsliced takes back what was done.
func (e *cueEvaluator) unsliced() (Result, bool) {
	e.context, e.schema = nil, nil
	e.out.rollBack()
	return Result{}, false
}

// build makes the value of a job; there is nothing where that has a problem.
func (e *cueEvaluator) build(job Job) (*cueFile, cue.Value) {
	if err := e.prepare(); err != nil {
		return nil, cue.Value{}
	}
	c := e.file(job)
	instance := c.load(job, e.schema)
	if instance == nil || len(c.problems) > 0 {
		return nil, cue.Value{}
	}
	return c, e.context.BuildInstance(instance)
}

// partsSender packs a root whose entries come in parts.
type partsSender struct {
	slicing
	out    *sender
	steps  int
	shape  shape           // of the root of the first part
	listed string          // the field of the mapping entries whose list has not ended
	sent   map[string]bool // the fields of the mapping entries so far
	// whole are the fields of the mapping entries that each part has, and elements how
	// many of a list there are so far, by its path.
	whole    map[string]tree.Value
	elements map[string]int
}

// shape is what is the same in each part: how many fields the root has, and what entries
// is.
type shape struct {
	fields  int
	entries kind
}

// send packs a part of the root's node: with the first part what comes before the
// entries, and with the last one what comes after them. It reports whether the root is
// what it was with the first one, and as it was written.
func (s *partsSender) send(c *cueFile, root cue.Value, p part) bool {
	root, place, enough := c.enter(root, "", tree.Place{File: c.first, Line: 1, Column: 1})
	fields := c.fieldsOf(root)
	at := slices.IndexFunc(fields, func(f field) bool { return f.name == entriesField })
	if !enough || root.Kind() != cue.StructKind || isCallOf(fields) || at < 0 {
		return false
	}
	entries, around, enough := c.enter(fields[at].value, entriesField, place)
	shape := shape{len(fields), kindOf(entries)}
	if p.from == 0 {
		s.shape = shape
		s.out.open(place, isDict)
		c.streamFields(fields[:at], "", place, 0)
		c.streamKey(fields[at], place)
		s.out.open(around, shape.entries)
	}
	if !enough || shape != s.shape {
		return false
	}
	switch shape.entries {
	case isList:
		s.elements[entriesField] += c.streamElements(entries, entriesField, around, 1)
	case isDict:
		if !s.sendFields(c, entries, around, p) {
			return false
		}
	default:
		return false
	}
	if p.to == s.units() {
		s.endList()
		s.out.end()
		c.streamFields(fields[at+1:], "", place, 0)
		s.out.end()
	}
	return true
}

// kindOf is that of a list or a mapping; isBroken for others.
func kindOf(v cue.Value) kind {
	switch v.Kind() {
	case cue.ListKind:
		return isList
	case cue.StructKind:
		return isDict
	default:
		return isBroken
	}
}

// sendFields packs a part of the mapping entries; it reports whether they are what a
// mapping of all of them would have.
func (s *partsSender) sendFields(c *cueFile, entries cue.Value, around tree.Place, p part) bool {
	fields := c.fieldsOf(entries)
	if isCallOf(fields) {
		return false
	}
	for _, f := range fields {
		given, isGiven := s.field(f.name)
		path := schema.Join(entriesField, f.name)
		if isGiven && !given.inParts && !s.isSame(f.name, c.node(f.value, path, around)) {
			return false
		}
		if isGiven && given.both(p).isEmpty() {
			continue
		}
		if s.listed != f.name {
			s.endList()
			if s.sent[f.name] {
				return false // the rounds of several parts make it together
			}
			s.sent[f.name] = true
			c.streamKey(f, around)
		}
		switch {
		case !isGiven:
			c.stream(f.value, path, around, 2)
		case given.inParts:
			if !s.sendList(c, f, path, around) {
				return false
			}
		default:
			s.out.node(s.whole[f.name])
		}
	}
	return true
}

// isSame reports whether a field that each part has is what it was in the first one.
func (s *partsSender) isSame(name string, n tree.Value) bool {
	first, known := s.whole[name]
	if !known {
		s.whole[name] = n
	}
	return !known || reflect.DeepEqual(first, n)
}

// sendList packs elements of a list in the mapping entries, and where it is new its
// beginning; it reports whether it is a list.
func (s *partsSender) sendList(c *cueFile, f field, path string, around tree.Place) bool {
	v, place, enough := c.enter(f.value, path, around)
	if !enough || kindOf(v) != isList {
		return false
	}
	if s.listed != f.name {
		s.out.open(place, isList)
		s.listed = f.name
	}
	s.elements[path] += c.streamElements(v, path, place, 2)
	return true
}

// endList ends the list that has not ended.
func (s *partsSender) endList() {
	if s.listed != "" {
		s.out.end()
		s.listed = ""
	}
}
