package graph

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Mermaid writes the picture in Mermaid's language, as GitHub and GitLab render it in a
// fence of that name. Colours are those of lines alone, so that it can be read on a dark
// page as on a light one.
func (p Picture) Mermaid(w io.Writer) error {
	m := &textual{}
	m.line("flowchart LR")
	for i, g := range p.Graphs {
		indent := "  "
		if len(p.Graphs) > 1 {
			m.line("  subgraph g%d[%s]", i+1, mermaidText(g.title()))
			indent = "    "
			m.line("    direction LR")
		}
		m.mermaid(g, indent)
		if len(p.Graphs) > 1 {
			m.line("  end")
		}
	}
	m.mermaidClasses()
	for _, line := range p.legend() {
		m.line("%%%% %s", strings.Map(inComment, line))
	}
	return m.write(w)
}

// inComment leaves out of a comment what Mermaid could take for more than that.
func inComment(r rune) rune {
	if strings.ContainsRune("{}%", r) {
		return -1
	}
	return r
}

// title is what a graph is called among others.
func (g Graph) title() string {
	if g.Title != "" || len(g.Nodes) == 0 {
		return g.Title
	}
	return g.Nodes[0].Kind + " " + g.Nodes[0].Name
}

// textual is a picture in a language as it grows: nodes and edges are numbered over all
// graphs.
type textual struct {
	text  bytes.Buffer
	nodes int
	edges int
	// classes are the numbers of the nodes of each class, and links those of edges by
	// mark.
	classes map[string][]string
	links   map[Mark][]string
}

func (m *textual) line(format string, a ...any) { fmt.Fprintf(&m.text, format+"\n", a...) }

func (m *textual) id(node int) string { return "n" + strconv.Itoa(m.nodes+node+1) }

func (m *textual) class(name string, node int) {
	if m.classes == nil {
		m.classes = map[string][]string{}
	}
	m.classes[name] = append(m.classes[name], m.id(node))
}

func (m *textual) mermaid(g Graph, indent string) {
	for i, n := range g.Nodes {
		if n.Small {
			m.line("%s%s([%s])", indent, m.id(i), mermaidText(n.Mark.signed(n.Name)))
		} else {
			m.line("%s%s[%s]", indent, m.id(i), mermaidText(n.Kind, n.Mark.signed(n.Name)))
		}
		if class := strings.TrimSpace(n.Mark.class()); class != "" {
			m.class(class, i)
		}
		if n.Outside {
			m.class("outside", i)
		}
	}
	for _, e := range g.Edges {
		label := ""
		if text := strings.TrimSpace(e.Mark.signed(e.Label)); text != "" {
			label = "|" + mermaidText(text) + "|"
		}
		m.line("%s%s -->%s %s", indent, m.id(e.From), label, m.id(e.To))
		if e.Mark != Stays {
			if m.links == nil {
				m.links = map[Mark][]string{}
			}
			m.links[e.Mark] = append(m.links[e.Mark], strconv.Itoa(m.edges))
		}
		m.edges++
	}
	m.nodes += len(g.Nodes)
}

func (m *textual) mermaidClasses() {
	styles := []struct{ name, style string }{
		{"add", "stroke:#2da44e,stroke-width:3px"},
		{"alter", "stroke:#bf8700,stroke-width:3px"},
		{"gone", "stroke:#cf222e,stroke-width:3px,stroke-dasharray:7 3"},
		{"outside", "stroke-dasharray:4 3"},
	}
	for _, s := range styles {
		if nodes := m.classes[s.name]; len(nodes) > 0 {
			m.line("  classDef %s %s", s.name, s.style)
			m.line("  class %s %s", strings.Join(nodes, ","), s.name)
		}
	}
	for i, mark := range []Mark{Creates, Changes, Deletes} {
		if links := m.links[mark]; len(links) > 0 {
			stroke, _, _ := strings.Cut(styles[i].style, ",")
			m.line("  linkStyle %s %s", strings.Join(links, ","), stroke)
		}
	}
}

func (m *textual) write(w io.Writer) error {
	if _, err := w.Write(m.text.Bytes()); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

// mermaidText is text in quotes, on as many lines as there are parts: each mark that
// Mermaid, Markdown or HTML could take for its own is written as a number.
func mermaidText(parts ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, part := range parts {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range shown(part, 2*mostName) {
			if r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ,-_/.:", r) {
				fmt.Fprintf(&b, "#%d;", r)
				continue
			}
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
