package cue

import (
	"bytes"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// Entries that comprehensions make are evaluated a part at a time, too: each loop goes
// over a part of what it goes over, and what is not of the part stands behind an "if
// false". The files are else what they are, so that each name means what it does in the
// whole, and each place is what it is there.

const (
	// leastMade is how many units there are at least where they are evaluated in parts,
	// and firstMade how many of them the first part has. What that takes tells how many
	// the others may have.
	leastMade = 64
	firstMade = 16
	// partBytes is how much memory a part may allocate beside what is evaluated with
	// each part, and mostRepeated how much that may be.
	partBytes    = 48 << 20
	mostRepeated = 24 << 20
	// countBytes is about how much counting allocates for a unit.
	countBytes = 3 << 10
	// mostMadeText is how many bytes the files may have, since they are read with each
	// part.
	mostMadeText = 256 << 10
	// mostGrowth is how many times as many units as the part before it a part may have,
	// where those took next to nothing.
	mostGrowth = 8
)

// What is added to a file: a definition of the keys of what its loops go over, one of
// those that are in a part, and a name for the key of a loop that has none.
const (
	ownName  = "aksyncOwn"
	keysName = "#" + ownName + "Keys"
	partName = "#" + ownName + "Part"
	keyName  = ownName + "Key"
)

// made are entries that comprehensions make. A unit is an element that is written out
// or a round of a loop.
type made struct {
	total  int      // units
	makers []rounds // of each maker of entries
	// fields are those that are written out where entries is a mapping.
	fields map[string]given
	// repeated is how many bytes are allocated for what is evaluated with each part: the
	// first two parts tell more of it than what was counted with, since CUE leaves out
	// what nothing needs.
	repeated    int64
	first, last cost
	parts       int // so far
}

// cost is how many bytes were allocated for so many units.
type cost struct {
	units int
	bytes int64
}

// given is a field of the mapping entries that is written out.
type given struct {
	part
	inParts bool // it is a list, some of whose elements are of each part
}

// rounds are the units of a maker.
type rounds struct {
	part
	keys []string // of the struct that a loop goes over; nil where that is a list
}

// source is what gives entries in a file.
type source struct {
	file    *ast.File
	imports imports
	mapping *ast.StructLit // nil where entries is a list
	makers  []maker
	// fields are those that are written out in the mapping, and whether they are lists of
	// what makers make.
	fields map[string]bool
	// named are the names that stand anywhere but as a label, and declared those that
	// something in the file has.
	named, declared map[string]bool
}

// maker makes entries: an element of a list, a comprehension, or a field as a whole.
type maker struct {
	field         string    // of the mapping entries that it makes, or in whose list it is
	element       *ast.Expr // of a list
	comprehension *ast.Comprehension
	loop          int // which of the clauses is its first loop; -1 where none is
}

// makes gives what makes the entries of a job; nil where no loop does or it makes few,
// or where one entry may depend on another, or on how many there are.
func (e *cueEvaluator) makes(job Job) *made {
	if !slices.ContainsFunc(job.Parts, func(p Part) bool { return bytes.Contains(p.Text, []byte("for")) }) {
		return nil // most files are small, and parsing them again is a third of the work
	}
	size, found := 0, (*source)(nil)
	for _, part := range job.Parts {
		if size += len(part.Text); size > mostMadeText {
			return nil
		}
		s := parseSource(part)
		if s == nil || found != nil && s.makers != nil {
			return nil
		}
		if s.makers != nil {
			found = s
		}
	}
	if found == nil || !slices.ContainsFunc(found.makers, maker.isLoop) {
		return nil
	}
	m := &made{fields: map[string]given{}}
	counted := e.count(job, found, m)
	if m.repeated > mostRepeated {
		e.context, e.schema = nil, nil
		runtime.GC() // it would be there beside the whole
	}
	if !counted || m.total < leastMade || m.repeated > mostRepeated {
		return nil
	}
	return m
}

func parseSource(p Part) *source {
	file, err := parser.ParseFile(p.Name, p.Text)
	if err != nil {
		return nil
	}
	return sourceOf(file)
}

// sourceOf looks for what makes entries; there is nothing where what stands in the file
// beside them may say something of them. Where no entries are in it, there are no makers.
func sourceOf(file *ast.File) *source {
	s := &source{file: file, fields: map[string]bool{}, named: map[string]bool{}, declared: map[string]bool{}}
	entries, ok := entriesAmong(file.Decls, s.imports.standBeside)
	if !ok || s.tells() || entries != nil && !s.take(entries.Value) {
		return nil
	}
	return s
}

// tells reports whether something names the entries, or has one of the names that are
// added. It takes note of all names.
func (s *source) tells() bool {
	labels := map[ast.Node]bool{}
	told := false
	ast.Walk(s.file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Ident:
			if told = told || strings.Contains(node.Name, ownName); !labels[node] {
				s.named[node.Name] = true
			}
		case *ast.Field:
			labels[node.Label] = true
			s.declared[nameOf(node)] = true
		case *ast.LetClause:
			s.declared[node.Ident.Name] = true
		case *ast.ForClause:
			s.declared[node.Value.Name] = true
			if node.Key != nil {
				s.declared[node.Key.Name] = true
			}
		}
		return true
	}, nil)
	return told || s.named[entriesField]
}

// take takes what makes the entries; it reports whether all of it can be told apart.
func (s *source) take(entries ast.Expr) bool {
	mapping, isMapping := entries.(*ast.StructLit)
	if !isMapping {
		return s.takeList(entries, "")
	}
	s.mapping = mapping
	first := slices.IndexFunc(mapping.Elts, func(decl ast.Decl) bool {
		_, isLoop := decl.(*ast.Comprehension)
		return isLoop
	})
	for i, decl := range mapping.Elts {
		switch decl := decl.(type) {
		case *ast.CommentGroup, *ast.LetClause:
		case *ast.Comprehension:
			if !s.add(maker{comprehension: decl}) {
				return false
			}
		case *ast.Field:
			// Where CUE puts one that is written after a loop depends on what that makes.
			if isAfter := first >= 0 && i > first; isAfter || !s.takeField(decl, first >= 0) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// takeField takes a field of the mapping entries. What something else looks at stays as it
// is, and so does what a loop may add to.
func (s *source) takeField(field *ast.Field, loops bool) bool {
	name := nameOfGiven(field)
	if _, known := s.fields[name]; known || name == "" {
		return false
	}
	before := len(s.makers)
	s.fields[name] = !loops && !s.named[name] && s.takeList(field.Value, name) && len(s.makers) > before
	if s.fields[name] {
		return true
	}
	s.makers = s.makers[:before]
	return s.add(maker{field: name})
}

// takeList takes the elements of a list that is written out, or that list.Concat or
// list.FlattenN make of one: where an element is left out, so is what they make of it.
func (s *source) takeList(expr ast.Expr, field string) bool {
	list, isList := expr.(*ast.ListLit)
	call, isCall := expr.(*ast.CallExpr)
	if isCall && len(call.Args) > 0 && s.joins(call.Fun) {
		list, isList = call.Args[0].(*ast.ListLit)
	}
	if !isList {
		return false
	}
	for i := range list.Elts {
		element := &list.Elts[i]
		if _, isOpen := (*element).(*ast.Ellipsis); isOpen {
			return false
		}
		before := len(s.makers)
		if isCall && s.takeList(*element, field) {
			continue
		}
		s.makers = s.makers[:before]
		comprehension, _ := (*element).(*ast.Comprehension)
		if !s.add(maker{field: field, element: element, comprehension: comprehension}) {
			return false
		}
	}
	return true
}

// joins reports whether a function makes one list of several.
func (s *source) joins(function ast.Expr) bool {
	name := s.imports.ofSelector(function, "Concat", "list")
	if name == "" {
		name = s.imports.ofSelector(function, "FlattenN", "list")
	}
	return name != "" && !s.declared[name]
}

// add adds a maker, and reports whether it can be switched off.
func (s *source) add(m maker) bool {
	m.loop = -1
	if m.comprehension != nil {
		m.loop = slices.IndexFunc(m.comprehension.Clauses, func(c ast.Clause) bool {
			_, isLoop := c.(*ast.ForClause)
			return isLoop
		})
	}
	s.makers = append(s.makers, m)
	return m.comprehension == nil || m.comprehension.Fallback == nil
}

func (m maker) isLoop() bool { return m.loop >= 0 }

// switchOff lets a maker make nothing, but for a field as a whole.
func (m maker) switchOff() {
	never := &ast.IfClause{Condition: ast.NewBool(false)}
	switch {
	case m.comprehension != nil:
		m.comprehension.Clauses = slices.Insert(m.comprehension.Clauses, 0, ast.Clause(never))
	case m.element != nil:
		*m.element = &ast.Comprehension{
			Clauses: []ast.Clause{never},
			Value:   &ast.StructLit{Elts: []ast.Decl{&ast.EmbedDecl{Expr: *m.element}}},
		}
	}
}

// key is the key of the loop, which gets one where it has none.
func (m maker) key() *ast.Ident {
	loop := m.comprehension.Clauses[m.loop].(*ast.ForClause)
	if loop.Key == nil || loop.Key.Name == "_" {
		loop.Key = ast.NewIdent(keyName)
	}
	return ast.NewIdent(loop.Key.Name)
}

// restrict lets the loop go over that part of its rounds. Where those have names, they
// are looked for in a definition of this name, which it gives.
func (m maker) restrict(r rounds, p part, name string) (definition *ast.StructLit) {
	var is ast.Expr
	from, to := p.from-r.from, p.to-r.from
	if r.keys == nil {
		is = ast.NewBinExpr(token.LAND,
			ast.NewBinExpr(token.GEQ, m.key(), ast.NewLit(token.INT, strconv.Itoa(from))),
			ast.NewBinExpr(token.LSS, m.key(), ast.NewLit(token.INT, strconv.Itoa(to))))
	} else {
		definition = &ast.StructLit{}
		for _, key := range r.keys[from:to] {
			definition.Elts = append(definition.Elts, &ast.Field{Label: ast.NewString(key), Value: ast.NewBool(true)})
		}
		is = ast.NewBinExpr(token.NEQ, &ast.IndexExpr{X: ast.NewIdent(name), Index: m.key()}, &ast.BottomLit{})
	}
	m.comprehension.Clauses = slices.Insert(m.comprehension.Clauses, m.loop+1, ast.Clause(&ast.IfClause{Condition: is}))
	return definition
}

// keys is a list of the keys of each loop, to be put into another reading of the file.
func (s *source) keys() *ast.ListLit {
	all := &ast.ListLit{}
	for _, m := range s.makers {
		keys := &ast.ListLit{}
		if m.isLoop() {
			key := m.key()
			keys.Elts = []ast.Expr{&ast.Comprehension{
				Clauses: m.comprehension.Clauses[:m.loop+1],
				Value:   &ast.StructLit{Elts: []ast.Decl{&ast.EmbedDecl{Expr: key}}},
			}}
		}
		all.Elts = append(all.Elts, keys)
	}
	ast.Walk(all, func(node ast.Node) bool {
		if name, isName := node.(*ast.Ident); isName {
			name.Node, name.Scope = nil, nil // of this reading
		}
		return true
	}, nil)
	return all
}

// count counts the units, without evaluating an entry.
func (e *cueEvaluator) count(job Job, s *source, m *made) bool {
	before := allocated()
	definition := &ast.Field{Label: ast.NewIdent(keysName), Value: s.keys()}
	job.edit = func(edited *source) {
		for _, m := range edited.makers {
			m.switchOff()
		}
		if edited.mapping != nil {
			edited.mapping.Elts = append(edited.mapping.Elts, definition)
		} else {
			edited.file.Decls = append(edited.file.Decls, definition)
		}
	}
	c, root := e.build(job)
	if c == nil || root.Validate() != nil {
		return false
	}
	path := []cue.Selector{cue.Def(keysName)}
	if s.mapping != nil {
		path = append([]cue.Selector{cue.Str(entriesField)}, path...)
	}
	loops := elementsOf(root.LookupPath(cue.MakePath(path...)))
	if len(loops) != len(s.makers) {
		return false
	}
	for i, loop := range loops {
		r := rounds{part: part{from: m.total}}
		keys := elementsOf(loop)
		for _, key := range keys {
			if name, err := key.String(); err == nil {
				r.keys = append(r.keys, name)
			}
		}
		if len(r.keys) > 0 && len(r.keys) < len(keys) {
			return false
		}
		m.total += max(1, len(keys))
		r.to = m.total
		m.makers = append(m.makers, r)
		if field := s.makers[i].field; field != "" {
			g, known := m.fields[field]
			if !known {
				g.from = r.from
			}
			m.fields[field] = given{part{g.from, r.to}, s.fields[field]}
		}
	}
	m.repeated = max(0, int64(allocated()-before)-int64(m.total)*countBytes)
	return true
}

func (m *made) units() int { return m.total }

func (m *made) part(from int) part {
	size := firstMade
	switch each := max(1, (m.last.bytes-m.repeated)/int64(max(1, m.last.units))); {
	case m.parts == 1 && m.last.bytes > partBytes:
		size = max(1, m.last.units/2)
	case m.parts == 1:
		size = mostGrowth * m.last.units
	case m.parts > 1:
		size = int(min(partBytes/each+1, int64(mostGrowth*m.last.units)))
	}
	return part{from, min(from+size, m.total)}
}

func (m *made) took(p part, bytes uint64) bool {
	m.last = cost{p.to - p.from, int64(bytes)}
	switch m.parts++; m.parts {
	case 1:
		m.first = m.last
	case 2:
		each := max(0, float64(m.last.bytes-m.first.bytes)/float64(m.last.units-m.first.units))
		m.repeated = max(m.repeated, m.first.bytes-int64(each*float64(m.first.units)))
	}
	return m.repeated <= mostRepeated
}

// change lets the job make the part alone.
func (m *made) change(job *Job, p part) {
	job.edit = func(s *source) {
		for i, maker := range s.makers {
			r := m.makers[i]
			switch both := r.both(p); {
			case both.isEmpty():
				maker.switchOff()
			case both != r.part:
				name := partName + strconv.Itoa(i)
				if keys := maker.restrict(r, both, name); keys != nil {
					s.file.Decls = append(s.file.Decls, &ast.Field{Label: ast.NewIdent(name), Value: keys})
				}
			}
		}
	}
}

func (m *made) field(name string) (given, bool) {
	g, isGiven := m.fields[name]
	return g, isGiven
}
