// Package graph draws what belongs together: as SVG, which needs no other program, and
// in the languages of Mermaid and Graphviz. It knows nothing of authentik; package
// depict says what is drawn.
package graph

// Mark says what becomes of something in a plan. It is written before its name, so that
// no colour is needed.
type Mark byte

// The marks.
const (
	Stays   Mark = 0
	Creates Mark = '+'
	Changes Mark = '~'
	Deletes Mark = '-'
)

// Picture is what is drawn: graphs that have nothing to do with each other, one below
// the other. The same picture gives the same bytes.
type Picture struct {
	// Title says what the picture is of.
	Title  string
	Graphs []Graph
	// Outside says what it means that a node is drawn with a dashed line.
	Outside string
	// Notes are sentences below the picture.
	Notes []string
}

// Graph is an object and what belongs to it. Names and labels are text of any kind; all
// forms show it as it is.
type Graph struct {
	// Title is above the graph where it is not empty.
	Title string
	// Nodes are what is drawn; the first is what the graph is of.
	Nodes []Node
	// Edges are in the order in which a node's are drawn.
	Edges []Edge
}

// Node is an object.
type Node struct {
	// Kind is what people call objects of its kind, and Name the object.
	Kind, Name string
	Mark       Mark
	// Outside nodes are only referred to.
	Outside bool
	// Small nodes stand between others, such as a binding. They show their name alone.
	Small bool
}

// Edge leads from a node to another one, both by their place in Nodes.
type Edge struct {
	From, To int
	// Label says what To is to From; it may be empty.
	Label string
	Mark  Mark
}

// Size counts the nodes and the edges of all graphs.
func (p Picture) Size() (nodes, edges int) {
	for _, g := range p.Graphs {
		nodes += len(g.Nodes)
		edges += len(g.Edges)
	}
	return nodes, edges
}

// IsEmpty reports whether there is nothing to draw.
func (p Picture) IsEmpty() bool { nodes, _ := p.Size(); return nodes == 0 }

// signed is text with the mark before it.
func (m Mark) signed(text string) string {
	if m == Stays {
		return text
	}
	return string(m) + " " + text
}

// outgoing returns the edges that leave each node.
func (g Graph) outgoing() [][]Edge {
	from := make([][]Edge, len(g.Nodes))
	for _, e := range g.Edges {
		from[e.From] = append(from[e.From], e)
	}
	return from
}
