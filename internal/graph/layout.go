package graph

// A graph is laid out as a tree whose branches go down and to the right, one node a row:
// that keeps the order of what is bound in order, has no lines that cross, and fits on
// a narrow screen. A node that was drawn before is drawn again, without what it leads to.

// The measures of a picture, in pixels.
const (
	margin     = 16
	boxWidth   = 284
	boxHeight  = 44
	pillGap    = 28 // between a small node and the box beside it
	rowGap     = 12
	lineHeight = 16
	graphGap   = 28
	indent     = 30
	trunk      = 13 // from the left of a box to the line that goes down from it
	pillPad    = 22
	glyph      = 7.9 // the width of a character of a name
)

// place is a node where it is drawn.
type place struct {
	node          int
	x, y, w, h    int
	again         bool // it was drawn before
	parent        int  // the place that it hangs from, or -1
	beside, backs bool // it is beside its parent; and the edge leads to its parent
	edge          Edge
	// lines are what is shown of its name.
	lines []string
}

// middle is where lines meet the place: that of its first lines.
func (p place) middle() int { return p.y + min(p.h, boxHeight)/2 }

// layout gives each node its place.
type layout struct {
	g      Graph
	out    [][]Edge
	places []place
	drawn  []bool
	y      int
	width  int
}

// layOut lays a graph out from y on, and says how far it reaches.
func layOut(g Graph, y int) *layout {
	l := &layout{g: g, out: g.outgoing(), drawn: make([]bool, len(g.Nodes)), y: y}
	if len(g.Nodes) == 0 {
		return l
	}
	root := l.root(0)
	l.users(root)
	for node := range g.Nodes { // what nothing leads to from the first
		if !l.drawn[node] && !l.isLed(node) {
			l.root(node)
		}
	}
	for node := range g.Nodes { // circles
		if !l.drawn[node] {
			l.root(node)
		}
	}
	return l
}

func (l *layout) root(node int) int {
	return l.put(place{node: node, x: margin, parent: -1})
}

// isLed reports whether an edge leads to a node.
func (l *layout) isLed(node int) bool {
	for _, e := range l.g.Edges {
		if e.To == node && e.From != node {
			return true
		}
	}
	return false
}

// users hangs what leads to the root from it, unless it was drawn.
func (l *layout) users(root int) {
	at := l.places[root]
	for _, e := range l.g.Edges {
		if e.To != at.node || l.drawn[e.From] || e.From == e.To {
			continue
		}
		l.drawn[e.From] = true
		l.row(place{node: e.From, x: at.x + indent, parent: root, backs: true, edge: e})
	}
}

// put places a node and all that it leads to, and returns which place it has.
func (l *layout) put(p place) int {
	node := l.g.Nodes[p.node]
	p.again = l.drawn[p.node] && len(l.out[p.node]) > 0
	l.drawn[p.node] = true
	edges := l.out[p.node]
	if p.again {
		edges = nil
	}
	at := l.row(p)
	if node.Small && len(edges) > 0 {
		l.beside(at, edges[0])
		edges = edges[1:]
	}
	for _, e := range edges {
		l.put(place{node: e.To, x: p.x + indent, parent: at, edge: e})
	}
	return at
}

// beside puts what a small node leads to first into its row.
func (l *layout) beside(pill int, e Edge) {
	at := l.places[pill]
	p := place{node: e.To, x: at.x + at.w + pillGap, parent: pill, beside: true, edge: e}
	l.y -= boxHeight + rowGap
	l.put(p)
}

// row gives a node the next row.
func (l *layout) row(p place) int {
	node := l.g.Nodes[p.node]
	p.y, p.w, p.h = l.y, boxWidth, boxHeight
	if node.Small {
		const pillHeight = 26
		p.lines = []string{node.Mark.signed(shown(node.Name, mostSmall))}
		p.w = int(float64(width(p.lines[0]))*glyph) + pillPad
		p.h = pillHeight
		p.y += (boxHeight - pillHeight) / 2
		l.y += boxHeight + rowGap
	} else {
		p.lines = p.name(node)
		p.h += (len(p.lines) - 1) * lineHeight
		l.y += p.h + rowGap
	}
	l.width = max(l.width, p.x+p.w+margin)
	l.places = append(l.places, p)
	return len(l.places) - 1
}

// end is where the graph ends.
func (l *layout) end() int { return l.y - rowGap }
