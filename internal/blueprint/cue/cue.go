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
	// Limit is how long a worker may take; none where it is 0.
	Limit time.Duration
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
			result.Root = nil
			result.Problems = tree.Problems{{
				Place:   tree.Place{File: job.Parts[0].Name},
				Message: "CUE's evaluator failed" + brokenReason(broken),
			}}
		}
	}()
	if err := e.prepare(); err != nil {
		return failedResult(job, "%v", err)
	}
	c := &cueFile{language: e.language, texts: map[string][]byte{}, hidden: job.Hidden}
	instance := c.load(job, e.schema)
	result.Seen = c.seen
	if instance == nil || len(c.problems) > 0 {
		result.Problems = c.problems
		return result
	}
	root := e.context.BuildInstance(instance)
	result.Root, result.Problems = c.evaluate(root)
	if allocated()-e.began > mostShared {
		e.context, e.schema = nil, nil
	}
	return result
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

// evaluate makes the root's node.
func (c *cueFile) evaluate(root cue.Value) (*tree.Value, tree.Problems) {
	start := tree.Place{File: c.first, Line: 1, Column: 1}
	if err := root.Validate(); err != nil {
		c.complain(err)
	}
	made := c.node(root, "", start)
	if c.steps > bounds.MostSteps {
		return nil, c.problems // it would only be thrown away
	}
	fields, isDict := made.Data.(tree.Map)
	if isDict && len(fields) == 0 && len(c.problems) == 0 {
		return nil, nil
	}
	if len(c.problems) == 0 {
		if err := root.Validate(cue.Concrete(true)); err != nil {
			c.complain(err)
		}
	}
	return &made, c.problems
}

// node makes the node of a value; around is the place of what it stands in.
func (c *cueFile) node(v cue.Value, path string, around tree.Place) tree.Value {
	if !c.spend(around, path, 1) {
		return tree.Value{Place: around, Data: tree.Broken{}}
	}
	place := c.valuePlace(v, around)
	v, _ = v.Default()
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
		if !c.spend(around, path, len(text)/16) {
			return tree.Value{Place: around, Data: tree.Broken{}}
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
	each, err := v.List()
	if err != nil {
		return elements
	}
	for i := 0; each.Next(); i++ {
		elements = append(elements, c.node(each.Value(), schema.Index(path, i), place))
	}
	return elements
}

// structure makes a mapping, or the tag that a struct of one field stands for.
func (c *cueFile) structure(v cue.Value, path string, place tree.Place) tree.Value {
	fields, err := v.Fields()
	if err != nil {
		return tree.Value{Place: place, Data: tree.Map{}}
	}
	var pairs tree.Map
	for fields.Next() {
		name := fields.Selector().Unquoted()
		value := c.node(fields.Value(), schema.Join(path, name), place)
		pairs = append(pairs, tree.Pair{Key: tree.Value{Place: c.keyPlace(fields.Value(), place), Data: name}, Value: value})
	}
	if len(pairs) == 1 {
		if tag, _ := pairs[0].Key.Data.(string); strings.HasPrefix(tag, "!") {
			return c.call(tag, pairs[0].Value, path, place)
		}
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
