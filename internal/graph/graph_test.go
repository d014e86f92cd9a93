package graph

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hostile are names that a form could take for more than text.
func hostile() []string {
	return []string{
		"end", "1. list", "- `code` **bold** #quot; &lt;", `</text></svg><script>alert(1)</script>"]; click n1 call`,
		"rtl \u202e \a \n \\N \\", "%%{init: {}}%%", "日本語の名前がとても長い場合はどうなりますか試してみましょうね日本語の名前", "",
		strings.Repeat("x", 5000), "\xff\xfe", "```",
	}
}

func hostilePicture() Picture {
	p := Picture{Title: hostile()[3], Outside: hostile()[3], Notes: hostile()}
	for range 2 {
		g := Graph{Title: hostile()[3]}
		for i, name := range hostile() {
			g.Nodes = append(g.Nodes, Node{Kind: name, Name: name, Mark: []Mark{Stays, Creates, Changes, Deletes}[i%4], Outside: i%3 == 0, Small: i%5 == 4})
			g.Edges = append(g.Edges, Edge{From: 0, To: i, Label: name, Mark: Deletes})
		}
		p.Graphs = append(p.Graphs, g)
	}
	return p
}

// An SVG document holds names as text, and no element or attribute that a name brings.
func TestSVGEscapes(t *testing.T) {
	var out bytes.Buffer
	if err := hostilePicture().SVG(&out); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"svg": true, "title": true, "style": true, "rect": true, "path": true, "text": true, "g": true}
	decoder, texts := xml.NewDecoder(&out), ""
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !known[token.Name.Local] {
				t.Errorf("there is an element %s", token.Name.Local)
			}
		case xml.CharData:
			texts += string(token)
		}
	}
	for _, want := range []string{hostile()[3], `rtl \u202e \a \n \N \`, "日本語の名前"} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not shown", want)
		}
	}
}

// Each line of Mermaid is one that this package writes, whatever names say.
func TestMermaidEscapes(t *testing.T) {
	const quoted = `"[^"\n\x60<>\[\]{}|\\%]*(<br/>[^"\n\x60<>\[\]{}|\\%]*)?"`
	checkLines(t, Picture.Mermaid, `^(flowchart LR|`+
		`  subgraph g\d+\[`+quoted+`\]|    direction LR|  end|`+
		`    n\d+(\[`+quoted+`\]|\(\[`+quoted+`\]\))|`+
		`    n\d+ -->(\|`+quoted+`\|)? n\d+|`+
		`  (classDef|class|linkStyle) [\w:,;# -]+|`+
		`%% [^{}%]*)$`)
}

func TestDOTEscapes(t *testing.T) {
	const quoted = `"([^"\\\n]|\\[\\"n])*"`
	checkLines(t, Picture.DOT, `^(digraph aksync \{|  (graph|node|edge) \[[\w =,-]*("|,|=|[\w -]|`+quoted+`)*.*\]|`+
		`  subgraph cluster_\d+ \{ label=`+quoted+`; color="#818b98"|  \}|\}|`+
		`    n\d+ \[label=`+quoted+`, style="[a-z,]+"(, height=0\.2)?(, color="#\w{6}", penwidth=2)?\]|`+
		`    n\d+ -> n\d+ \[label=`+quoted+`(, color="#\w{6}")?\])$`)
}

func checkLines(t *testing.T, write func(Picture, io.Writer) error, pattern string) {
	t.Helper()
	var out bytes.Buffer
	if err := write(hostilePicture(), &out); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(pattern)
	for text := range strings.Lines(out.String()) {
		if text = strings.TrimSuffix(text, "\n"); !line.MatchString(text) {
			t.Errorf("no line of this package: %s", text)
		}
	}
}

// Whatever is linked with what, each node is drawn, no two places overlap, and there
// are no more of them than nodes and edges.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		g := Graph{}
		for i := range n {
			g.Nodes = append(g.Nodes, Node{
				Kind: "kind", Name: rapid.StringMatching("[a-z-]{1,70}").Draw(t, "name"),
				Small: i > 0 && rapid.Bool().Draw(t, "small"),
			})
		}
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			g.Edges = append(g.Edges, Edge{From: rapid.IntRange(0, n-1).Draw(t, "from"), To: rapid.IntRange(0, n-1).Draw(t, "to")})
		}
		l := layOut(g, 0)
		drawn := map[int]bool{}
		for i, p := range l.places {
			drawn[p.node] = true
			for _, q := range l.places[:i] {
				if p.x < q.x+q.w && q.x < p.x+p.w && p.y < q.y+q.h && q.y < p.y+p.h {
					t.Fatalf("%+v and %+v overlap", p, q)
				}
			}
			if p.y+p.h > l.end() || p.x+p.w > l.width {
				t.Fatalf("%+v is not within %d × %d", p, l.width, l.end())
			}
		}
		if len(drawn) != n || len(l.places) > n+len(g.Edges) {
			t.Fatalf("%d of %d nodes are drawn, at %d places", len(drawn), n, len(l.places))
		}
	})
}

// What changes is told without colour too.
func TestMarks(t *testing.T) {
	p := Picture{Graphs: []Graph{{
		Nodes: []Node{{Kind: "flow", Name: "login", Mark: Changes}, {Kind: "stage", Name: "new", Mark: Creates}, {Kind: "stage", Name: "old", Mark: Deletes, Outside: true}},
		Edges: []Edge{{0, 1, "uses", Creates}, {0, 2, "uses", Deletes}},
	}}, Outside: "elsewhere"}
	for name, write := range map[string]func(io.Writer) error{"svg": p.SVG, "mermaid": p.Mermaid, "dot": p.DOT} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"~ login", "+ new", "- old", "+ uses", "- uses", "+ create, ~ update, - delete, dashed: elsewhere"} {
			escaped := strings.NewReplacer("~", "#126;", "+", "#43;").Replace(want)
			if !strings.Contains(out.String(), want) && !strings.Contains(out.String(), strings.ReplaceAll(want, "+", "&#43;")) && !strings.Contains(out.String(), escaped) {
				t.Errorf("%s does not say %q:\n%s", name, want, out.String())
			}
		}
	}
	nodes, edges := p.Size()
	if got := fmt.Sprint(nodes, edges, p.IsEmpty(), Picture{}.IsEmpty()); got != "3 2 false true" {
		t.Errorf("size: %s", got)
	}
}

// A picture within a page brings no style and no name space: the page has both.
func TestInline(t *testing.T) {
	var whole, inline strings.Builder
	if err := hostilePicture().SVG(&whole); err != nil {
		t.Fatal(err)
	}
	if err := hostilePicture().Inline(&inline); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"<style", "style=", "xmlns"} {
		if strings.Contains(inline.String(), own) {
			t.Errorf("it holds %q", own)
		}
	}
	_, wholeBody, _ := strings.Cut(whole.String(), "<rect")
	_, inlineBody, _ := strings.Cut(inline.String(), "<rect")
	if wholeBody != inlineBody || inlineBody == "" {
		t.Error("it draws something else than the document")
	}
}

// A line without a label leaves no mark in the box that it leads to.
func TestWithoutLabel(t *testing.T) {
	p := Picture{Title: "x", Graphs: []Graph{{Nodes: []Node{{Kind: "application", Name: "mail"}, {Kind: "entitlement", Name: "admins"}}, Edges: []Edge{{To: 1}}}}}
	var b strings.Builder
	if err := p.SVG(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), ">entitlement<") {
		t.Errorf("it is drawn as %s", b.String())
	}
}
