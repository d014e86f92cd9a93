package blueprint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// instantiate is the label that switches a blueprint off.
const instantiate = "blueprints.goauthentik.io/instantiate"

// document makes a File of a blueprint's root, whatever it was written in.
type document struct {
	file   *File
	scope  *scope
	shapes *shapes
	strict bool
	steps  int
}

// read fills the file. The problems of reading the text are its own already.
func (d *document) read(root tree.Value) {
	top, isDict := root.Data.(tree.Map)
	if _, isBroken := root.Data.(tree.Broken); isBroken {
		return
	}
	if !isDict {
		d.problem(root.Place, "", "a blueprint is a mapping with entries: this is %s", tree.TypeName(root.Data))
		return
	}
	if disabled(top) {
		d.file.Status = tree.Disabled
		d.listen(top)
		return
	}
	d.check("", root.Place, top, d.scope.schema.Blueprint)
	if metadata, given := top.Get("metadata"); given {
		if m, isDict := metadata.Data.(tree.Map); isDict {
			d.check("metadata", metadata.Place, m, d.scope.schema.Metadata)
		}
	}
	if context, given := top.Get("context"); given {
		d.scope.context, _ = context.Data.(tree.Map)
	}
	entries, _ := top.Get("entries")
	d.collect(entries)
	for _, e := range d.scope.entries {
		d.take(e)
	}
}

// listen notes what a blueprint that is switched off speaks of. What is wrong
// with it is no problem.
func (d *document) listen(top tree.Map) {
	problems := d.file.Problems
	entries, _ := top.Get("entries")
	d.collect(entries)
	for _, e := range d.scope.entries {
		e.readModel(d.evaluatorFor(e))
		if kind := d.scope.schema.Kind(e.model); kind != nil && kind.Managed {
			d.silence(e, kind)
		}
	}
	d.file.Problems = problems
}

// silence notes an entry that asks for nothing now.
func (d *document) silence(e *entry, kind *schema.Kind) {
	e.unread = map[string]tree.Map{}
	silent := tree.Entry{Place: e.place, Path: e.path, ID: e.id, Model: e.model}
	silent.Identifiers = e.evaluateMap(d.evaluatorFor(e), "identifiers")
	silent = kind.Normalize(silent)
	d.file.Silent = append(d.file.Silent, &silent)
}

// disabled tells whether the blueprint says that it is switched off. In YAML a
// false without quotes is meant the same.
func disabled(top tree.Map) bool {
	metadata, _ := top.Get("metadata")
	m, _ := metadata.Data.(tree.Map)
	labels, _ := m.Get("labels")
	l, _ := labels.Data.(tree.Map)
	switch label, _ := l.Get(instantiate); data := label.Data.(type) {
	case string:
		return strings.EqualFold(data, "false")
	case bool:
		return !data
	default:
		return false
	}
}

func (d *document) problem(place tree.Place, path, format string, args ...any) {
	d.file.Problems = append(d.file.Problems, tree.Problem{Place: place, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *document) check(path string, place tree.Place, m tree.Map, shape *schema.Shape) {
	d.file.Problems = append(d.file.Problems, d.shapes.check(path, place, m, shape)...)
}

// collect gathers the entries, of a list or of a mapping of lists. Shapes have
// complained of anything else.
func (d *document) collect(entries tree.Value) {
	switch data := entries.Data.(type) {
	case tree.List:
		d.collectList("entries", data)
	case tree.Map:
		for _, section := range data {
			path := schema.Join("entries", tree.PathKey(section.Key.Data))
			elements, isList := section.Value.Data.(tree.List)
			if _, isBroken := section.Value.Data.(tree.Broken); !isList && !isBroken {
				d.problem(section.Value.Place, path, "%s is not taken here: want a list of entries", tree.TypeName(section.Value.Data))
			}
			d.collectList(path, elements)
		}
	}
}

func (d *document) collectList(path string, elements tree.List) {
	for i, element := range elements {
		at := schema.Index(path, i)
		fields, isDict := element.Data.(tree.Map)
		if _, isBroken := element.Data.(tree.Broken); isBroken {
			continue
		}
		if !isDict {
			d.problem(element.Place, at, "%s is not taken here: want an entry, a mapping with a model", tree.TypeName(element.Data))
			continue
		}
		e := &entry{place: element.Place, path: at, position: len(d.scope.entries), fields: fields}
		d.check(at, element.Place, fields, d.scope.schema.Entry)
		d.scope.entries = append(d.scope.entries, e)
		d.name(e)
	}
}

// name notes the entry's id for !KeyOf.
func (d *document) name(e *entry) {
	id, _ := e.fields.Get("id")
	e.id, _ = id.Data.(string)
	if e.id == "" {
		return
	}
	if first, taken := d.scope.ids[e.id]; taken {
		d.problem(id.Place, schema.Join(e.path, "id"), "the id %q is taken: the entry at line %d has it, and !KeyOf would find that one", e.id, first.place.Line)
		return
	}
	d.scope.ids[e.id] = e
}

// take evaluates an entry and counts it as what it is.
func (d *document) take(e *entry) {
	evaluator := d.evaluatorFor(e)
	e.readModel(evaluator)
	d.file.Problems = append(d.file.Problems, evaluator.problems...)
	switch kind := d.scope.schema.Kind(e.model); {
	case e.model == "":
	case kind == nil || !kind.Managed:
		d.takeUnmanaged(e)
	default:
		d.takeManaged(e, kind)
	}
}

func (d *document) evaluatorFor(e *entry) *evaluator {
	return &evaluator{scope: d.scope, before: e.position, path: e.path, steps: &d.steps}
}

func (d *document) takeUnmanaged(e *entry) {
	d.file.Unmanaged[e.model]++
	if kind := d.scope.schema.Kind(e.model); kind != nil && e.id != "" {
		e.prepare(d.evaluatorFor(e), kind)
	}
	if d.strict {
		model, _ := e.fields.Get("model")
		d.problem(model.Place, schema.Join(e.path, "model"), "%s is not managed by aksync: want %s, or no --strict-models",
			e.model, join(modelNames(d.scope.schema.Managed())))
	}
}

func (d *document) takeManaged(e *entry, kind *schema.Kind) {
	evaluator := d.evaluatorFor(e)
	e.evaluate(evaluator)
	problems := evaluator.problems
	if e.skipped {
		d.silence(e, kind)
		d.file.Problems = append(d.file.Problems, problems...)
		return
	}
	*e.made = kind.Normalize(*e.made)
	if !e.malformed {
		problems = append(problems, d.checkReadable(e)...)
	}
	e.failed = e.malformed || len(problems) > 0 || len(e.unread) > 0
	d.file.Problems = append(d.file.Problems, problems...)
	d.file.Permissions += e.made.Permissions
	d.file.Entries = append(d.file.Entries, e.made)
}

// checkReadable checks the values of an entry; those that could not be read
// count as given.
func (d *document) checkReadable(e *entry) tree.Problems {
	patched := *e.made
	patched.Identifiers = append(append(tree.Map{}, patched.Identifiers...), e.unread["identifiers"]...)
	patched.Attrs = append(append(tree.Map{}, patched.Attrs...), e.unread["attrs"]...)
	return d.scope.schema.CheckEntry(patched)
}

// unread is Pending data in place of a value that could not be read, so that
// it passes all checks.
type unread struct{}

func (unread) References() []tree.Reference { return nil }
func (unread) Resolve(tree.Lookup) (tree.Value, error) {
	return tree.Value{}, errors.New("the value could not be read")
}
