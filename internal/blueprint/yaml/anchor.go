package yaml

import (
	"go.yaml.in/yaml/v3"

	"github.com/aksync/aksync/internal/tree"
)

// anchorsTwice adds a problem for each anchor that the document has already:
// PyYAML refuses it, and the parser here would take the later one.
func (f *yamlFile) anchorsTwice(n *yaml.Node, first map[string]*yaml.Node) {
	if n.Kind == yaml.AliasNode { // its Anchor is what it refers to
		return
	}
	if n.Anchor != "" {
		if other, taken := first[n.Anchor]; taken {
			f.problem(n, "the anchor &%s is given twice: it stands at line %d already, and authentik wants another name for this one",
				tree.PathKey(n.Anchor), other.Line)
		} else {
			first[n.Anchor] = n
		}
	}
	for _, child := range n.Content {
		f.anchorsTwice(child, first)
	}
}
