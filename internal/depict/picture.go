package depict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/graph"
)

// Options say what of a set is drawn.
type Options struct {
	// Of are the objects that are drawn, with what belongs to them; where there are none,
	// all that have a file of their own in an export.
	Of []Choice
	// Most is how many boxes a picture may have.
	Most int
}

// Picture draws the set: a graph for each object that has a file of its own in an
// export, such as a flow, with what belongs to it, and one of what belongs to none.
func (s *Set) Picture(o Options) (graph.Picture, error) {
	l := s.link()
	roots, err := s.chosen(o.Of)
	if err != nil {
		return graph.Picture{}, err
	}
	whole := len(o.Of) == 0
	if whole {
		roots = l.heads()
	}
	slices.SortStableFunc(roots, before)
	picture := graph.Picture{Title: "aksync: " + s.source, Outside: s.outside, Notes: slices.Clone(s.notes)}
	drawn := map[*object]bool{}
	for _, root := range roots {
		g, in, changes := l.graph(root)
		if s.only && whole && !changes {
			continue
		}
		for o := range in {
			drawn[o] = true
		}
		picture.Graphs = append(picture.Graphs, g)
	}
	if whole {
		l.others(&picture, drawn)
	}
	if picture.IsEmpty() {
		nothing := "There is nothing to draw."
		if s.only {
			nothing = "Nothing changes."
		}
		picture.Notes = append(picture.Notes, nothing)
	}
	if boxes, _ := picture.Size(); boxes > o.Most {
		return graph.Picture{}, &TooLargeError{Boxes: boxes, Most: o.Most, Of: s.source, Such: examples(roots), Graphs: len(picture.Graphs)}
	}
	return picture, nil
}

// TooLargeError is why a picture is not drawn that nobody could read.
type TooLargeError struct {
	Boxes, Most, Graphs int
	// Of is what the picture is of, and Such are names of what could be chosen.
	Of   string
	Such []string
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a picture of %s would have %d boxes, and at most %d can be read: choose what it shows, such as %s",
		e.Of, e.Boxes, e.Most, strings.Join(e.Such, " or "))
}

// examples are names of objects of different kinds.
func examples(roots []*object) []string {
	const most = 3
	var such []string
	seen := map[string]bool{}
	for _, o := range roots {
		_, class, _ := strings.Cut(o.kind.Model, ".")
		if !seen[class] && len(such) < most {
			seen[class] = true
			such = append(such, class+":"+o.name)
		}
	}
	return such
}

func isMarked(g graph.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n graph.Node) bool { return n.Mark != graph.Stays }) ||
		slices.ContainsFunc(g.Edges, func(e graph.Edge) bool { return e.Mark != graph.Stays })
}

// before orders objects by what people call their kinds, and then by name.
func before(a, b *object) int {
	return cmp.Or(cmp.Compare(a.kind.Title, b.kind.Title), cmp.Compare(a.name, b.name))
}
