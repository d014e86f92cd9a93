package graph

import (
	"io"
	"strings"
)

// DOT writes the picture in the language of Graphviz.
func (p Picture) DOT(w io.Writer) error {
	m := &textual{}
	m.line("digraph aksync {")
	m.line("  graph [rankdir=LR, fontname=\"sans-serif\", label=%s, labelloc=b, labeljust=l, fontsize=10]", dotText(append([]string{p.Title}, p.legend()...)...))
	m.line("  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11]")
	m.line("  edge [fontname=\"sans-serif\", fontsize=9, color=\"#818b98\"]")
	for i, g := range p.Graphs {
		if len(p.Graphs) > 1 {
			m.line("  subgraph cluster_%d { label=%s; color=\"#818b98\"", i+1, dotText(g.title()))
		}
		m.dot(g)
		if len(p.Graphs) > 1 {
			m.line("  }")
		}
	}
	m.line("}")
	return m.write(w)
}

func (m *textual) dot(g Graph) {
	for i, n := range g.Nodes {
		label := dotText(n.Kind, n.Mark.signed(n.Name))
		style := []string{"rounded"}
		more := ""
		if n.Small {
			label, more = dotText(n.Mark.signed(n.Name)), ", height=0.2"
		}
		if n.Outside || n.Mark == Deletes {
			style = append(style, "dashed")
		}
		if n.Mark != Stays {
			more += `, color="` + n.Mark.colour() + `", penwidth=2`
		}
		m.line(`    %s [label=%s, style="%s"%s]`, m.id(i), label, strings.Join(style, ","), more)
	}
	for _, e := range g.Edges {
		more := ""
		if e.Mark != Stays {
			more = `, color="` + e.Mark.colour() + `"`
		}
		m.line("    %s -> %s [label=%s%s]", m.id(e.From), m.id(e.To), dotText(strings.TrimSpace(e.Mark.signed(e.Label))), more)
	}
	m.nodes += len(g.Nodes)
}

// colour is that of a mark where the page is light.
func (m Mark) colour() string {
	return map[Mark]string{Creates: "#1a7f37", Changes: "#9a6700", Deletes: "#cf222e"}[m]
}

// dotText is text in quotes, on as many lines as there are parts.
func dotText(parts ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	lines := make([]string, len(parts))
	for i, part := range parts {
		lines[i] = escape.Replace(shown(part, mostNote+len("…")))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
