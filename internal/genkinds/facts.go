package genkinds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Facts are what the OpenAPI document and the blueprint schema of one version of
// authentik say of its models, without any of their sentences.
type Facts struct {
	Version string   `json:"version"`
	Models  []*Model `json:"models"`
}

// Model is what one version says of a model.
type Model struct {
	Model string `json:"model"`
	// Class is the name of the component that answers have, such as PasswordStage.
	Class string `json:"class,omitempty"`
	// Path is that of the list below /api/v3/, and ID the parameter of an object's
	// own path; there is none where the API has not got the model.
	Path string `json:"path,omitempty"`
	ID   string `json:"id,omitempty"`
	// Methods are what can be done to the list and to an object: list, create,
	// retrieve, put, patch, delete, used_by.
	Methods []string `json:"methods,omitempty"`
	// Filters are the parameters of the list but for those that every list has.
	Filters []string `json:"filters,omitempty"`
	// Permissions are what somebody can be permitted to do with an object, beside to
	// view, add, change and delete it.
	Permissions []string `json:"permissions,omitempty"`
	// Fields are those of the request, ReadOnly those that only answers have, and
	// Blueprint those that only blueprints have.
	Fields    []*Fact `json:"fields,omitempty"`
	ReadOnly  []*Fact `json:"readOnly,omitempty"`
	Blueprint []*Fact `json:"blueprint,omitempty"`
}

// Fact is what one version says of a field.
type Fact struct {
	Name      string      `json:"name,omitempty"`
	Type      string      `json:"type"`
	Format    string      `json:"format,omitempty"`
	Required  bool        `json:"required,omitempty"`
	Nullable  bool        `json:"nullable,omitempty"`
	WriteOnly bool        `json:"writeOnly,omitempty"`
	Mapping   bool        `json:"mapping,omitempty"`
	Duration  bool        `json:"duration,omitempty"`
	Min       json.Number `json:"min,omitempty"`
	Max       json.Number `json:"max,omitempty"`
	Pattern   string      `json:"pattern,omitempty"`
	Values    []string    `json:"values,omitempty"`
	Element   *Fact       `json:"element,omitempty"`
	Fields    []*Fact     `json:"fields,omitempty"`

	// What several versions say together: since and until which one the field is
	// there, and the same of its values.
	Since string          `json:"-"`
	Until string          `json:"-"`
	Spans map[string]span `json:"-"`
	// Variants are what single versions say more exactly than all together.
	Variants []*variant `json:"-"`
}

// can reports whether the version lets a method be used.
func (m *Model) can(method string) bool { return slices.Contains(m.Methods, method) }

// encode writes the facts with a line for each field, so that what a version has
// changed is easy to see.
func (f *Facts) encode() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"version\": %q,\n\"models\": [\n", f.Version)
	for i, model := range f.Models {
		if err := model.encode(&out); err != nil {
			return nil, fmt.Errorf("writing %s: %w", model.Model, err)
		}
		if i < len(f.Models)-1 {
			out.WriteString(",")
		}
		out.WriteString("\n")
	}
	out.WriteString("]\n}\n")
	return out.Bytes(), nil
}

func (m *Model) encode(out *bytes.Buffer) error {
	head := *m
	head.Fields, head.ReadOnly, head.Blueprint = nil, nil, nil
	text, err := plain(head)
	if err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(text, []byte("}")))
	for _, part := range []struct {
		name  string
		facts []*Fact
	}{{"fields", m.Fields}, {"readOnly", m.ReadOnly}, {"blueprint", m.Blueprint}} {
		if len(part.facts) == 0 {
			continue
		}
		fmt.Fprintf(out, ",\n%q: [", part.name)
		for i, fact := range part.facts {
			text, err := plain(fact)
			if err != nil {
				return err
			}
			if i > 0 {
				out.WriteString(",")
			}
			out.WriteString("\n\t")
			out.Write(text)
		}
		out.WriteString("]")
	}
	out.WriteString("}")
	return nil
}

// plain is JSON in which < and > stay what they are.
func plain(what any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(what); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// readFacts reads the facts of all versions, the oldest first.
func readFacts(folder string) ([]*Facts, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []*Facts
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		facts := &Facts{}
		if err := json.Unmarshal(text, facts); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if want := strings.TrimSuffix(filepath.Base(name), ".json"); facts.Version != want {
			return nil, fmt.Errorf("%s holds the facts of %q", name, facts.Version)
		}
		all = append(all, facts)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no facts", folder)
	}
	slices.SortFunc(all, func(a, b *Facts) int { return slices.Compare(numbers(a.Version), numbers(b.Version)) })
	return all, nil
}

// numbers gives the parts of a version as numbers.
func numbers(version string) []int {
	var parts []int
	for part := range strings.SplitSeq(version, ".") {
		number, _ := strconv.Atoi(part)
		parts = append(parts, number)
	}
	return parts
}
