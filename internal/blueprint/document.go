package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// instantiate is the label that switches a blueprint off.
const instantiate = "blueprints.goauthentik.io/instantiate"

// document makes a File of a blueprint's root, whatever it was written in.
type document struct {
	file   *File
	scope  *tags.Scope
	shapes *shapes
	strict bool
	// unwritten makes a problem of a secret that is written out.
	unwritten bool
	// sketchy makes entries of what finds their objects alone.
	sketchy bool
	// skipping reads what entries hold whose conditions are false, too, in a scope of
	// their own.
	skipping     bool
	skippedScope *tags.Scope
	steps        int

	entries            []*entry
	findings, warnings bounds.Findings
	warned             map[tree.Place]bool // text that was warned of
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
		d.checkLabels(labelsOf(top))
		return
	}
	d.check("", root.Place, top, d.scope.Schema.Blueprint)
	if metadata, given := top.Get("metadata"); given {
		if m, isDict := metadata.Data.(tree.Map); isDict {
			d.check("metadata", metadata.Place, m, d.scope.Schema.Metadata)
			name, _ := m.Get("name")
			d.file.name, _ = name.Data.(string)
		}
	}
	d.checkLabels(labelsOf(top))
	if context, given := top.Get("context"); given {
		d.scope.Context, _ = context.Data.(tree.Map)
	}
	entries, _ := top.Get("entries")
	d.collect(entries)
	take := d.take
	if d.sketchy {
		take = d.sketch
	}
	for _, e := range d.entries {
		take(e)
	}
}

// listen notes what a blueprint that is switched off speaks of. What is wrong
// with it is no problem.
func (d *document) listen(top tree.Map) {
	found, warned := d.findings, d.warnings
	entries, _ := top.Get("entries")
	d.collect(entries)
	for _, e := range d.entries {
		e.readModel(d.evaluatorFor(e))
		if kind := d.scope.Schema.Kind(e.model); kind != nil && kind.Managed {
			d.silence(e, kind)
		}
	}
	d.findings, d.warnings = found, warned
}

// silence notes an entry that asks for nothing now.
func (d *document) silence(e *entry, kind *schema.Kind) {
	silent := tree.Entry{Place: e.place, Path: e.path, ID: e.id, Model: e.model}
	silent.Identifiers = e.evaluateMap(d.evaluatorFor(e), kind, "identifiers")
	silent = readable(kind.Stored(kind.Normalize(silent)))
	if d.skipping && e.skipped {
		d.readSkipped(e, kind, &silent)
	}
	if e.made == nil { // !KeyOf may mean it
		e.made = &silent
	}
	d.file.Silent = append(d.file.Silent, &silent)
}

// labelsOf returns the labels in a blueprint's metadata.
func labelsOf(top tree.Map) tree.Map {
	metadata, _ := top.Get("metadata")
	m, _ := metadata.Data.(tree.Map)
	labels, _ := m.Get("labels")
	l, _ := labels.Data.(tree.Map)
	return l
}

// checkLabels says which labels authentik would refuse the file for.
func (d *document) checkLabels(labels tree.Map) {
	for _, p := range labels {
		path := schema.Join("metadata.labels", tree.PathKey(p.Key.Data))
		if _, isText := p.Key.Data.(string); !isText {
			d.problem(p.Key.Place, path, "%s is not taken for the name of a label: want text, in quotes", tree.Describe(p.Key.Data))
		}
		switch data := p.Value.Data.(type) {
		case string, tree.Broken:
		default:
			d.problem(p.Value.Place, path, "%s is not taken here: want text, in quotes", tree.Describe(data))
		}
	}
}

// disabled reports whether the blueprint says that it is switched off. A false
// without quotes is meant the same, and is a problem of its own.
func disabled(top tree.Map) bool {
	switch label, _ := labelsOf(top).Get(instantiate); data := label.Data.(type) {
	case string:
		return strings.EqualFold(data, "false")
	case bool:
		return !data
	default:
		return false
	}
}

func (d *document) problem(place tree.Place, path, format string, args ...any) {
	d.findings.Add(tree.Problem{Place: place, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (d *document) check(path string, place tree.Place, m tree.Map, shape *schema.Shape) {
	d.findings.Add(d.shapes.check(path, place, m, shape)...)
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

// stepsOfEntry are the steps that an entry is by itself, by the memory it takes.
const stepsOfEntry = 5

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
		if !d.spend(at, element.Place, fields, stepsOfEntry) {
			return
		}
		e := &entry{place: element.Place, path: at, position: len(d.entries), fields: fields}
		d.check(at, element.Place, fields, d.scope.Schema.Entry)
		d.checkPermissions(e)
		d.entries = append(d.entries, e)
		d.name(e)
	}
}

// checkPermissions says what is wrong with the permissions of an entry.
func (d *document) checkPermissions(e *entry) {
	permissions, _ := e.fields.Get("permissions")
	elements, _ := permissions.Data.(tree.List)
	for i, element := range elements {
		path := schema.Index(schema.Join(e.path, "permissions"), i)
		fields, isDict := element.Data.(tree.Map)
		if !d.spend(path, element.Place, fields, 1) {
			return
		}
		switch _, isBroken := element.Data.(tree.Broken); {
		case isDict:
			d.check(path, element.Place, fields, d.scope.Schema.Permission)
		case !isBroken:
			d.problem(element.Place, path, "%s is not taken here: want a mapping with a permission, and a user or a role", tree.TypeName(element.Data))
		}
	}
}

// name notes the entry's id for !KeyOf.
func (d *document) name(e *entry) {
	id, _ := e.fields.Get("id")
	e.id, _ = id.Data.(string)
	if e.id == "" {
		return
	}
	if at, taken := d.scope.IDs[e.id]; taken {
		first := d.scope.Named[at]
		d.problem(id.Place, schema.Join(e.path, "id"), "the id %s is taken: the entry at line %d has it, and !KeyOf would find that one", tree.Describe(e.id), first.Place.Line)
		return
	}
	d.scope.IDs[e.id] = len(d.scope.Named)
	d.scope.Named = append(d.scope.Named, tags.Named{ID: e.id, Place: e.place, Position: e.position,
		Referred: func() (*tree.Entry, error) { return e.referred(d.scope.Schema) }})
}

// take evaluates an entry and counts it as what it is.
func (d *document) take(e *entry) {
	evaluator := d.evaluatorFor(e)
	e.readModel(evaluator)
	d.findings.Add(evaluator.Problems...)
	switch kind := d.scope.Schema.Kind(e.model); {
	case e.model == "":
	case kind != nil && kind.Applies != "":
		d.takeApply(e, kind)
	case kind == nil || !kind.Managed:
		d.takeUnmanaged(e)
	default:
		d.takeManaged(e, kind)
	}
}

func (d *document) evaluatorFor(e *entry) *tags.Evaluator {
	return &tags.Evaluator{Scope: d.scope, Before: e.position, Path: e.path, Steps: &d.steps, Warn: d.warn, Written: d.written}
}

func (d *document) takeUnmanaged(e *entry) {
	d.file.Unmanaged[e.model]++
	kind := d.scope.Schema.Kind(e.model)
	if kind != nil && kind.Path != "" && e.id != "" {
		e.prepare(d.evaluatorFor(e), kind)
	}
	if d.strict {
		model, _ := e.fields.Get("model")
		d.problem(model.Place, schema.Join(e.path, "model"), "%s is left alone by aksync%s: take the entry out, or do without --strict-models", e.model, why(kind))
	}
}

// why says why a kind is not managed, as far as the schema does.
func why(kind *schema.Kind) string {
	if kind == nil || kind.Why == "" {
		return ""
	}
	return " (" + kind.Why + ")"
}

func (d *document) takeManaged(e *entry, kind *schema.Kind) {
	evaluator := d.evaluatorFor(e)
	e.evaluate(evaluator, kind)
	d.findings.Add(evaluator.Problems...)
	if e.skipped {
		d.silence(e, kind)
		return
	}
	d.dropFormer(e.made, kind)
	*e.made = kind.Normalize(*e.made)
	e.failed = e.malformed || len(evaluator.Problems) > 0 || partial(*e.made)
	if !e.malformed && !d.findings.Full() {
		problems := d.scope.Schema.CheckEntry(*e.made)
		e.failed = e.failed || len(problems) > 0
		d.findings.Add(problems...)
	}
	if e.failed {
		*e.made = readable(kind.Stored(*e.made))
	}
	d.file.Entries = append(d.file.Entries, e.made)
}

// warn notes what is wrong with a value and does no harm, once for each place.
func (d *document) warn(warning tree.Problem) {
	if d.warned[warning.Place] {
		return
	}
	if d.warned == nil {
		d.warned = map[tree.Place]bool{}
	}
	d.warned[warning.Place] = true
	d.warnings.Add(warning)
}

// written notes a secret that is written out.
func (d *document) written(problem tree.Problem) {
	if d.unwritten {
		d.findings.Add(problem)
		return
	}
	d.warn(problem)
}

// dropFormer leaves out of an entry the attrs that its kind had formerly, of which
// authentik takes no notice.
func (d *document) dropFormer(e *tree.Entry, kind *schema.Kind) {
	if len(kind.Formerly) == 0 {
		return
	}
	e.Attrs = slices.DeleteFunc(slices.Clone(e.Attrs), func(p tree.Pair) bool {
		instead, is := kind.Formerly[p.Name()]
		if is {
			d.warnings.Add(tree.Problem{Place: p.Key.Place, Path: schema.Join(schema.Join(e.Path, "attrs"), p.Name()),
				Message: fmt.Sprintf("authentik takes no notice of %s any more: %s", p.Name(), instead)})
		}
		return is
	})
}

// partial reports whether a value of the entry could not be read.
func partial(e tree.Entry) bool {
	return len(readableMap(e.Identifiers)) < len(e.Identifiers) || len(readableMap(e.Attrs)) < len(e.Attrs)
}

// readable returns the entry without the values that could not be read.
func readable(e tree.Entry) tree.Entry {
	e.Identifiers, e.Attrs = readableMap(e.Identifiers), readableMap(e.Attrs)
	return e
}

func readableMap(m tree.Map) tree.Map {
	return slices.DeleteFunc(slices.Clone(m), func(p tree.Pair) bool {
		_, isBroken := p.Value.Data.(tree.Broken)
		return isBroken
	})
}

// spend counts the work that a mapping of the blueprint's own is, and some more,
// and reports whether there may be more of it.
func (d *document) spend(path string, place tree.Place, m tree.Map, more int) bool {
	if d.steps > bounds.MostSteps {
		return false
	}
	d.steps += more + len(m) + bounds.KeysWeight(m)
	for _, p := range m {
		d.steps += bounds.Weight(p.Value.Data)
	}
	if d.steps > bounds.MostSteps {
		d.problem(place, path, "%s", bounds.GrowsWithoutEnd())
		return false
	}
	return true
}
