package depict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/terminal"
)

// links are what the objects of a set lead to: by what they refer to, and by what is
// bound to them.
type links struct {
	*Set
	out map[*object][]lead
	// users are the objects that lead to one, in order.
	users map[*object][]user
	// lines are the bindings that are drawn as lines.
	lines map[*object]bool
}

// lead is a line from an object to another one.
type lead struct {
	label string
	to    *object
	mark  graph.Mark
	// binds is set where to is bound, and order is its place then.
	binds bool
	order int64
}

// user is a line to an object, from another one.
type user struct {
	from *object
	lead
}

// link finds what the objects lead to, once.
func (s *Set) link() *links {
	if s.linked == nil {
		s.linked = s.links()
	}
	return s.linked
}

func (s *Set) links() *links {
	l := &links{Set: s, out: map[*object][]lead{}, users: map[*object][]user{}, lines: map[*object]bool{}}
	for _, o := range s.objects {
		if s.isLine(o) {
			l.line(o)
			continue
		}
		own := owner(o.kind)
		for _, r := range o.refs {
			switch {
			case r.to == o:
			case r.field == nil:
				l.out[o] = append(l.out[o], lead{label: "uses", to: r.to, binds: true})
			case r.field.Name == own:
				l.out[r.to] = append(l.out[r.to], lead{to: o, mark: r.mark, binds: true, order: o.order})
			default:
				l.out[o] = append(l.out[o], lead{label: r.field.Name, to: r.to, mark: r.mark})
			}
		}
	}
	for _, leads := range l.out {
		slices.SortStableFunc(leads, func(a, b lead) int {
			if a.binds != b.binds {
				return cmp.Compare(order(a.binds), order(b.binds))
			}
			if !a.binds {
				return 0 // as the schema has them
			}
			return cmp.Or(cmp.Compare(a.order, b.order), before(a.to, b.to))
		})
	}
	for _, o := range s.objects {
		for _, to := range l.out[o] {
			l.users[to.to] = append(l.users[to.to], user{o, to})
		}
	}
	return l
}

func order(binds bool) int {
	if binds {
		return 1
	}
	return 0
}

// line draws a binding as lines from what it belongs to to what it binds.
func (l *links) line(o *object) {
	l.lines[o] = true
	own := owner(o.kind)
	for _, from := range o.refs {
		if from.field == nil || from.field.Name != own {
			continue
		}
		for _, to := range o.refs {
			if to.field != nil && to.field.Name != own && to.to != from.to {
				mark := cmp.Or(o.mark, from.mark, to.mark)
				if from.mark == graph.Deletes || to.mark == graph.Deletes {
					mark = graph.Deletes
				}
				l.out[from.to] = append(l.out[from.to], lead{label: o.label, to: to.to, mark: mark, binds: true, order: o.order})
			}
		}
	}
}

// heads are the objects that have a file of their own in an export. One that is outside
// is among them where it leads to something.
func (l *links) heads() []*object {
	return slices.DeleteFunc(slices.Clone(l.objects), func(o *object) bool {
		return !o.kind.File.Head || o.outside && len(l.out[o]) == 0
	})
}

// building is a graph as it grows.
type building struct {
	*links
	graph graph.Graph
	at    map[*object]int
	// whole are objects that are drawn with what they lead to beside those that belong
	// to others.
	whole map[*object]bool
}

func (l *links) building(whole ...*object) *building {
	b := &building{links: l, at: map[*object]int{}, whole: map[*object]bool{}}
	for _, o := range whole {
		b.whole[o] = true
	}
	return b
}

// graph draws an object with what belongs to it, and what uses it. It returns which
// objects are in the graph, and whether anything changes that belongs to it.
func (l *links) graph(root *object) (g graph.Graph, in map[*object]int, changes bool) {
	b := l.building(root)
	b.draw(root)
	changes = isMarked(b.graph)
	b.usersOf(root)
	return b.graph, b.at, changes
}

// draw draws an object, once, with what it leads to.
func (b *building) draw(o *object) int {
	if at, has := b.at[o]; has {
		return at
	}
	at := b.node(o)
	if b.whole[o] || belongs(o) {
		for _, to := range b.few(at, b.out[o]) {
			edge := len(b.graph.Edges)
			b.graph.Edges = append(b.graph.Edges, graph.Edge{From: at, Label: to.label, Mark: to.mark})
			b.graph.Edges[edge].To = b.draw(to.to)
		}
	}
	return at
}

func (b *building) node(o *object) int {
	at := len(b.graph.Nodes)
	b.at[o] = at
	b.graph.Nodes = append(b.graph.Nodes, graph.Node{
		Kind: o.kind.Title, Name: o.called(), Mark: o.mark, Outside: o.outside,
		Small: o.kind.Binds() && owner(o.kind) != "" && !isNamed(o.kind) && len(b.out[o]) > 0 && o.called() != "",
	})
	return at
}

// few leaves out some where there are so many of one label that nobody reads them all,
// and draws how many those are: first what does not change.
func (b *building) few(at int, leads []lead) []lead {
	const most, mostBound = 12, 60
	count := map[string]int{}
	for _, to := range leads {
		count[to.label]++
	}
	left, kept := map[string]int{}, []lead(nil)
	room := map[string]int{}
	limit := func(label string) int {
		if label == "" {
			return mostBound
		}
		return most
	}
	for _, to := range leads { // what changes has its place
		if count[to.label] > limit(to.label) && changes(to) {
			room[to.label]++
		}
	}
	used := map[string]int{}
	for _, to := range leads {
		most := limit(to.label)
		switch {
		case count[to.label] <= most:
		case changes(to) && room[to.label] <= most:
		case used[to.label] >= most-min(room[to.label], most):
			left[to.label]++
			continue
		default:
			used[to.label]++
		}
		kept = append(kept, to)
	}
	for _, to := range leads {
		if n := left[to.label]; n > 0 {
			left[to.label] = 0
			b.graph.Edges = append(b.graph.Edges, graph.Edge{From: at, To: b.more(to.to.kind.Title, n), Label: to.label})
		}
	}
	return kept
}

func changes(to lead) bool { return to.mark != graph.Stays || to.to.mark != graph.Stays }

// more draws a box that says how many are not drawn.
func (b *building) more(kind string, n int) int {
	b.graph.Nodes = append(b.graph.Nodes, graph.Node{Kind: kind, Name: fmt.Sprintf("… %d more", n), Outside: true})
	return len(b.graph.Nodes) - 1
}

// usersOf draws what else leads to the object that a graph is of.
func (b *building) usersOf(root *object) {
	const most = 6
	inside := maps.Clone(b.at)
	var users []graph.Edge
	var left int
	for _, use := range b.users[root] {
		if _, has := inside[use.from]; has {
			continue
		}
		if len(users) >= most && !changes(lead{to: use.from, mark: use.mark}) {
			left++
			continue
		}
		at, has := b.at[use.from]
		if !has {
			at = b.node(use.from)
		}
		users = append(users, graph.Edge{From: at, To: b.at[root], Label: use.label, Mark: use.mark})
	}
	b.graph.Edges = append(b.graph.Edges, users...)
	if left > 0 {
		b.graph.Edges = append(b.graph.Edges, graph.Edge{From: b.more("used by", left), To: b.at[root]})
	}
}

// others adds a graph of what belongs to nothing that is drawn, or says how much that is.
func (l *links) others(p *graph.Picture, drawn map[*object]bool) {
	const most = 150
	var rest []*object
	for _, o := range l.objects {
		if !drawn[o] && !l.lines[o] && l.isOfUse(o) {
			rest = append(rest, o)
		}
	}
	if len(rest) == 0 {
		return
	}
	if !l.rest {
		p.Notes = append(p.Notes, terminal.Count(len(rest), "more object is not drawn: nothing here leads to it.", "more objects are not drawn: nothing here leads to them."))
		return
	}
	slices.SortStableFunc(rest, before)
	b := l.building(rest...)
	led := map[*object]bool{}
	for _, o := range rest {
		for _, to := range l.out[o] {
			led[to.to] = true
		}
	}
	for _, pass := range []bool{false, true} {
		for _, o := range rest {
			if led[o] == pass && len(b.graph.Nodes) < most {
				b.draw(o)
			}
		}
	}
	missing := 0
	for _, o := range rest {
		if _, has := b.at[o]; !has {
			missing++
		}
	}
	if missing > 0 {
		p.Notes = append(p.Notes, terminal.Count(missing, "more object is", "more objects are")+" not drawn.")
	}
	if len(p.Graphs) > 0 {
		b.graph.Title = "Others"
	}
	p.Graphs = append(p.Graphs, b.graph)
}

// isOfUse reports whether an object is worth a box of its own where nothing leads to it.
func (l *links) isOfUse(o *object) bool {
	leads := l.out[o]
	if l.only {
		return o.mark != graph.Stays || slices.ContainsFunc(leads, changes)
	}
	return !o.outside || len(leads) > 0
}
