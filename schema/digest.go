package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// The digest is what the generator makes of the CUE of all kinds, so that nothing
// is compiled to read a blueprint: a line of JSON for each kind, of which only
// those are read that are asked for. genkinds -check holds it to the CUE.

// fieldWords is a Field as the digest has it, with what may be null and be given
// all the same.
type fieldWords struct {
	*plainField
	Default json.RawMessage `json:"default,omitempty"`
	Create  json.RawMessage `json:"create,omitempty"`
	Example json.RawMessage `json:"example,omitempty"`
}

type plainField Field

// UnmarshalJSON reads the digest.
func (f *Field) UnmarshalJSON(text []byte) error {
	words := fieldWords{plainField: (*plainField)(f)}
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	var err error
	if f.HasDefault = words.Default != nil; f.HasDefault {
		if f.Default, err = plainJSON(words.Default); err != nil {
			return err
		}
	}
	if f.HasOnCreate = words.Create != nil; f.HasOnCreate {
		if f.OnCreate, err = plainJSON(words.Create); err != nil {
			return err
		}
	}
	if words.Example != nil {
		if f.Example, err = plainJSON(words.Example); err != nil {
			return err
		}
	}
	for name, value := range f.Unless {
		f.Unless[name] = tree.PlainJSON(value)
	}
	f.complete(f.Refers)
	return nil
}

// MarshalJSON writes the digest.
func (f *Field) MarshalJSON() ([]byte, error) {
	words := fieldWords{plainField: (*plainField)(f)}
	var err error
	if f.HasDefault {
		if words.Default, err = json.Marshal(f.Default); err != nil {
			return nil, err
		}
	}
	if f.HasOnCreate {
		if words.Create, err = json.Marshal(f.OnCreate); err != nil {
			return nil, err
		}
	}
	if f.Example != nil {
		if words.Example, err = json.Marshal(f.Example); err != nil {
			return nil, err
		}
	}
	return json.Marshal(words)
}

// readOnlyWords is a ReadOnly as the digest has it.
type readOnlyWords struct {
	*plainReadOnly
	Value json.RawMessage `json:"value,omitempty"`
}

type plainReadOnly ReadOnly

// UnmarshalJSON reads the digest.
func (r *ReadOnly) UnmarshalJSON(text []byte) error {
	words := readOnlyWords{plainReadOnly: (*plainReadOnly)(r)}
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	var err error
	if r.HasValue = words.Value != nil; r.HasValue {
		r.Value, err = plainJSON(words.Value)
	}
	r.complete(r.Refers)
	return err
}

// MarshalJSON writes the digest.
func (r *ReadOnly) MarshalJSON() ([]byte, error) {
	words := readOnlyWords{plainReadOnly: (*plainReadOnly)(r)}
	var err error
	if r.HasValue {
		if words.Value, err = json.Marshal(r.Value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(words)
}

// UnmarshalJSON reads the digest.
func (s *Shape) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &s.Fields) }

// MarshalJSON writes the digest.
func (s *Shape) MarshalJSON() ([]byte, error) { return json.Marshal(s.Fields) }

// plainJSON reads JSON as Value.Plain has it.
func plainJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	return tree.PlainJSON(data), nil
}

// complete makes the elements of a list a field of their own, so that an error can
// name the element.
func (d *Data) complete(refers string) {
	if d.Element == nil {
		return
	}
	d.Element.Name, d.Element.Refers = d.Name, refers
	if len(d.Values) == 0 {
		d.Values = d.Element.Values
	}
}

// Digest writes kinds, and the shapes of a blueprint's parts, as Load reads them.
func (s *Schema) Digest() ([]byte, error) {
	var out bytes.Buffer
	line := func(what any) error {
		text, err := json.Marshal(what)
		if err != nil {
			return fmt.Errorf("writing the digest: %w", err)
		}
		out.Write(text)
		out.WriteByte('\n')
		return nil
	}
	kinds := s.Kinds()
	s.Hidden = hidden(kinds)
	if err := line(s.parts); err != nil {
		return nil, err
	}
	setMembers(kinds)
	for _, kind := range kinds {
		if err := line(kind); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// setMembers notes with each base the kinds that are special cases of it.
func setMembers(kinds []*Kind) {
	members := map[string][]string{}
	for _, kind := range kinds {
		for _, base := range kind.Bases {
			members[base] = append(members[base], kind.Model)
		}
	}
	for _, kind := range kinds {
		kind.Members = members[kind.Model]
	}
}

// hidden names the fields that nobody may read in some kind.
func hidden(kinds []*Kind) []string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.Hidden()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// parts are the shapes of a blueprint's parts, and what is said of all kinds.
type parts struct {
	// Hidden names the fields that nobody may read in some kind: what can be told of
	// a value before its entry is understood.
	Hidden []string `json:"hidden"`

	// Versions are those of authentik that the schema is made of, the oldest first.
	Versions []string `json:"versions"`

	Blueprint  *Shape `json:"blueprint"`
	Metadata   *Shape `json:"metadata"`
	Entry      *Shape `json:"entry"`
	Permission *Shape `json:"permission"`
}

// modelMark begins the line of a kind.
const modelMark = `{"model":"`

// readDigest finds the lines of the digest; those of kinds are read when they are
// asked for.
func (s *Schema) readDigest(digest []byte) error {
	first, rest, _ := bytes.Cut(digest, []byte("\n"))
	if err := json.Unmarshal(first, &s.parts); err != nil {
		return fmt.Errorf("reading the shape of a blueprint: %w", err)
	}
	for line := range bytes.Lines(rest) {
		model, _, found := bytes.Cut(bytes.TrimPrefix(line, []byte(modelMark)), []byte(`"`))
		if !found {
			return fmt.Errorf("the digest of the kinds has a line that names no model")
		}
		s.lines[string(model)] = line
	}
	return nil
}

func readKind(line []byte) (*Kind, error) {
	kind := &Kind{}
	if err := json.Unmarshal(line, kind); err != nil {
		return nil, fmt.Errorf("reading a kind: %w", err)
	}
	return kind, nil
}
