package genkinds

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// variant is what some versions say of a field more exactly than all together.
type variant struct {
	span
	// typ, and what bounds it; each is empty where it is as all versions say.
	typ                string
	nullable, required string
	min, max           string
}

// variantsOf are what versions say of a field more exactly than all together: one for
// versions in a row that say the same. Facts may be nil where a version has not got the
// field.
func variantsOf(together *Fact, versions []string, facts []*Fact) []*variant {
	var all []*variant
	for i, fact := range facts {
		if fact == nil {
			continue
		}
		v := together.variant(fact)
		if slices.ContainsFunc(facts[:i], isThere) {
			v.Since = versions[i]
		}
		if slices.ContainsFunc(facts[i+1:], isThere) {
			v.Until = versions[i+1]
		}
		if last := len(all) - 1; last >= 0 && all[last].Until == v.Since && all[last].same(v) {
			all[last].Until = v.Until
			continue
		}
		all = append(all, v)
	}
	var kept []*variant
	for _, v := range all {
		if !v.same(&variant{}) {
			kept = append(kept, v)
		}
	}
	return kept
}

func isThere(fact *Fact) bool { return fact != nil }

// variant is what a fact says more exactly than all versions together.
func (f *Fact) variant(one *Fact) *variant {
	v := &variant{}
	if len(one.Values) > 0 || one.Element != nil || one.Fields != nil {
		return v // what they may be is said of each
	}
	if one.Type != f.Type {
		v.typ, v.min, v.max = one.Type, bound(one.Min), bound(one.Max)
		return v
	}
	if one.Nullable != f.Nullable {
		v.nullable = strconv.FormatBool(one.Nullable)
	}
	if one.Required != f.Required {
		v.required = strconv.FormatBool(one.Required)
	}
	if one.Min != f.Min {
		v.min = bound(one.Min)
	}
	if one.Max != f.Max {
		v.max = bound(one.Max)
	}
	return v
}

// bound is a bound that is a whole number, or nothing.
func bound(number json.Number) string {
	if strings.Contains(string(number), ".") {
		return ""
	}
	return string(number)
}

func (v *variant) same(other *variant) bool {
	a, b := *v, *other
	a.span, b.span = span{}, span{}
	return a == b
}

// variants writes the variants of a field.
func variants(all []*variant) string {
	parts := make([]string, len(all))
	for i, v := range all {
		w := &words{}
		w.span(v.span)
		w.text("type", v.typ)
		w.literal("nullable", v.nullable)
		w.literal("required", v.required)
		w.literal("min", v.min)
		w.literal("max", v.max)
		parts[i] = w.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
