// Package yaml reads blueprints in YAML into trees, as PyYAML and so authentik reads
// them.
package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// yamlFile turns the text of a YAML file into nodes.
type yamlFile struct {
	path     string
	language tags.Language
	findings bounds.Findings
	warnings bounds.Findings

	at       string                  // the path of what is being made
	anchored map[*yaml.Node]anchored // those that may be asked for again
	making   map[*yaml.Node]bool
	steps    int // as mostSteps counts them, for keys: aliases and << repeat them
	tooBig   bool
}

// anchored is a node that was turned already, and how deep it is.
type anchored struct {
	node  tree.Value
	depth int
}

// Read gives the root of a YAML file. There is none, and no problem, where
// the file holds nothing. warnings are what authentik takes and what does no harm.
func Read(path string, text []byte, l tags.Language) (root tree.Value, found bool, problems, warnings tree.Problems) {
	if problem := textfile.NotText(path, text); problem != nil {
		return tree.Value{}, false, tree.Problems{*problem}, nil
	}
	text, problem := withoutDirectives(path, text)
	if problem == nil {
		problem = tooMuch(path, text)
	}
	if problem != nil {
		return tree.Value{}, false, tree.Problems{*problem}, nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	switch err := decodeYAML(decoder, &document); {
	case errors.Is(err, io.EOF):
		return tree.Value{}, false, nil, nil
	case err != nil:
		return tree.Value{}, false, tree.Problems{syntaxProblem(path, text, err)}, nil
	}
	switch err := decodeYAML(decoder, &second); {
	case err == nil:
		return tree.Value{}, false, tree.Problems{{
			Place:   tree.Place{File: path, Line: second.Line, Column: second.Column},
			Message: "a second document begins here: authentik takes one document a file",
		}}, nil
	case !errors.Is(err, io.EOF):
		return tree.Value{}, false, tree.Problems{syntaxProblem(path, text, err)}, nil
	}
	f := &yamlFile{path: path, language: l, anchored: map[*yaml.Node]anchored{}, making: map[*yaml.Node]bool{}}
	f.anchorsTwice(document.Content[0], map[string]*yaml.Node{})
	root, _ = f.node(document.Content[0])
	return root, root.Data != nil && !f.tooBig, f.findings.Problems, f.warnings.Problems
}

// decodeYAML keeps a panic of the parser from ending the program: its input
// comes from anywhere.
func decodeYAML(decoder *yaml.Decoder, document *yaml.Node) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("yaml: %v", broken)
		}
	}()
	return decoder.Decode(document)
}

func (f *yamlFile) place(n *yaml.Node) tree.Place {
	return tree.Place{File: f.path, Line: n.Line, Column: n.Column}
}

func (f *yamlFile) problem(n *yaml.Node, format string, args ...any) {
	f.findings.Add(tree.Problem{Place: f.place(n), Path: f.at, Message: fmt.Sprintf(format, args...)})
}

// spend counts work and reports whether the reading may go on.
func (f *yamlFile) spend(n *yaml.Node, steps int) bool {
	if f.steps += steps; f.steps > bounds.MostSteps && !f.tooBig {
		f.problem(n, "%s", bounds.GrowsWithoutEnd())
		f.tooBig = true
	}
	return !f.tooBig
}

// node gives what n says and how deep it is nested. Each is made once, however
// many aliases it has, and then given up: of a large file the tree of YAML and
// ours are not in memory as a whole at the same time.
func (f *yamlFile) node(n *yaml.Node) (tree.Value, int) {
	if n.Kind == yaml.AliasNode {
		return f.alias(n)
	}
	if done, known := f.anchored[n]; known {
		return done.node, done.depth
	}
	if f.tooBig {
		return tree.Value{Place: f.place(n), Data: tree.Broken{}}, 0
	}
	f.making[n] = true
	if len(f.making) > bounds.MostNesting {
		f.nestedTooDeep(n)
	}
	data, depth := f.data(n)
	delete(f.making, n)
	if depth > bounds.MostNesting && !f.tooBig {
		f.nestedTooDeep(n)
	}
	done := anchored{tree.Value{Place: f.place(n), Data: data}, depth}
	if n.Anchor != "" {
		f.anchored[n] = done
	}
	n.Content = nil
	return done.node, done.depth
}

// nestedTooDeep ends the reading. The path would be as long as the nesting is
// deep.
func (f *yamlFile) nestedTooDeep(n *yaml.Node) {
	f.tooBig = true
	f.findings.Add(tree.Problem{Place: f.place(n), Message: fmt.Sprintf("nested deeper than %d levels", bounds.MostNesting)})
}

// alias gives what an alias stands for. Its place stays that of the anchor,
// since that is where a wrong value has to be put right.
func (f *yamlFile) alias(n *yaml.Node) (tree.Value, int) {
	if f.making[n.Alias] {
		f.problem(n, "*%s stands inside of what it refers to", n.Value)
		return tree.Value{Place: f.place(n), Data: tree.Broken{}}, 0
	}
	return f.node(n.Alias)
}

func (f *yamlFile) data(n *yaml.Node) (any, int) {
	if n.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(n.Tag, "!!") {
		return f.call(n)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!seq" {
			return f.standardTag(n), 0
		}
		return f.list(n)
	case yaml.MappingNode:
		if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!map" {
			return f.standardTag(n), 0
		}
		return f.dict(n)
	default:
		return f.scalar(n), 0
	}
}

func (f *yamlFile) scalar(n *yaml.Node) any {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch {
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str":
		return f.standardTag(n)
	case quoted || n.Style&yaml.TaggedStyle != 0:
		return n.Value
	}
	data, problem := plainScalar(n.Value)
	if problem != "" {
		f.problem(n, "%s", problem)
		return tree.Broken{}
	}
	return data
}

// standardTag reads a value with one of YAML's own tags.
func (f *yamlFile) standardTag(n *yaml.Node) any {
	var data any
	problem := ""
	switch {
	case n.Tag == "!!null":
		return nil
	case n.Tag == "!!bool" && boolForm.MatchString(n.Value):
		return yamlBool(n.Value)
	case n.Tag == "!!int" && n.Kind == yaml.ScalarNode && intForm.MatchString(n.Value):
		data, problem = yamlInt(n.Value)
	case n.Tag == "!!float" && n.Kind == yaml.ScalarNode && (floatForm.MatchString(n.Value) || intForm.MatchString(n.Value)):
		data, problem = yamlFloat(n.Value)
	case n.Tag == "!!timestamp" || n.Tag == "!!binary" || n.Tag == "!!set" || n.Tag == "!!omap" || n.Tag == "!!pairs":
		return tree.Unusable{Why: "tagged " + n.Tag + ", which no field takes: want text, a number, a list or a mapping"}
	case n.Tag == "!!bool" || n.Tag == "!!int" || n.Tag == "!!float" || n.Tag == "!!str" || n.Tag == "!!seq" || n.Tag == "!!map":
		problem = fmt.Sprintf("this is not what %s says: leave the tag out", n.Tag)
	default:
		problem = fmt.Sprintf("unknown tag %s: %s", n.Tag, schema.Suggest(n.Tag, f.language.Names()))
	}
	if problem != "" {
		f.problem(n, "%s", problem)
		return tree.Broken{}
	}
	return data
}

// below makes what stands at a path.
func (f *yamlFile) below(path string, n *yaml.Node) (tree.Value, int) {
	around := f.at
	f.at = path
	defer func() { f.at = around }()
	return f.node(n)
}

func (f *yamlFile) list(n *yaml.Node) (tree.List, int) {
	elements, deepest := make(tree.List, len(n.Content)), 0
	for i, child := range n.Content {
		element, depth := f.below(schema.Index(f.at, i), child)
		elements[i], deepest = element, max(deepest, depth)
	}
	return elements, deepest + 1
}

// arguments are a list that has no path of its own: the path of a tag is that
// of the value that it gives.
func (f *yamlFile) arguments(n *yaml.Node) (tree.List, int) {
	elements, deepest := make(tree.List, len(n.Content)), 0
	for i, child := range n.Content {
		element, depth := f.node(child)
		elements[i], deepest = element, max(deepest, depth)
	}
	return elements, deepest + 1
}

// call makes a tag of authentik's with its arguments.
func (f *yamlFile) call(n *yaml.Node) (any, int) {
	c, depth := &tree.Call{Tag: n.Tag}, 0
	switch n.Kind {
	case yaml.ScalarNode:
		c.Arg = tree.Value{Place: f.place(n), Data: n.Value}
	case yaml.SequenceNode:
		var arguments tree.List
		arguments, depth = f.arguments(n)
		c.Arg = tree.Value{Place: f.place(n), Data: arguments}
	default:
		var arguments tree.Map
		arguments, depth = f.dict(n)
		c.Arg = tree.Value{Place: f.place(n), Data: arguments}
	}
	if f.findings.Full() {
		return tree.Broken{}, 0 // nobody reads on, and looking for the next problem takes its time
	}
	if complaint := f.language.Complain(c); complaint != "" {
		f.problem(n, "%s", complaint)
		return tree.Broken{}, 0
	}
	return c, depth + 1
}

// dict makes a mapping: what is merged into it by << comes first, as PyYAML
// has it, and its own keys win.
func (f *yamlFile) dict(n *yaml.Node) (tree.Map, int) {
	var merged tree.Map
	own := make(tree.Map, 0, len(n.Content)/2)
	type where struct{ line, at int }
	given, deepest := make(map[string]where, len(n.Content)/2), 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, valueNode := n.Content[i], n.Content[i+1]
		if keyNode.Kind == yaml.ScalarNode && keyNode.Tag == "!!merge" {
			bases, depth := f.merge(valueNode)
			merged, deepest = append(merged, bases...), max(deepest, depth)
			continue
		}
		key, _ := f.key(keyNode)
		value, depth := f.below(schema.Join(f.at, tree.PathKey(key.Data)), valueNode)
		deepest = max(deepest, depth)
		if _, isBroken := key.Data.(tree.Broken); isBroken {
			continue
		}
		if !tree.IsKey(key.Data) {
			f.problem(keyNode, "%s can't be a key: want text", tree.TypeName(key.Data))
			continue
		}
		if !f.spend(keyNode, 1+bounds.Weight(key.Data)) {
			return nil, deepest + 1
		}
		id := tree.KeyID(key.Data)
		if first, is := given[id]; is {
			f.givenTwice(keyNode, own[first.at], value, first.line)
			continue
		}
		given[id] = where{keyNode.Line, len(own)}
		if keyNode.Kind == yaml.AliasNode {
			key.Place = f.place(keyNode)
		}
		own = append(own, tree.Pair{Key: key, Value: value})
	}
	return tree.Overlay(merged, own), deepest + 1
}

// givenTwice notes a key that a mapping has already. Of two values authentik takes
// the last; that does no harm where it is the first one again.
func (f *yamlFile) givenTwice(n *yaml.Node, first tree.Pair, again tree.Value, line int) {
	key, findings, same := tree.PathKey(first.Key.Data), &f.findings, ""
	if f.same(n, first.Value, again) {
		findings, same = &f.warnings, " with the same value"
	}
	findings.Add(tree.Problem{Place: f.place(n), Path: schema.Join(f.at, key),
		Message: fmt.Sprintf("the key %q is given twice%s: it stands at line %d already", key, same, line)})
}

// same reports whether two values are the same but for their places.
func (f *yamlFile) same(n *yaml.Node, a, b tree.Value) bool {
	if !f.spend(n, 1) {
		return false
	}
	switch data := a.Data.(type) {
	case tree.List:
		other, isList := b.Data.(tree.List)
		return isList && slices.EqualFunc(data, other, func(a, b tree.Value) bool { return f.same(n, a, b) })
	case tree.Map:
		other, isMap := b.Data.(tree.Map)
		return isMap && slices.EqualFunc(data, other, func(a, b tree.Pair) bool { return f.same(n, a.Key, b.Key) && f.same(n, a.Value, b.Value) })
	case *tree.Call:
		other, isCall := b.Data.(*tree.Call)
		return isCall && data.Tag == other.Tag && f.same(n, data.Arg, other.Arg)
	case tree.Broken, tree.Unusable:
		return false
	default:
		return reflect.DeepEqual(a.Data, b.Data)
	}
}

// key makes a key of a mapping: there a lone = is text.
func (f *yamlFile) key(n *yaml.Node) (tree.Value, int) {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "=" {
		return tree.Value{Place: f.place(n), Data: n.Value}, 0
	}
	return f.node(n)
}

// merge gives the pairs that << brings, the weakest first.
func (f *yamlFile) merge(n *yaml.Node) (tree.Map, int) {
	base, depth := f.node(n)
	sources := tree.List{base}
	if several, isList := base.Data.(tree.List); isList {
		sources = several
	}
	var merged tree.Map
	for i := len(sources) - 1; i >= 0; i-- {
		pairs, isDict := sources[i].Data.(tree.Map)
		if _, isBroken := sources[i].Data.(tree.Broken); isBroken {
			return nil, 0
		}
		if !isDict {
			f.problem(n, "<< wants a mapping or a list of mappings: it got %s", tree.TypeName(sources[i].Data))
			return nil, 0
		}
		if !f.spend(n, len(merged)+len(pairs)+bounds.KeysWeight(merged)+bounds.KeysWeight(pairs)) {
			return nil, 0
		}
		merged = tree.Overlay(merged, pairs)
	}
	return merged, depth
}
