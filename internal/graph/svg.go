package graph

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
)

// How much of a text is shown; a browser shows the whole where the pointer rests on it.
const (
	mostName  = 32
	mostSmall = 14
	mostKind  = 43
	mostNote  = 54
)

// Style is that of pictures: colours are light or dark as the reader has it.
const Style = `.ag{--ink:#1f2328;--faint:#59636e;--line:#818b98;--paper:#fff;--box:#f6f8fa;--add:#1a7f37;--alter:#9a6700;--gone:#cf222e}
@media (prefers-color-scheme:dark){.ag{--ink:#e6edf3;--faint:#9198a1;--line:#6e7681;--paper:#0d1117;--box:#161b22;--add:#3fb950;--alter:#d29922;--gone:#f85149}}
.ag .bg{fill:var(--paper)}
.ag text{font:11px system-ui,sans-serif;fill:var(--faint)}
.ag .n{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--ink)}
.ag .t{font-size:13px;font-weight:600;fill:var(--ink)}
.ag .b{fill:var(--box);stroke:var(--line)}
.ag .r{stroke:var(--ink);stroke-width:1.6}
.ag .o{fill:none;stroke-dasharray:4 3}
.ag .l{fill:none;stroke:var(--line)}
.ag .h{fill:var(--line);stroke:none}
.ag .add{stroke:var(--add);stroke-width:2}.ag .alter{stroke:var(--alter);stroke-width:2}.ag .gone{stroke:var(--gone);stroke-width:2;stroke-dasharray:7 3}
.ag text.add,.ag .h.add{fill:var(--add);stroke:none}.ag text.alter,.ag .h.alter{fill:var(--alter);stroke:none}.ag text.gone,.ag .h.gone{fill:var(--gone);stroke:none}`

// class is the class of what has the mark, with a space before it.
func (m Mark) class() string {
	switch m {
	case Creates:
		return " add"
	case Changes:
		return " alter"
	case Deletes:
		return " gone"
	default:
		return ""
	}
}

// SVG writes the picture as an SVG document that needs nothing else: no font, no script,
// no program. It shrinks with what it is shown in.
func (p Picture) SVG(w io.Writer) error {
	return p.write(w, ` xmlns="http://www.w3.org/2000/svg"`, ` style="max-width:100%;height:auto"`, "<style>"+Style+"</style>\n")
}

// Inline writes the picture as a part of a page of HTML that has Style in its own style:
// a policy that allows the page no other style allows the picture.
func (p Picture) Inline(w io.Writer) error { return p.write(w, "", "", "") }

// write writes the picture, with its language, what says its size, and its style where
// nothing around it says these.
func (p Picture) write(w io.Writer, language, size, style string) error {
	d := &drawing{y: margin}
	for i, g := range p.Graphs {
		if i > 0 {
			d.y += graphGap
		}
		d.graph(g)
	}
	d.legend(p)
	d.y += margin
	width := max(d.width, margin+boxWidth+margin)
	var document bytes.Buffer
	fmt.Fprintf(&document, `<svg%s class="ag" role="img" width="%d" height="%d" viewBox="0 0 %[2]d %[3]d"%[4]s>`+"\n", language, width, d.y, size)
	fmt.Fprintf(&document, "<title>%s</title>\n%s<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", escaped(p.Title), style, width, d.y)
	document.Write(d.body.Bytes())
	document.WriteString("</svg>\n")
	if _, err := w.Write(document.Bytes()); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}

// escaped is text as SVG has it.
func escaped(text string) string { return html.EscapeString(shown(text, mostTitle)) }

// mostTitle bounds what is shown where the pointer rests.
const mostTitle = 1000

// drawing is a picture as it grows.
type drawing struct {
	body     bytes.Buffer
	y, width int
}

func (d *drawing) draw(format string, a ...any) { fmt.Fprintf(&d.body, format+"\n", a...) }

func (d *drawing) graph(g Graph) {
	if g.Title != "" {
		const height = 26
		d.draw(`<text class="t" x="%d" y="%d">%s</text>`, margin, d.y+margin, html.EscapeString(shown(g.Title, mostKind)))
		d.y += height
	}
	l := layOut(g, d.y)
	d.trunks(l)
	for _, p := range l.places {
		d.edge(l, p)
	}
	for i, p := range l.places {
		d.node(g.Nodes[p.node], p, i == 0)
	}
	d.y, d.width = l.end(), max(d.width, l.width)
}

// trunks draws the lines that go down from nodes to what hangs from them.
func (d *drawing) trunks(l *layout) {
	last := map[int]int{}
	for _, p := range l.places {
		if p.parent >= 0 && !p.beside {
			last[p.parent] = p.middle()
		}
	}
	for i, p := range l.places {
		if to, hangs := last[i]; hangs {
			d.draw(`<path class="l" d="M%d %dV%d"/>`, p.x+trunk, p.y+p.h, to-bend)
		}
	}
}

// bend is how round the corners of lines are.
const bend = 8

// edge draws what leads from a node's parent to it.
func (d *drawing) edge(l *layout, p place) {
	if p.parent < 0 {
		return
	}
	const head = 7
	parent, class, y := l.places[p.parent], p.edge.Mark.class(), p.middle()
	switch {
	case p.beside:
		d.draw(`<path class="l%s" d="M%d %dH%d"/>`, class, parent.x+parent.w, y, p.x-head)
	default:
		d.draw(`<path class="l%s" d="M%d %dq0 %d %d %dH%d"/>`, class, parent.x+trunk, y-bend, bend, bend, bend, p.x-head)
	}
	if p.backs {
		d.draw(`<path class="h%s" d="M%d %dl%d -4v8z"/>`, class, parent.x+trunk+bend-2, y, head)
		return
	}
	d.draw(`<path class="h%s" d="M%d %dl-%d -4v8z"/>`, class, p.x-1, y, head)
}

// node draws a node, with what it is to its parent.
func (d *drawing) node(n Node, p place, first bool) {
	class := "b" + n.Mark.class()
	if n.Outside {
		class += " o"
	}
	if first {
		class += " r"
	}
	d.draw(`<g><title>%s</title>`, escaped(strings.TrimSpace(p.relation()+n.Kind+" "+n.Mark.signed(n.Name))))
	if n.Small {
		d.draw(`<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="%d"/><text class="n" x="%d" y="%d" text-anchor="middle">%s</text></g>`,
			class, p.x, p.y, p.w, p.h, p.h/2, p.x+p.w/2, p.middle()+4, html.EscapeString(p.lines[0]))
		return
	}
	const left, upper, lower = 12, 17, 34
	d.draw(`<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, class, p.x, p.y, p.w, p.h)
	d.draw(`<text class="k%s" x="%d" y="%d">%s</text>`, p.edge.Mark.class(), p.x+left, p.y+upper, html.EscapeString(shown(p.relation()+n.Kind, mostKind)))
	for i, line := range p.lines {
		d.draw(`<text class="n" x="%d" y="%d">%s</text>`, p.x+left, p.y+lower+i*lineHeight, html.EscapeString(line))
	}
	d.draw(`</g>`)
}

// relation says what a node is to its parent.
func (p place) relation() string {
	if p.parent < 0 || p.beside && p.edge.Mark == Stays {
		return ""
	}
	label := p.edge.Label
	if p.backs {
		label = "its " + label
	}
	if label = strings.TrimSpace(p.edge.Mark.signed(label)); label == "" {
		return ""
	}
	return label + " · "
}

// name is what the box of a node says of it, in one line or two.
func (p place) name(n Node) []string {
	again := ""
	if p.again {
		again = " (above)"
	}
	name := shown(n.Mark.signed(n.Name), 2*mostName-len(again)-mostName/4) + again
	if width(name) <= mostName {
		return []string{name}
	}
	first, second := split(name, mostName)
	return []string{first, second}
}

// legend says what the marks and lines mean that there are, and what is noted.
func (d *drawing) legend(p Picture) {
	lines := p.legend()
	if len(lines) == 0 {
		return
	}
	const height = 16
	d.y += graphGap
	for _, line := range lines {
		d.draw(`<text x="%d" y="%d">%s</text>`, margin, d.y, html.EscapeString(line))
		d.y += height
	}
	d.y -= height
}
