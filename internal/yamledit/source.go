package yamledit

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// edit is a piece of a text, from a byte to another one, and what takes its place.
type edit struct {
	start, end int
	text       string
}

// source is a text whose places are found.
type source struct {
	text  []byte
	lines []int // where each begins
}

func newSource(text []byte) *source {
	s := &source{text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// at returns the byte at a place, or -1 where there is none. Columns count characters.
func (s *source) at(line, column int) int {
	if line < 1 || line > len(s.lines) {
		return -1
	}
	at := s.lines[line-1]
	for ; column > 1 && at < len(s.text) && s.text[at] != '\n'; column-- {
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	if column > 1 {
		return -1
	}
	return at
}

// with returns the text with edits, none of which may touch another one.
func (s *source) with(edits []edit) ([]byte, error) {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var out bytes.Buffer
	last := 0
	for _, e := range edits {
		if e.start < last {
			return nil, ErrByHand
		}
		out.Write(s.text[last:e.start])
		out.WriteString(e.text)
		last = e.end
	}
	out.Write(s.text[last:])
	return out.Bytes(), nil
}

// newline is how lines end.
func (s *source) newline() string {
	if bytes.Contains(s.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// scalarAt returns where the text of a scalar begins and ends, without its quotes.
func (s *source) scalarAt(node *yaml.Node) (start, end int, quoted bool, err error) {
	start = s.at(node.Line, node.Column)
	if start < 0 {
		return 0, 0, false, ErrByHand
	}
	if node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		start, quoted = start+1, true
	}
	end = start + len(node.Value)
	if end > len(s.text) || string(s.text[start:end]) != node.Value {
		return 0, 0, false, ErrByHand
	}
	return start, end, quoted, nil
}

// edits are what the change makes of the text.
func (c Change) edits(s *source, root *yaml.Node) ([]edit, error) {
	node, value, inFlow, err := c.find(root)
	if err != nil {
		return nil, err
	}
	start, end, quoted, err := s.scalarAt(node)
	if err != nil {
		return nil, err
	}
	if c.isValue(value) {
		if quoted {
			start, end = start-1, end+1
		}
		return []edit{{start, end, scalar(c.To)}}, nil
	}
	edits := []edit{{start, end, c.To}}
	if !c.Listed {
		return edits, nil
	}
	if quoted {
		end++
	}
	listing, err := c.list(s, node, value, end, inFlow)
	return append(edits, listing...), err
}

// isOneElement reports whether a value is one element of a list whatever happens: null
// itself is none, and what a tag other than those of references gives may be null.
func (c Change) isOneElement(value *yaml.Node) bool {
	tag := value.ShortTag()
	if c.Null {
		return tag == "!!null"
	}
	return strings.HasPrefix(tag, "!!") || tag == "" || tag == "!Find" || tag == "!KeyOf"
}

// list makes a list of the value of a key that ends at a byte.
func (c Change) list(s *source, key, value *yaml.Node, end int, inFlow bool) ([]edit, error) {
	if !c.isOneElement(value) {
		return nil, ErrByHand
	}
	colon := bytes.IndexByte(s.text[end:], ':')
	if colon < 0 || strings.TrimSpace(string(s.text[end:end+colon])) != "" {
		return nil, ErrByHand
	}
	colon += end + 1
	if c.Null && value.Value == "" { // nothing is written
		return []edit{{colon, colon, " []"}}, nil
	}
	start := s.at(value.Line, value.Column)
	if start < colon {
		return nil, ErrByHand
	}
	isBlock := value.Kind == yaml.SequenceNode || value.Kind == yaml.MappingNode
	if isBlock && value.Style&yaml.FlowStyle == 0 {
		return s.nest(key, value, colon, start)
	}
	last := s.endOf(start, inFlow)
	if c.Null {
		return []edit{{start, last, "[]"}}, nil
	}
	return []edit{{start, start, "["}, {last, last, "]"}}, nil
}

// nest makes a value that is set in lines of its own the element of a list: its lines go
// to the right.
func (s *source) nest(key, value *yaml.Node, colon, start int) ([]edit, error) {
	const deeper = "    "
	indent := key.Column - 1
	if value.Line != key.Line {
		return nil, ErrByHand
	}
	edits := []edit{{colon, start, s.newline() + strings.Repeat(" ", indent) + "  - "}}
	last := value.Line
	for line := value.Line + 1; line <= len(s.lines); line++ {
		text := s.line(line)
		if !Within(text, indent) {
			break
		}
		if strings.TrimSpace(text) != "" {
			last = line
		}
	}
	for line := value.Line + 1; line <= last; line++ {
		if strings.TrimSpace(s.line(line)) != "" {
			edits = append(edits, edit{s.lines[line-1], s.lines[line-1], deeper})
		}
	}
	return edits, nil
}

// line returns a line with its end.
func (s *source) line(line int) string {
	end := len(s.text)
	if line < len(s.lines) {
		end = s.lines[line]
	}
	return string(s.text[s.lines[line-1]:end])
}

// endOf returns where a value ends that begins at a byte: at the end of its line, before a
// comment, or before what ends it in a flow collection, but for what is in brackets or
// quotes.
func (s *source) endOf(start int, inFlow bool) int {
	depth, at := 0, start
scan:
	for at < len(s.text) {
		switch c := s.text[at]; {
		case (c == '"' || c == '\'') && s.begins(start, at):
			at = s.endOfQuoted(at)
			continue
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}') && depth > 0:
			depth--
		case depth == 0 && inFlow && (c == ',' || c == ']' || c == '}'),
			depth == 0 && (c == '\n' || c == '\r'),
			c == '#' && at > start && (s.text[at-1] == ' ' || s.text[at-1] == '\t') && depth == 0:
			break scan
		}
		at++
	}
	return start + len(bytes.TrimRight(s.text[start:at], " \t\r\n"))
}

// begins reports whether a quote begins text: it is the first of a value.
func (s *source) begins(start, at int) bool {
	return at == start || strings.IndexByte(" \t\n\r[{,:", s.text[at-1]) >= 0
}

// endOfQuoted returns where text ends that is in quotes.
func (s *source) endOfQuoted(at int) int {
	quote := s.text[at]
	for at++; at < len(s.text); at++ {
		switch {
		case quote == '"' && s.text[at] == '\\':
			at++
		case s.text[at] == quote:
			return at + 1
		}
	}
	return at
}

// scalar writes text as a scalar on one line.
func scalar(text string) string {
	written, err := yaml.Marshal(text)
	if err != nil || bytes.Count(written, []byte("\n")) != 1 {
		return `""` // it is then not the text, and the change is not made
	}
	return strings.TrimSpace(string(written))
}
