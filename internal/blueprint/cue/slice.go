package cue

import (
	"slices"
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/schema"
)

// A file that is mostly a list of entries that are written out is evaluated a part of
// the list at a time: what CUE makes of ten thousand entries is 90 MiB, which it can
// let go of only as a whole. The parts are texts in which the other entries are blank,
// so that each place is what it is in the file.

const (
	// leastSliced is how many bytes a list has at least that is evaluated in parts,
	// and sliceBytes how many of them make a part.
	leastSliced = 400 << 10
	sliceBytes  = 200 << 10
	// mostFrame is how many bytes may stand beside the list, since they are evaluated
	// with each part.
	mostFrame = 32 << 10
)

const entriesField = "entries"

// list is the list of entries in a text.
type list struct {
	text     []byte
	elements []element
	end      int // where the list is closed
	imports  imports
	used     map[string]bool // the names that stand beside the list
}

// element is one of the elements of a list.
type element struct {
	start int
	used  map[string]bool // the names in it that are those of imports
}

// imports are those of a file.
type imports []imported

type imported struct {
	name       string
	path       string
	start, end int // of its text
}

// have reports whether a name is that of an imported package.
func (i imports) have(name, path string) bool {
	return slices.ContainsFunc(i, func(i imported) bool { return i.name == name && i.path == path })
}

// slice gives the list of a file, where that may be evaluated in parts; nil where it
// is small, or where one entry may depend on another, or on how many there are.
func slice(p Part) *list {
	if len(p.Text) < leastSliced {
		return nil
	}
	file, err := parser.ParseFile(p.Name, p.Text)
	if err != nil {
		return nil
	}
	l := &list{text: p.Text, used: map[string]bool{}}
	entries, ok := entriesAmong(file.Decls, l.frame)
	if !ok || entries == nil {
		return nil
	}
	if found, isList := entries.Value.(*ast.ListLit); !isList || !l.take(found) {
		return nil
	}
	size := l.end - l.elements[0].start
	if size < leastSliced || len(p.Text)-size > mostFrame {
		return nil
	}
	return l
}

// frame looks at a declaration beside the list, and reports whether it is a plain one:
// it says nothing of the list, and is cheap to evaluate.
func (l *list) frame(decl ast.Decl) bool {
	if !l.imports.standBeside(decl) {
		return false
	}
	switch decl := decl.(type) {
	case *ast.LetClause:
		return false
	case *ast.ImportDecl:
		return !slices.ContainsFunc(l.imports, func(i imported) bool { return isOfModule(i.path) })
	case *ast.EmbedDecl:
		return l.names(decl, l.used)
	case *ast.Field:
		return isPlain(decl.Value) && l.names(decl, l.used)
	}
	return true
}

// standBeside reports whether a declaration may stand beside entries. Imports are added.
func (i *imports) standBeside(decl ast.Decl) bool {
	switch decl := decl.(type) {
	case *ast.Package, *ast.CommentGroup, *ast.LetClause:
		return true
	case *ast.ImportDecl:
		added, ok := importsOf(decl)
		*i = append(*i, added...)
		return ok
	case *ast.EmbedDecl:
		return i.ofSelector(decl.Expr, "#Blueprint", schema.ImportPath) != ""
	case *ast.Field:
		name := nameOfPlain(decl)
		return name != "" && name != entriesField
	default:
		return false
	}
}

// entriesAmong finds the field entries among the declarations of a file, of which each
// other one has to be one that may stand beside it.
func entriesAmong(decls []ast.Decl, isBeside func(ast.Decl) bool) (entries *ast.Field, ok bool) {
	for _, decl := range decls {
		switch field := entriesIn(decl); {
		case field != nil && entries == nil:
			entries = field
		case !isBeside(decl):
			return nil, false
		}
	}
	return entries, true
}

// entriesIn is the field entries where a declaration gives it and says no more of it.
func entriesIn(decl ast.Decl) *ast.Field {
	field, isField := decl.(*ast.Field)
	if !isField || nameOfGiven(field) != entriesField {
		return nil
	}
	return field
}

// nameOfGiven is the name of a field that has a value and nothing else; "" for others.
func nameOfGiven(field *ast.Field) string {
	if field.Constraint != token.ILLEGAL || len(field.Attrs) > 0 {
		return ""
	}
	return nameOfPlain(field)
}

// nameOfPlain is the name of a field that nothing else can be called by; there is none
// where it has an alias, or the label is a pattern or is computed.
func nameOfPlain(field *ast.Field) string {
	switch field.Label.(type) {
	case *ast.Ident, *ast.BasicLit:
	default:
		return ""
	}
	if field.Alias != nil {
		return ""
	}
	return nameOf(field)
}

// ofSelector is the name of the package at path where an expression is its name, a
// dot and the selector; "" where it is not.
func (i imports) ofSelector(expr ast.Expr, selector, path string) string {
	selected, isSelector := expr.(*ast.SelectorExpr)
	if !isSelector {
		return ""
	}
	name, _, _ := ast.LabelName(selected.Sel)
	from, isName := selected.X.(*ast.Ident)
	if !isName || name != selector || !i.have(from.Name, path) {
		return ""
	}
	return from.Name
}

// isPlain reports whether nothing in an expression may be dear.
func isPlain(expr ast.Expr) bool {
	plain := true
	ast.Walk(expr, func(node ast.Node) bool {
		switch node.(type) {
		case *ast.Comprehension, *ast.CallExpr, *ast.Interpolation:
			plain = false
		}
		return plain
	}, nil)
	return plain
}

// names adds the names in a node, and reports whether that of the list is none of them.
func (l *list) names(node ast.Node, to map[string]bool) bool {
	ok := true
	ast.Walk(node, func(node ast.Node) bool {
		if name, isName := node.(*ast.Ident); isName {
			to[name.Name] = true
			ok = ok && name.Name != entriesField
		}
		return ok
	}, nil)
	return ok
}

// importsOf are the imports of a declaration; it reports whether all can be read.
func importsOf(decl *ast.ImportDecl) (all imports, ok bool) {
	for _, spec := range decl.Specs {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, false
		}
		folder, name := splitImport(path)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		text := imported{name, folder, spec.Pos().Offset(), spec.End().Offset()}
		if !decl.Lparen.IsValid() {
			text.start = decl.Pos().Offset()
		}
		all = append(all, text)
	}
	return all, true
}

// take takes the elements of the list; it reports whether each is one entry that says
// nothing of others.
func (l *list) take(entries *ast.ListLit) bool {
	importedNames := map[string]bool{}
	for _, i := range l.imports {
		importedNames[i.name] = true
	}
	for _, expr := range entries.Elts {
		switch expr.(type) {
		case *ast.StructLit, *ast.BinaryExpr, *ast.SelectorExpr, *ast.Ident, *ast.ParenExpr:
		default:
			return false
		}
		one := element{expr.Pos().Offset(), map[string]bool{}}
		if !l.names(expr, one.used) {
			return false
		}
		for name := range one.used {
			if !importedNames[name] {
				delete(one.used, name)
			}
		}
		l.elements = append(l.elements, one)
	}
	l.end = entries.Rbrack.Offset()
	return len(l.elements) > 0 && entries.Rbrack.IsValid() && l.inOrder()
}

// inOrder reports whether the elements lie in the text as they are expected to.
func (l *list) inOrder() bool {
	return slices.IsSortedFunc(l.elements, func(a, b element) int { return a.start - b.start }) &&
		l.elements[0].start > 0 && l.elements[len(l.elements)-1].start < l.end && l.end <= len(l.text)
}

func (l *list) units() int { return len(l.elements) }

// part is one of sliceBytes, or more where its last element is that long.
func (l *list) part(from int) part {
	to := from
	for to < len(l.elements) && (to == from || l.endOf(to-1)-l.elements[from].start < sliceBytes) {
		to++
	}
	return part{from, to}
}

func (l *list) took(part, uint64) bool { return true }

func (l *list) field(string) (given, bool) { return given{}, false }

// endOf is where what belongs to an element ends.
func (l *list) endOf(i int) int {
	if i == len(l.elements)-1 {
		return l.end
	}
	return l.elements[i+1].start
}

// change gives the job the text without the elements that are not in the part, and
// without the imports that only those use.
func (l *list) change(job *Job, p part) {
	file := job.Parts[0]
	file.Text = l.only(p)
	job.Parts = []Part{file}
}

func (l *list) only(p part) []byte {
	text := slices.Clone(l.text)
	blank(text[l.elements[0].start:l.elements[p.from].start])
	blank(text[l.endOf(p.to-1):l.end])
	for _, i := range l.imports {
		uses := func(e element) bool { return e.used[i.name] }
		if !l.used[i.name] && !slices.ContainsFunc(l.elements[p.from:p.to], uses) && slices.ContainsFunc(l.elements, uses) {
			blank(text[i.start:i.end])
		}
	}
	return text
}

// blank leaves nothing but where the lines end.
func blank(text []byte) {
	for i, b := range text {
		if b != '\n' {
			text[i] = ' '
		}
	}
}
