package yamledit

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Place is a line and a column of a file, both from 1 on.
type Place struct{ Line, Column int }

// Change is one change of a file: of a field's name, of its value, or of both. Where the
// mapping that it is in, or a part of it, has an anchor, the change is not made: it would
// be made elsewhere, too.
type Change struct {
	// Entry is where the mapping begins that holds what is changed, and At where that
	// stands: the key of a field that is renamed, or the value that gets another one.
	Entry, At Place
	// From is the name or the value that has to be there, and To what it becomes.
	From, To string
	// Listed is set where the value of the field that is renamed becomes the one element
	// of a list; or, with Null, where it is null, and the list empty.
	Listed, Null bool
}

// Apply makes changes of a YAML text, and says which of them were made. The others can't
// be made without touching what is around.
func Apply(text []byte, changes []Change) (edited []byte, made []bool) {
	made = make([]bool, len(changes))
	if edited, err := apply(text, changes); err == nil {
		for i := range made {
			made[i] = true
		}
		return edited, made
	}
	// From below, so that what is changed moves nothing that is yet to be.
	order := make([]int, len(changes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		one, other := changes[a].At, changes[b].At
		if one.Line != other.Line {
			return other.Line - one.Line
		}
		return other.Column - one.Column
	})
	for _, i := range order {
		if one, err := apply(text, changes[i:i+1]); err == nil {
			text, made[i] = one, true
		}
	}
	return text, made
}

// apply makes all of the changes, or none. What comes out has to say what the text says,
// but for them.
func apply(text []byte, changes []Change) ([]byte, error) {
	var root, want, got yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(text, &want); err != nil {
		return nil, err
	}
	source := newSource(text)
	var edits []edit
	for _, change := range changes {
		made, err := change.edits(source, &root)
		if err != nil {
			return nil, err
		}
		edits = append(edits, made...)
		if err := change.makeIn(&want); err != nil {
			return nil, err
		}
	}
	edited, err := source.with(edits)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(edited, &got); err != nil || !same(&want, &got) {
		return nil, ErrByHand
	}
	return edited, nil
}

// find returns what is to be changed: a scalar, and the value beside it where it is a key.
func (c Change) find(root *yaml.Node) (node, value *yaml.Node, inFlow bool, err error) {
	entry := MappingAt(root, c.Entry.Line, c.Entry.Column)
	if entry == nil {
		return nil, nil, false, ErrByHand
	}
	node, value, inFlow = inside(entry, c.At, entry.Style&yaml.FlowStyle != 0)
	if node == nil || node.Value != c.From || node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || node.Style&yaml.TaggedStyle != 0 {
		return nil, nil, false, ErrByHand
	}
	return node, value, inFlow, nil
}

// inside returns the scalar at a place inside of a node, with the value that belongs to it
// where it is a key, and reports whether it stands in a flow collection. What has an
// anchor is not looked into.
func inside(node *yaml.Node, at Place, flow bool) (found, value *yaml.Node, inFlow bool) {
	if node.Anchor != "" {
		return nil, nil, false
	}
	flow = flow || node.Style&yaml.FlowStyle != 0
	for i, child := range node.Content {
		if child.Kind == yaml.ScalarNode && child.Line == at.Line && child.Column == at.Column && child.Anchor == "" {
			if node.Kind == yaml.MappingNode && i%2 == 0 {
				value = node.Content[i+1]
			}
			return child, value, flow
		}
		if found, value, inFlow := inside(child, at, flow); found != nil {
			return found, value, inFlow
		}
	}
	return nil, nil, false
}

// makeIn makes the change in what was read, which is what the edited text has to say.
func (c Change) makeIn(root *yaml.Node) error {
	node, value, _, err := c.find(root)
	if err != nil {
		return err
	}
	node.Value = c.To
	if c.isValue(value) {
		node.Tag = "!!str"
		return nil
	}
	switch {
	case c.Listed && c.Null:
		*value = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	case c.Listed:
		inner := *value
		*value = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{&inner}}
	}
	return nil
}

// isValue reports whether it is a value that is changed, and not a field's name.
func (c Change) isValue(value *yaml.Node) bool { return value == nil }
