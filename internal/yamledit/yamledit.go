// Package yamledit changes YAML text where it stands, with everything around as it is:
// comments, the order of things, and how they are set.
package yamledit

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrByHand says that a file is not written in a way in which it can be changed with
// everything around as it is.
var ErrByHand = errors.New("it is written in a way that has to be changed by hand")

// MappingAt returns the mapping that begins at a place, or nil.
func MappingAt(node *yaml.Node, line, column int) *yaml.Node {
	if node.Kind == yaml.MappingNode && node.Line == line && node.Column == column {
		return node
	}
	for _, inside := range node.Content {
		if found := MappingAt(inside, line, column); found != nil {
			return found
		}
	}
	return nil
}

// Member returns the key and the value of a mapping that have a name, or nil.
func Member(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// Within reports whether a line belongs to the field of a mapping that is indented: it
// is deeper, or an element of a list that stands right below the field's name, or blank.
func Within(line string, indent int) bool {
	trimmed := strings.TrimLeft(line, " ")
	depth := len(line) - len(trimmed)
	element := strings.HasPrefix(trimmed, "- ") || strings.TrimRight(trimmed, "\r\n") == "-"
	return strings.TrimSpace(line) == "" && line != "" || depth > indent || depth == indent && element
}

// same reports whether two nodes say the same, wherever they stand and however they are
// set.
func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor &&
		(a.Kind != yaml.AliasNode || a.Alias.Anchor == b.Alias.Anchor) && slices.EqualFunc(a.Content, b.Content, same)
}
