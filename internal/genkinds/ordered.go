package genkinds

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// members are the members of a JSON object in their order, which says how fields
// are shown.
type members []member

type member struct {
	name  string
	value json.RawMessage
}

// UnmarshalJSON reads an object.
func (m *members) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return fmt.Errorf("want an object, got %.40s", text)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		*m = append(*m, member{name.(string), value})
	}
	return nil
}

// get gives the value of a member, or nil.
func (m members) get(name string) json.RawMessage {
	for _, member := range m {
		if member.name == name {
			return member.value
		}
	}
	return nil
}
