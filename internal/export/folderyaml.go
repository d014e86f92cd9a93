package export

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// writeFolderYAML writes a blueprint of a folder: entry by entry, with a line between
// them, and the secrets that each leaves out as lines that can be taken in.
func writeFolderYAML(entries []*entry, secrets *secrets) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("version: 1\nentries:\n")
	for i, e := range entries {
		if i > 0 {
			out.WriteByte('\n')
		}
		text, err := entryText(e, secrets)
		if err != nil {
			return nil, err
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// listHead is the line above the entries.
const listHead = "entries:\n"

// entryText is an entry as it stands in the list of them.
func entryText(e *entry, secrets *secrets) ([]byte, error) {
	node, err := e.yaml()
	if err != nil {
		return nil, err
	}
	text, err := encode(mapping("entries", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}}))
	if err != nil {
		return nil, err
	}
	return append(bytes.TrimPrefix(text, []byte(listHead)), secretLines(e, secrets)...), nil
}

// secretLines are those of what an entry leaves out: its attrs come last.
func secretLines(e *entry, secrets *secrets) []byte {
	left := secrets.of[e.identity]
	if len(left) == 0 {
		return nil
	}
	var out bytes.Buffer
	indent := "      # "
	if len(e.fields) == 0 {
		out.WriteString("    # attrs:\n")
		indent = "    #   "
	}
	for _, one := range left {
		out.WriteString(indent + secrets.yamlLine(one) + "\n")
	}
	return out.Bytes()
}
