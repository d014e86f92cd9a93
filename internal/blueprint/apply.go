package blueprint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// applyShape is what the attrs of an entry can have that is about no object: it applies
// another blueprint before its own (authentik/blueprints/v1/meta/apply_blueprint.py).
var applyShape = &schema.Shape{Fields: []*schema.Field{
	{Data: schema.Data{Name: "identifiers", Type: schema.JSON, Mapping: true, Want: "a mapping with the name or the path of a blueprint"}, Required: true},
	{Data: schema.Data{Name: "required", Type: schema.Boolean}},
}}

// Apply is what a file says of another blueprint that has to come before it.
type Apply struct {
	// Place and Path are those of the entry that says so.
	Place tree.Place
	Path  string
	// Model is that of blueprints, and By holds what finds the one: its name or its path.
	Model string
	By    []tree.Condition
	// Required is set where it is an error if there is no such blueprint.
	Required bool
}

// takeApply reads an entry that applies another blueprint. It counts for nothing
// where its conditions are false, and where it is to be absent.
func (d *document) takeApply(e *entry, kind *schema.Kind) {
	evaluator := d.evaluatorFor(e)
	e.evaluate(evaluator, kind)
	d.findings.Add(evaluator.Problems...)
	if e.skipped || len(evaluator.Problems) > 0 || e.made.State.Data == string(tree.Absent) {
		return
	}
	at := schema.Join(e.path, "attrs")
	for _, member := range e.made.Attrs {
		if member.Value.HasPending() {
			d.problem(member.Value.Place, schema.Join(at, member.Name()), "depends on a live object: want what is known beforehand")
			return
		}
	}
	attrs := slices.Clone(e.made.Attrs)
	for i, member := range attrs {
		if field := applyShape.Field(member.Name()); field != nil {
			attrs[i].Value = field.Normalize(member.Value)
		}
	}
	if problems := applyShape.Check(at, e.place, attrs); len(problems) > 0 {
		d.findings.Add(problems...)
		return
	}
	// Where its conditions are not known yet, it is no more than an order.
	apply := Apply{Model: kind.Applies, Place: e.place, Path: e.path, Required: len(e.made.Conditions) == 0}
	if required, given := attrs.Get("required"); given {
		apply.Required = apply.Required && required.Truthy()
	}
	identifiers, _ := attrs.Get("identifiers")
	found, _ := identifiers.Data.(tree.Map)
	if len(found) == 0 {
		d.problem(identifiers.Place, schema.Join(at, "identifiers"), "nothing says which blueprint is meant: want its name or its path")
		return
	}
	for _, p := range found {
		apply.By = append(apply.By, tree.Condition{Place: p.Value.Place, Field: p.Name(), Value: p.Value})
	}
	d.file.applies = append(d.file.applies, apply)
}

// means reports whether the blueprint of a file is the one that is meant.
func (a Apply) means(f *File) bool {
	return !slices.ContainsFunc(a.By, func(c tree.Condition) bool {
		text, _ := c.Value.Data.(string)
		switch c.Field {
		case "name":
			return text == "" || f.name != text
		case "path":
			return text == "" || !f.hasPath(text)
		default:
			return true
		}
	})
}

// hasPath reports whether a path, in whatever folder, is the file's.
func (f *File) hasPath(wanted string) bool {
	wanted = "/" + strings.TrimPrefix(path.Clean(wanted), "/")
	return slices.ContainsFunc(f.paths(), func(own string) bool { return strings.HasSuffix("/"+own, wanted) })
}

// Name is what the file's metadata call it; it may be empty.
func (f *File) Name() string { return f.name }

// paths returns those of all that the file is made of.
func (f *File) paths() []string {
	if len(f.Parts) > 0 {
		return f.Parts
	}
	return []string{f.Path}
}

// Ordered returns the files in the order in which their entries count: a file comes
// after those that it wants to be applied before it, and else by its path. missing
// are the required blueprints that are not among the files. Files that want to come
// before each other are warnings.
func (s *Set) Ordered() (files []*File, missing []Apply, warnings tree.Problems) {
	if !slices.ContainsFunc(s.Files, func(f *File) bool { return len(f.applies) > 0 }) {
		return s.Files, nil, nil
	}
	o := newOrder(s.Files)
	for i, file := range s.Files {
		if file.Status != tree.Valid {
			continue
		}
		for _, apply := range file.applies {
			found := o.find(apply)
			o.before[i] = append(o.before[i], found...)
			if len(found) == 0 && apply.Required {
				missing = append(missing, apply)
			}
		}
	}
	for i := range s.Files {
		if o.number[i] == 0 {
			o.visit(i)
		}
	}
	return o.sorted, missing, o.warnings
}

// order sorts files by what comes before what. It is Tarjan's way to find circles,
// which meets what comes first first.
type order struct {
	files       []*File
	before      [][]int // of each file, those that come before it
	met         int
	number, low []int // in which order files were met, and the first that each reaches
	open        []int
	isOpen      []bool
	byName      map[string][]int // files by metadata.name, and by the last part of their paths
	byBase      map[string][]int
	sorted      []*File
	warnings    tree.Problems
}

func newOrder(files []*File) *order {
	many := len(files)
	o := &order{
		files: files, before: make([][]int, many), number: make([]int, many), low: make([]int, many), isOpen: make([]bool, many),
		byName: map[string][]int{}, byBase: map[string][]int{},
	}
	for i, file := range files {
		o.byName[file.name] = append(o.byName[file.name], i)
		for _, own := range file.paths() {
			o.byBase[path.Base(own)] = append(o.byBase[path.Base(own)], i)
		}
	}
	return o
}

// find returns the files that are meant.
func (o *order) find(a Apply) []int {
	text, _ := a.By[0].Value.Data.(string)
	candidates := o.byName[text]
	if a.By[0].Field == "path" {
		candidates = o.byBase[path.Base(text)]
	}
	return slices.DeleteFunc(slices.Clone(candidates), func(i int) bool { return !a.means(o.files[i]) })
}

func (o *order) visit(i int) {
	o.met++
	o.number[i], o.low[i] = o.met, o.met
	o.open, o.isOpen[i] = append(o.open, i), true
	for _, j := range o.before[i] {
		if o.number[j] == 0 {
			o.visit(j)
			o.low[i] = min(o.low[i], o.low[j])
		} else if o.isOpen[j] {
			o.low[i] = min(o.low[i], o.number[j])
		}
	}
	if o.low[i] < o.number[i] {
		return
	}
	at := slices.Index(o.open, i)
	circle := slices.Sorted(slices.Values(o.open[at:]))
	o.open = o.open[:at]
	names := make([]string, len(circle))
	for k, j := range circle {
		o.sorted, names[k], o.isOpen[j] = append(o.sorted, o.files[j]), o.files[j].Path, false
	}
	if first := o.files[circle[0]]; len(circle) > 1 {
		o.warnings = append(o.warnings, tree.Problem{Place: first.applies[0].Place, Path: first.applies[0].Path,
			Message: fmt.Sprintf("these files want to be applied before each other, and come in the order of their names: %s", strings.Join(names, ", "))})
	}
}
