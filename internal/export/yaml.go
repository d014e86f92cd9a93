package export

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"go.yaml.in/yaml/v3"
)

// writeYAML writes entries as authentik's own YAML.
func writeYAML(header string, entries []entry) ([]byte, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, e := range entries {
		node, err := e.yaml()
		if err != nil {
			return nil, err
		}
		node.HeadComment = e.comment()
		list.Content = append(list.Content, node)
	}
	if len(entries) == 0 {
		list.Style = yaml.FlowStyle
	}
	root := mapping("version", scalar("1"), "entries", list)
	root.HeadComment = header
	return encode(root)
}

// encode is the text of a node.
func encode(node *yaml.Node) ([]byte, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(node), encoder.Close()); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// yaml gives the entry as a node.
func (e entry) yaml() (*yaml.Node, error) {
	identifiers, err := yamlFields(e.identifiers)
	if err != nil {
		return nil, err
	}
	node := mapping("model", yamlText(e.kind.Model))
	if e.id != "" {
		node.Content = append(node.Content, yamlText("id"), yamlText(e.id))
	}
	node.Content = append(node.Content, yamlText("identifiers"), identifiers)
	if len(e.permissions) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, permission := range e.permissions {
			one, err := yamlFields(permission)
			if err != nil {
				return nil, err
			}
			list.Content = append(list.Content, one)
		}
		node.Content = append(node.Content, yamlText("permissions"), list)
	}
	attrs, err := yamlFields(e.fields)
	if err != nil {
		return nil, err
	}
	if len(e.fields) > 0 {
		node.Content = append(node.Content, yamlText("attrs"), attrs)
	}
	return node, nil
}

// comment says which fields are left out.
func (e entry) comment() string {
	if len(e.hidden) == 0 {
		return ""
	}
	names := make([]string, len(e.hidden))
	for i, left := range e.hidden {
		names[i] = left.of.Name
	}
	return "Left out, since it is secret or not shown: " + strings.Join(names, ", ")
}

func yamlFields(fields []field) (*yaml.Node, error) {
	node := mapping()
	for _, f := range fields {
		value, err := yamlValue(f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		node.Content = append(node.Content, yamlText(f.name), value)
	}
	return node, nil
}

// mapping makes one of keys and *yaml.Node values in turn.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, part := range pairs {
		if key, isKey := part.(string); isKey {
			part = yamlText(key)
		}
		node.Content = append(node.Content, part.(*yaml.Node))
	}
	return node
}

// scalar is a value that is written as it stands.
func scalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// yamlText is text: lines as they stand, or in quotes where a reader could take it for something else.
func yamlText(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case isBlock(text):
		node.Style = yaml.LiteralStyle
	case needsQuotes(text):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// yamlKey is yamlText on one line.
func yamlKey(text string) *yaml.Node {
	node := yamlText(text)
	if node.Style == yaml.LiteralStyle {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

func yamlValue(value any) (*yaml.Node, error) {
	switch value := value.(type) {
	case nil:
		return scalar("null"), nil
	case bool:
		return scalar(strconv.FormatBool(value)), nil
	case int64:
		return scalar(strconv.FormatInt(value, 10)), nil
	case *big.Int:
		return scalar(value.String()), nil
	case float64:
		return scalar(float(value)), nil
	case string:
		return yamlText(value), nil
	case reference:
		return value.yaml()
	case keyOf:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tree.TagKeyOf, Style: yaml.TaggedStyle, Value: string(value)}, nil
	case []any:
		return yamlList(value)
	case map[string]any:
		return yamlMapping(value)
	default:
		return nil, fmt.Errorf("a value of the type %T can't be written", value)
	}
}

// yaml gives the reference as !Find [model, [field, value], …].
func (r reference) yaml() (*yaml.Node, error) {
	arguments := []*yaml.Node{yamlText(r.model)}
	for _, condition := range r.where {
		value, err := yamlValue(condition.value)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{yamlText(condition.name), value}})
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: tree.TagFind, Style: yaml.FlowStyle | yaml.TaggedStyle, Content: arguments}, nil
}

func yamlList(list []any) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	for _, element := range list {
		made, err := yamlValue(element)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, made)
	}
	if len(list) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node, nil
}

func yamlMapping(m map[string]any) (*yaml.Node, error) {
	node := mapping()
	for _, key := range members(m) {
		value, err := yamlValue(m[key])
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, yamlKey(key), value)
	}
	if len(m) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node, nil
}
