package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// jsonSchema is a JSON schema that is being made. What is the same in several
// places is defined once.
type jsonSchema struct {
	schema      *Schema
	definitions object
	names       map[string]string // of what is shared, by what it says
	err         error
}

// define adds a definition and gives a reference to it.
func (j *jsonSchema) define(name string, definition any) object {
	j.definitions[name] = definition
	return refer(name)
}

func refer(name string) object { return object{"$ref": "#/definitions/" + name} }

// itself stands for the name of a definition within it, while it has none.
const itself = "\x01"

// share gives a reference to a definition that says the same, which is made where
// there is none: under the name, or one that begins with it.
func (j *jsonSchema) share(name string, definition object) object {
	text, err := encode(definition)
	if err != nil {
		j.err = err
		return object{}
	}
	if known, found := j.names[text]; found {
		return refer(known)
	}
	free := name
	for i := 2; j.definitions[free] != nil; i++ {
		free = fmt.Sprintf("%s.%d", name, i)
	}
	j.names[text] = free
	mark, _ := encode(itself)
	named := strings.ReplaceAll(text, strings.Trim(mark, `"`), free)
	return j.define(free, json.RawMessage(named))
}

// encode writes JSON in which < and > stay what they are.
func encode(what any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(what); err != nil {
		return "", err
	}
	return strings.TrimSpace(text.String()), nil
}

// write writes the schema with a line for each definition.
func (j *jsonSchema) write(root object) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("{\n")
	for _, key := range slices.Sorted(maps.Keys(root)) {
		text, err := encode(root[key])
		if err != nil {
			return nil, fmt.Errorf("writing the JSON schema: %w", err)
		}
		fmt.Fprintf(&out, "%q: %s,\n", key, text)
	}
	out.WriteString("\"definitions\": {")
	for i, name := range slices.Sorted(maps.Keys(j.definitions)) {
		text, err := encode(j.definitions[name])
		if err != nil {
			return nil, fmt.Errorf("writing %s of the JSON schema: %w", name, err)
		}
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(&out, "\n%q: %s", name, text)
	}
	out.WriteString("\n}\n}\n")
	return out.Bytes(), nil
}
