// Package cue reads blueprints in CUE into trees. CUE's evaluator can't be stopped and
// knows no bounds, so that it runs in a process of its own.
package cue

import (
	"fmt"
	"runtime/metrics"
	"strings"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Job is a blueprint in CUE that is to be evaluated.
type Job struct {
	Parts []Part
	Tags  map[string]string
	// Hidden are the names of the fields whose values are in no message.
	Hidden []string
	// Limit is how much CPU time a worker may take; none where it is 0.
	Limit time.Duration
	// InParts is set where the job takes too much memory as a whole.
	InParts bool
	// edit changes the file that has the entries, before it is evaluated.
	edit func(*source)
}

// Part is one file of a job's package.
type Part struct {
	Name string // as the user writes it
	Path string // where it lies, to find its module by
	Text []byte
}

// Result is what came of a job. Without a root and without problems the
// package declares nothing: it is a library of others.
type Result struct {
	Root     *tree.Value
	Problems tree.Problems
	Seen     []Seen // where imports led to
	Again    bool   // it is worth trying again though nothing changed
	packed   bool   // there is a root, and the evaluator's sender has it
}

// PackageName gives the name of a CUE file's package, or "" for a file that
// stands alone.
func PackageName(text []byte) string {
	file, err := parser.ParseFile("", text, parser.PackageClauseOnly)
	if err != nil || file.PackageName() == "_" {
		return ""
	}
	return file.PackageName()
}

// mostShared bounds the memory, in bytes, that is allocated while jobs share a
// context. About a hundred small blueprints fit in.
const mostShared = 16 << 20

// cueEvaluator compiles and evaluates jobs, one at a time. They share a context,
// and in it the schema, which costs more to compile than most blueprints; but
// only for a while, since a context keeps all that was ever made in it
// (cue-lang/cue 2121).
type cueEvaluator struct {
	language tags.Language
	context  *cue.Context // nil where the next job needs a new one
	schema   *schemas
	began    uint64 // the allocated bytes before the context
	// out takes the roots of results, and the results have none; nil where they have
	// them themselves.
	out *sender
}

// allocated gives how many bytes this process has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// prepare makes a context where there is none.
func (e *cueEvaluator) prepare() (err error) {
	if e.context != nil {
		return nil
	}
	e.began = allocated()
	if e.schema, err = looseSchema(); err != nil {
		return err
	}
	e.context = cuecontext.New()
	return nil
}

func (e *cueEvaluator) evaluate(job Job) (result Result) {
	defer func() {
		// The evaluator is large and its input comes from anywhere.
		if broken := recover(); broken != nil {
			e.context = nil
			result.Root, result.packed = nil, false
			result.Problems = tree.Problems{{
				Place:   tree.Place{File: job.Parts[0].Name},
				Message: "CUE's evaluator failed" + brokenReason(broken),
			}}
		}
	}()
	if result, done := e.evaluateSliced(job); done {
		return result
	}
	if job.InParts {
		return tooLarge(job)
	}
	if err := e.prepare(); err != nil {
		return failedResult(job, "%v", err)
	}
	c := e.file(job)
	instance := c.load(job, e.schema)
	result.Seen = c.seen
	if instance == nil || len(c.problems) > 0 {
		result.Problems = c.problems
		return result
	}
	root := e.context.BuildInstance(instance)
	result.Root, result.packed = c.evaluate(root)
	result.Problems = c.problems
	if allocated()-e.began > mostShared {
		e.context, e.schema = nil, nil
	}
	return result
}

// file is what evaluates a job.
func (e *cueEvaluator) file(job Job) *cueFile {
	return &cueFile{language: e.language, texts: map[string][]byte{}, hidden: job.Hidden, out: e.out}
}

// cueFile evaluates one job.
type cueFile struct {
	language tags.Language
	// texts are the user's files by the names that they were parsed with: a
	// position in any other file is not shown to anybody.
	texts    map[string][]byte
	first    string
	problems tree.Problems
	seen     []Seen
	steps    int
	// files are the user's files, hidden the names of the fields whose values are in
	// no message, and values those; nil until there is a message.
	files  []*ast.File
	hidden []string
	values *writtenOut
	starts map[*ast.Field]token.Pos // nil until they are asked for
	fields lastFields
	out    *sender // takes the nodes; nil where they become a tree
}

// load parses the job's files and all that they import. There is none where
// no file is left to evaluate.
func (c *cueFile) load(job Job, schema *schemas) *build.Instance {
	c.first = job.Parts[0].Name
	imports := &importer{file: c, schema: schema, loading: map[string]bool{}}
	imports.module, imports.looked = findModule(job.Parts[0].Path, job.Parts[0].Name)
	imports.context = build.NewContext(build.Loader(imports.load))
	instance := imports.context.NewInstance("", imports.load)
	files := 0
	for _, part := range job.Parts {
		file := c.parse(part.Name, part.Text)
		if file == nil || !c.wanted(file) {
			continue
		}
		c.inject(file, job.Tags)
		if job.edit != nil {
			if s := sourceOf(file); s != nil && s.makers != nil {
				job.edit(s)
			}
		}
		files++
		if err := instance.AddSyntax(file); err != nil {
			c.complain(err)
		}
	}
	if files == 0 || len(c.problems) > 0 {
		return nil
	}
	if err := instance.Complete(); err != nil && len(c.problems) == 0 {
		c.complain(err)
	}
	return instance
}

func (c *cueFile) parse(name string, text []byte) *ast.File {
	if problem := textfile.NotText(name, text); problem != nil {
		c.problems = append(c.problems, *problem)
		return nil
	}
	c.texts[name] = text
	file, err := parser.ParseFile(name, text, parser.ParseComments)
	if err != nil {
		c.complainOfSyntax(err)
		return nil
	}
	c.files = append(c.files, file)
	return file
}

// wanted reads the attributes at the top of a file that decide whether it
// counts.
func (c *cueFile) wanted(file *ast.File) bool {
	for _, decl := range file.Decls {
		attribute, isAttribute := decl.(*ast.Attribute)
		if !isAttribute {
			continue
		}
		switch name, body := attribute.Split(); name {
		case "ignore":
			return false
		case "if":
			c.problems = append(c.problems, tree.Problem{Place: c.place(attribute.Pos(), tree.Place{}),
				Message: fmt.Sprintf("@if(%s) is not known to aksync: want a field with a @tag and a comprehension", body)})
		}
	}
	return true
}

// evaluate makes the root's node. With out that takes it, and what is returned says
// whether it counts.
func (c *cueFile) evaluate(root cue.Value) (made *tree.Value, packed bool) {
	start := tree.Place{File: c.first, Line: 1, Column: 1}
	if err := root.Validate(); err != nil {
		c.complain(err)
	}
	if c.out != nil {
		c.stream(root, "", start, 0)
	} else {
		node := c.node(root, "", start)
		made = &node
	}
	if c.steps > bounds.MostSteps {
		return nil, false // it would only be thrown away
	}
	if len(c.problems) == 0 && isEmpty(root) {
		return nil, false
	}
	if len(c.problems) == 0 {
		if err := root.Validate(cue.Concrete(true)); err != nil {
			c.complain(err)
		}
	}
	return made, c.out != nil
}

// isEmpty reports whether a value is a mapping without fields.
func isEmpty(v cue.Value) bool {
	v, _ = v.Default()
	fields, err := v.Fields()
	return err == nil && !fields.Next()
}

// deepest is how far down lists and mappings are packed one value after the other:
// to the single entries, also where entries is a mapping of lists.
const deepest = 3

// stream packs the node of a value. The tree of a whole blueprint would be a sixth
// of what CUE has made by then, which can't be let go of before the last value.
func (c *cueFile) stream(v cue.Value, path string, around tree.Place, depth int) {
	if depth == deepest {
		c.out.node(c.node(v, path, around))
		return
	}
	v, place, enough := c.enter(v, path, around)
	if !enough {
		c.out.node(tree.Value{Place: place, Data: tree.Broken{}})
		return
	}
	switch kind := v.Kind(); {
	case kind == cue.ListKind:
		c.out.open(place, isList)
		c.streamElements(v, path, place, depth)
		c.out.end()
	case kind == cue.StructKind && !isCallOf(c.fieldsOf(v)):
		c.out.open(place, isDict)
		c.streamFields(c.fieldsOf(v), path, place, depth)
		c.out.end()
	default:
		c.out.node(c.data(v, path, place))
	}
}

// streamElements packs the elements of a list, and gives how many there are.
func (c *cueFile) streamElements(v cue.Value, path string, place tree.Place, depth int) int {
	elements := elementsOf(v)
	for i, element := range elements {
		c.stream(element, schema.Index(path, i), place, depth+1)
	}
	return len(elements)
}

// streamFields packs the keys and the values of fields in a mapping.
func (c *cueFile) streamFields(fields []field, path string, place tree.Place, depth int) {
	for _, field := range fields {
		c.streamKey(field, place)
		c.stream(field.value, schema.Join(path, field.name), place, depth+1)
	}
}

func (c *cueFile) streamKey(f field, place tree.Place) {
	c.out.node(tree.Value{Place: c.keyPlace(f.value, place), Data: f.name})
}

// node makes the node of a value; around is the place of what it stands in.
func (c *cueFile) node(v cue.Value, path string, around tree.Place) tree.Value {
	v, place, enough := c.enter(v, path, around)
	if !enough {
		return tree.Value{Place: place, Data: tree.Broken{}}
	}
	return c.data(v, path, place)
}

// enter counts a value and looks where it stands. It reports whether there may be
// more.
func (c *cueFile) enter(v cue.Value, path string, around tree.Place) (cue.Value, tree.Place, bool) {
	if !c.spend(around, path, 1) {
		return v, around, false
	}
	place := c.valuePlace(v, around)
	v, _ = v.Default()
	return v, place, true
}

// data makes the node of a value that stands at place.
func (c *cueFile) data(v cue.Value, path string, place tree.Place) tree.Value {
	switch v.Kind() {
	case cue.NullKind:
		return tree.Value{Place: place, Data: nil}
	case cue.BoolKind:
		data, _ := v.Bool()
		return tree.Value{Place: place, Data: data}
	case cue.IntKind:
		number, _ := v.Int(nil)
		return tree.Value{Place: place, Data: tree.Whole(number)}
	case cue.FloatKind, cue.NumberKind:
		number, _ := v.Float64()
		return tree.Value{Place: place, Data: number}
	case cue.StringKind:
		text, _ := v.String()
		if !c.spend(place, path, len(text)/16) {
			return tree.Value{Place: place, Data: tree.Broken{}}
		}
		return tree.Value{Place: place, Data: text}
	case cue.BytesKind:
		return tree.Value{Place: place, Data: tree.Unusable{Why: "bytes: want text"}}
	case cue.ListKind:
		return tree.Value{Place: place, Data: c.list(v, path, place)}
	case cue.StructKind:
		return c.structure(v, path, place)
	default:
		return c.broken(v, path, place)
	}
}

// spend counts what a value comes to, and reports whether there may be more.
func (c *cueFile) spend(place tree.Place, path string, steps int) bool {
	if c.steps > bounds.MostSteps {
		return false
	}
	if c.steps += steps; c.steps > bounds.MostSteps {
		c.problem(place, path, "%s", bounds.GrowsWithoutEnd())
		return false
	}
	return true
}

// broken makes the node of a value that has an error in it: as much as can be
// read of a list or a mapping, so that it is known which objects the file
// speaks of.
func (c *cueFile) broken(v cue.Value, path string, place tree.Place) tree.Value {
	if v.IncompleteKind() == cue.BottomKind {
		if elements := c.brokenList(v, path, place); len(elements) > 0 {
			return tree.Value{Place: place, Data: elements}
		}
		if fields, err := v.Fields(); err == nil && fields.Next() {
			return c.structure(v, path, place)
		}
	}
	c.notConcrete(v, path, place)
	return tree.Value{Place: place, Data: tree.Broken{}}
}

func (c *cueFile) brokenList(v cue.Value, path string, place tree.Place) tree.List {
	var elements tree.List
	for {
		element := v.LookupPath(cue.MakePath(cue.Index(len(elements))))
		if !element.Exists() {
			return elements
		}
		elements = append(elements, c.node(element, schema.Index(path, len(elements)), place))
	}
}

func (c *cueFile) list(v cue.Value, path string, place tree.Place) tree.List {
	elements := tree.List{}
	for i, element := range elementsOf(v) {
		elements = append(elements, c.node(element, schema.Index(path, i), place))
	}
	return elements
}

// elementsOf are the values in a list; none where there are none to be had.
func elementsOf(v cue.Value) (elements []cue.Value) {
	each, err := v.List()
	for err == nil && each.Next() {
		elements = append(elements, each.Value())
	}
	return elements
}

// field is a field of a struct.
type field struct {
	name  string
	value cue.Value
}

// fieldsOf are the fields of a struct. Those of the last one are remembered: CUE sorts
// them anew each time, which takes a third of the memory that reading a value takes.
func (c *cueFile) fieldsOf(v cue.Value) []field {
	if c.fields.of == v {
		return c.fields.all
	}
	c.fields = lastFields{of: v}
	each, err := v.Fields()
	for err == nil && each.Next() {
		c.fields.all = append(c.fields.all, field{each.Selector().Unquoted(), each.Value()})
	}
	return c.fields.all
}

type lastFields struct {
	of  cue.Value
	all []field
}

// isCallOf reports whether a struct of these fields stands for a tag.
func isCallOf(fields []field) bool { return len(fields) == 1 && strings.HasPrefix(fields[0].name, "!") }

// structure makes a mapping, or the tag that a struct of one field stands for.
func (c *cueFile) structure(v cue.Value, path string, place tree.Place) tree.Value {
	fields := c.fieldsOf(v)
	pairs := make(tree.Map, len(fields))
	for i, field := range fields {
		value := c.node(field.value, schema.Join(path, field.name), place)
		pairs[i] = tree.Pair{Key: tree.Value{Place: c.keyPlace(field.value, place), Data: field.name}, Value: value}
	}
	if isCallOf(fields) {
		return c.call(fields[0].name, pairs[0].Value, path, place)
	}
	return tree.Value{Place: place, Data: pairs}
}

// call makes a tag. What follows it as a number or the like is the text that
// YAML would have there.
func (c *cueFile) call(tag string, arg tree.Value, path string, place tree.Place) tree.Value {
	if text, isScalar := tree.Scalar(arg.Data); isScalar {
		arg.Data = text
	}
	made := &tree.Call{Tag: tag, Arg: arg}
	if complaint := c.language.Complain(made); complaint != "" {
		if _, isBroken := arg.Data.(tree.Broken); !isBroken {
			c.problem(place, path, "%s", complaint)
		}
		return tree.Value{Place: place, Data: tree.Broken{}}
	}
	return tree.Value{Place: place, Data: made}
}

func (c *cueFile) problem(place tree.Place, path, format string, args ...any) {
	c.problems = append(c.problems, tree.Problem{Place: place, Path: path, Message: c.hide(steps(path), fmt.Sprintf(format, args...))})
}
