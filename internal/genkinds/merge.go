package genkinds

import (
	"encoding/json"
	"math/big"
	"slices"
)

// span is since and until which version something is there; both may be empty.
type span struct {
	Since string `json:"since"`
	Until string `json:"until"`
	// Successor is the value that means the same since a value is gone.
	Successor string `json:"successor"`
}

// merged is what all versions say of a model.
type merged struct {
	*Model
	span
	// versions are those that have the model.
	versions []string
	// engine are the fields that no version's API takes: only authentik's own
	// engine does.
	engine map[string]bool
	// permissions are what can be permitted beside what there is for all models.
	permissions map[string]span
}

// merge puts together what the versions say of each model, the oldest first.
func merge(all []*Facts) []*merged {
	versions := make([]string, len(all))
	models := map[string][]*Model{}
	for i, facts := range all {
		versions[i] = facts.Version
		for _, model := range facts.Models {
			if models[model.Model] == nil {
				models[model.Model] = make([]*Model, len(all))
			}
			models[model.Model][i] = model
		}
	}
	var kinds []*merged
	for _, model := range slices.Sorted(keysOf(models)) {
		kinds = append(kinds, mergeModel(versions, models[model]))
	}
	return kinds
}

// mergeModel takes what the newest version says of a model that has it in the API,
// and the fields of all.
func mergeModel(versions []string, models []*Model) *merged {
	kind := &merged{Model: &Model{}, engine: map[string]bool{}}
	kind.span = spanOf(versions, func(i int) bool { return models[i] != nil })
	var having []string
	var present []*Model
	for i, model := range models {
		if model != nil {
			having, present = append(having, versions[i]), append(present, model)
		}
	}
	kind.versions = having
	for _, model := range present {
		if model.Path != "" || kind.Path == "" {
			*kind.Model = *model
		}
	}
	var filters []string
	for _, model := range present {
		filters = append(filters, model.Filters...)
	}
	slices.Sort(filters)
	kind.Filters = slices.Compact(filters)
	kind.permissions = mergePermissions(having, present)
	kind.mergeFields(inAPI(having, present))
	return kind
}

// inAPI leaves out the versions whose API has not got the model.
func inAPI(versions []string, models []*Model) (having []string, present []*Model) {
	for i, model := range models {
		if model.Path != "" {
			having, present = append(having, versions[i]), append(present, model)
		}
	}
	return having, present
}

func (kind *merged) mergeFields(versions []string, models []*Model) {
	written := make([][]*Fact, len(models))
	readOnly := make([][]*Fact, len(models))
	for i, model := range models {
		written[i] = slices.Concat(model.Fields, model.Blueprint)
		readOnly[i] = model.ReadOnly
		for _, fact := range model.Blueprint {
			kind.engine[fact.Name] = true
		}
	}
	for _, model := range models {
		for _, fact := range model.Fields {
			delete(kind.engine, fact.Name)
		}
	}
	kind.Fields, kind.ReadOnly, kind.Blueprint = mergeFacts(versions, written), mergeFacts(versions, readOnly), nil
}

// spanOf says since and until when something is there. What the oldest version
// has is there since ever.
func spanOf(versions []string, has func(int) bool) span {
	var s span
	last := -1
	for i := range versions {
		if !has(i) {
			continue
		}
		if last < 0 && i > 0 {
			s.Since = versions[i]
		}
		last = i
	}
	if last >= 0 && last < len(versions)-1 {
		s.Until = versions[last+1]
	}
	return s
}

// mergeFacts puts together the fields that each version has, in the order of the
// newest; a field that it has not got stands behind the one that it stood behind.
func mergeFacts(versions []string, each [][]*Fact) []*Fact {
	var names []string
	for _, facts := range slices.Backward(each) {
		at := 0
		for _, fact := range facts {
			if found := slices.Index(names, fact.Name); found >= 0 {
				at = found + 1
				continue
			}
			names = slices.Insert(names, at, fact.Name)
			at++
		}
	}
	var together []*Fact
	for _, name := range names {
		same := make([]*Fact, len(each))
		for i, facts := range each {
			if at := slices.IndexFunc(facts, func(f *Fact) bool { return f.Name == name }); at >= 0 {
				same[i] = facts[at]
			}
		}
		together = append(together, mergeFact(versions, same))
	}
	return together
}

// mergeFact takes what the newest version says of a field, and loosens it so that
// what older ones take and answer is taken too. Facts may be nil where a version
// has not got the field.
func mergeFact(versions []string, facts []*Fact) *Fact {
	var together *Fact
	for _, fact := range slices.Backward(facts) {
		switch {
		case fact == nil:
		case together == nil:
			copied := *fact
			together = &copied
		default:
			together.loosen(fact)
		}
	}
	s := spanOf(versions, func(i int) bool { return facts[i] != nil })
	together.Since, together.Until = s.Since, s.Until
	together.Variants = variantsOf(together, versions, facts)
	var having []string
	var present []*Fact
	for i, fact := range facts {
		if fact != nil {
			having, present = append(having, versions[i]), append(present, fact)
		}
	}
	together.mergeValues(having, present)
	together.mergeParts(having, present)
	return together
}

// loosen lets a field take what an older version takes.
func (f *Fact) loosen(old *Fact) {
	f.Nullable = f.Nullable || old.Nullable
	f.Required = f.Required && old.Required
	f.WriteOnly = f.WriteOnly || old.WriteOnly
	if f.Type != old.Type {
		if f.Type == "text" {
			f.Min, f.Max, f.Pattern, f.Duration = "", "", "", false
		}
		return
	}
	f.Min = loosest(f.Min, old.Min, -1)
	f.Max = loosest(f.Max, old.Max, 1)
	if f.Pattern != old.Pattern {
		f.Pattern = ""
	}
}

// loosest gives the bound of two that lets more pass: none, or the one that is
// farther in a direction.
func loosest(a, b json.Number, direction int) json.Number {
	first, second := new(big.Float), new(big.Float)
	if _, ok := first.SetString(string(a)); !ok {
		return ""
	}
	if _, ok := second.SetString(string(b)); !ok {
		return ""
	}
	if first.Cmp(second)*direction >= 0 {
		return a
	}
	return b
}

// mergeValues gathers the values of an enumeration. Where the newest version has
// none, all are taken.
func (f *Fact) mergeValues(versions []string, facts []*Fact) {
	if len(f.Values) == 0 {
		return
	}
	var names []string
	for _, fact := range slices.Backward(facts) {
		for _, value := range fact.Values {
			if !slices.Contains(names, value) {
				names = append(names, value)
			}
		}
	}
	f.Values, f.Spans = names, map[string]span{}
	for _, value := range names {
		f.Spans[value] = spanOf(versions, func(i int) bool { return slices.Contains(facts[i].Values, value) })
	}
}

// mergeParts gathers the elements of lists and the fields of objects.
func (f *Fact) mergeParts(versions []string, facts []*Fact) {
	elements := make([]*Fact, len(facts))
	fields := make([][]*Fact, len(facts))
	for i, fact := range facts {
		elements[i], fields[i] = fact.Element, fact.Fields
	}
	if f.Element != nil {
		f.Element = mergeFact(versions, elements)
		f.Element.Since, f.Element.Until = "", ""
	}
	if f.Fields != nil {
		f.Fields = mergeFacts(versions, fields)
	}
}
