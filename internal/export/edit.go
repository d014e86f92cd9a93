package export

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aksync/aksync/internal/yamledit"
)

// editField returns a YAML file in which the entry at a place has the object's value in
// a field. The lines of the field are replaced, and no others.
func editField(path string, text []byte, line, column int, name string, live *entry) ([]byte, error) {
	if strings.HasSuffix(path, "."+CUE) {
		return nil, yamledit.ErrByHand
	}
	value, err := live.valueOf(name)
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	key, old := fieldAt(&root, line, column, name)
	if key == nil || !isPlain(old) {
		return nil, yamledit.ErrByHand
	}
	lines := strings.SplitAfter(string(text), "\n")
	at, indent := key.Line-1, key.Column-1
	before := lines[at][:min(indent, len(lines[at]))]
	if strings.Trim(before, " -") != "" { // other fields stand before it on the line
		return nil, yamledit.ErrByHand
	}
	end := fieldEnd(lines, at, indent)
	fresh, err := fieldLines(name, value, indent)
	if err != nil {
		return nil, err
	}
	fresh[0] = before + strings.TrimPrefix(fresh[0], strings.Repeat(" ", indent))
	if comment := old.LineComment; comment != "" && len(fresh) == 1 && end == at+1 {
		fresh[0] = strings.TrimSuffix(fresh[0], "\n") + " " + comment + "\n"
	}
	edited := []byte(strings.Join(slices.Concat(lines[:at], fresh, lines[end:]), ""))
	return edited, yaml.Unmarshal(edited, &root)
}

// fieldEnd is the line behind those of the field that begins at one and is indented.
func fieldEnd(lines []string, at, indent int) int {
	end := at + 1
	for end < len(lines) && yamledit.Within(lines[end], indent) {
		end++
	}
	for end > at+1 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	return end
}

// valueOf is what the object has in a field.
func (e *entry) valueOf(name string) (any, error) {
	if e == nil {
		return nil, errors.New("the object can't be declared")
	}
	for _, f := range e.all() {
		if f.name == name {
			return f.value, nil
		}
	}
	return nil, errors.New("what the server has is secret, or is not shown")
}

// fieldLines are the lines of a field of a mapping that is indented.
func fieldLines(name string, value any, indent int) ([]string, error) {
	node, err := yamlFields([]field{{name: name, value: value}})
	if err != nil {
		return nil, err
	}
	text, err := encode(node)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			lines[i] = strings.Repeat(" ", indent) + line
		}
	}
	lines[len(lines)-1] += "\n"
	return lines, nil
}

// fieldAt returns the name and the value of a field in the entry that begins at a place,
// where they are written in lines of their own.
func fieldAt(root *yaml.Node, line, column int, name string) (key, value *yaml.Node) {
	e := yamledit.MappingAt(root, line, column)
	if e == nil || e.Style&yaml.FlowStyle != 0 {
		return nil, nil
	}
	for _, part := range []string{"attrs", "identifiers"} {
		_, fields := yamledit.Member(e, part)
		if fields == nil || fields.Kind != yaml.MappingNode || fields.Style&yaml.FlowStyle != 0 {
			continue
		}
		if key, value := yamledit.Member(fields, name); key != nil {
			return key, value
		}
	}
	return nil, nil
}

// isPlain reports whether a value says the same by itself: no tag but one for a
// reference is in it, no anchor and no alias, so that nothing is lost with it.
func isPlain(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		return false
	}
	if tag := node.ShortTag(); strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") && tag != "!Find" && tag != "!KeyOf" {
		return false
	}
	return !slices.ContainsFunc(node.Content, func(inside *yaml.Node) bool { return !isPlain(inside) })
}

// appendEntries adds entries to a YAML file, behind those that it has.
func appendEntries(l *layout, text []byte, entries []*entry, secrets *secrets) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, yamledit.ErrByHand
	}
	top := root.Content[0]
	key, list := yamledit.Member(top, "entries")
	isLast := key != nil && key == top.Content[len(top.Content)-2]
	if !isLast || list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0 {
		return nil, yamledit.ErrByHand
	}
	taken := map[string]bool{}
	for _, e := range list.Content {
		if _, id := yamledit.Member(e, "id"); id != nil {
			taken[id.Value] = true
		}
	}
	indent := strings.Repeat(" ", list.Column-1)
	out := append(bytes.TrimRight(text, "\n"), '\n')
	for _, e := range l.arrange(entries, taken) {
		added, err := entryText(e, secrets)
		if err != nil {
			return nil, err
		}
		out = append(out, '\n')
		for line := range strings.Lines(string(added)) {
			if strings.TrimSpace(line) != "" {
				line = indent + strings.TrimPrefix(line, "  ")
			}
			out = append(out, line...)
		}
	}
	if err := yaml.Unmarshal(out, &root); err != nil {
		return nil, fmt.Errorf("adding entries: %w", err)
	}
	return out, nil
}
