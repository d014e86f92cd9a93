package genkinds

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rules is what is kept by hand and holds for many kinds.
type rules struct {
	// Names are words that have capitals of their own.
	Names []string `json:"names"`
	// Lookups are the paths of models that blueprints have no entries of.
	Lookups map[string]string `json:"lookups"`
	// Keys are the fields that name an object where a kind has them, the best first.
	Keys []string `json:"keys"`
	// Bases say which kinds are special cases of a model.
	Bases map[string]base `json:"bases"`
	// Fields are words of fields by their names.
	Fields map[string]map[string]json.RawMessage `json:"fields"`
	// ReadOnly are words of read-only fields by their names.
	ReadOnly map[string]map[string]json.RawMessage `json:"readOnly"`
	// Spans say more exactly than the supported versions do since and until which
	// version there is a model, a field (MODEL.FIELD) or a value of one
	// (MODEL.FIELD.VALUE).
	Spans map[string]span `json:"spans"`
	// Variants say exactly when a field (MODEL.FIELD) became what later versions have.
	Variants map[string]string `json:"variants"`
	// Answers are the values that answers of all objects of a kind have.
	Answers map[string]map[string]string `json:"answers"`
}

// base says how the kinds of a base are known: by fields that their answers have,
// and by what their path begins with. ReadOnly are fields that can't be written
// though some versions say so.
type base struct {
	Below    string         `json:"below"`
	Has      []string       `json:"has"`
	ReadOnly []string       `json:"readOnly"`
	Kind     map[string]any `json:"kind"`
}

func (p *packages) rules() (*rules, error) {
	v, err := p.build("rules")
	if err != nil {
		return nil, err
	}
	text, err := v.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	r := &rules{}
	return r, json.Unmarshal(text, r)
}

// baseOf gives the base of a kind, or "".
func (r *rules) baseOf(kind *merged) string {
	for _, model := range slices.Sorted(keysOf(r.Bases)) {
		if r.Bases[model].takes(kind) && r.Lookups[kind.Model.Model] == "" {
			return model
		}
	}
	return ""
}

// gives reports whether the words of a base's kinds have one at the path.
func (b base) gives(path ...string) bool {
	at, found := any(b.Kind), true
	for _, name := range path {
		within, _ := at.(map[string]any)
		if at, found = within[name]; !found {
			return false
		}
	}
	return true
}

func (b base) takes(kind *merged) bool {
	if !strings.HasPrefix(kind.Path+"/", b.Below+"/") {
		return false
	}
	for _, name := range b.Has {
		if kind.fact(name) == nil {
			return false
		}
	}
	return true
}

// fact gives what is known of a field of answers or requests, or nil.
func (kind *merged) fact(name string) *Fact {
	for _, facts := range [][]*Fact{kind.Fields, kind.ReadOnly} {
		for _, fact := range facts {
			if fact.Name == name {
				return fact
			}
		}
	}
	return nil
}

// refine makes the spans of a kind, its fields and their values as exact as the
// rules know them.
func (r *rules) refine(kind *merged) {
	kind.span = r.refined(kind.span, kind.Model.Model)
	for _, facts := range [][]*Fact{kind.Fields, kind.ReadOnly} {
		for _, fact := range facts {
			at := kind.Model.Model + "." + fact.Name
			s := r.refined(span{Since: fact.Since, Until: fact.Until}, at)
			fact.Since, fact.Until = s.Since, s.Until
			if exact := r.Variants[at]; exact != "" && len(fact.Variants) > 0 {
				fact.Variants[0].Until = exact
			}
			for ; fact != nil; fact = fact.Element {
				for value := range fact.Spans {
					fact.Spans[value] = r.refined(fact.Spans[value], at+"."+value)
				}
			}
		}
	}
}

func (r *rules) refined(s span, at string) span {
	known := r.Spans[at]
	return span{cmp.Or(known.Since, s.Since), cmp.Or(known.Until, s.Until), known.Successor}
}
