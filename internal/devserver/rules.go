package devserver

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// rule is what the server asks of a body as a whole. It breaks one where all of
// When, Blank and the rest hold: then it answers Error, or crashes.
type rule struct {
	// On are the methods that the rule is for, or all.
	On []string `json:"on"`
	// When are fields with the values that they have; null stands for one that
	// the body does not have, or that is null in it.
	When map[string][]any `json:"when"`
	// Given are fields that the body has, Blank are those that the body does not have or has empty, Filled those
	// that it has, and Missing those that it does not even mention.
	Given   []string `json:"given"`
	Blank   []string `json:"blank"`
	Filled  []string `json:"filled"`
	Missing []string `json:"missing"`
	// Live are fields of the object as it was, with the values that they have;
	// Changes are fields to which the body gives another value than the object
	// has.
	Live    map[string][]any `json:"live"`
	Changes []string         `json:"changes"`
	// Several are fields of which the body has more than one.
	Several []string `json:"several"`
	// Same are fields that another object has the same values of.
	Same []string `json:"same"`
	// Other is a field with a value that another object of the kind has too.
	Other map[string]any `json:"other"`
	// Each is a field that an object in a list lacks, by the list.
	Each map[string]string `json:"each"`
	// Lacks is a key that a mapping lacks, by its field.
	Lacks map[string]string `json:"lacks"`
	// Kinds says which kinds of objects a field may refer to, by the value of
	// another one: the rule is broken by one of another kind.
	Kinds *kindsBy `json:"kinds"`
	// Self is a field by which the object refers to itself; Outlives is an instant
	// that is too far away; Pattern says where something is no regular expression.
	Self     string   `json:"self"`
	Outlives string   `json:"outlives"`
	Pattern  *pattern `json:"pattern"`
	// Error is the answer, by field.
	Error map[string]any `json:"error"`
	// Crash is set where the server fails.
	Crash bool `json:"crash"`
	schema.Span
}

// kindsBy are the models that a field may refer to, by the value of another.
type kindsBy struct {
	Of  string            `json:"of"`
	By  string            `json:"by"`
	Are map[string]string `json:"are"`
}

// odd returns what the field refers to that it may not refer to, or nil.
func (k *kindsBy) odd(c *check) *object {
	wanted := k.Are[pkText(c.fields[k.By])]
	for _, pk := range targets(c.fields[k.Of]) {
		if o := c.find(c.table.refers(k.Of), pk); o != nil && wanted != "" && o.table.kind.Model != wanted {
			return o
		}
	}
	return nil
}

// pattern says where an object in a list holds a regular expression.
type pattern struct {
	List string `json:"list"`
	By   string `json:"by"`
	Is   string `json:"is"`
	Of   string `json:"of"`
}

// odd returns the first text that is no regular expression, or nothing.
func (p *pattern) odd(fields map[string]any) string {
	list, _ := fields[p.List].([]any)
	for _, element := range list {
		m, _ := element.(map[string]any)
		if m[p.By] != p.Is {
			continue
		}
		if _, err := regexp.Compile(pkText(m[p.Of])); err != nil {
			return pkText(m[p.Of])
		}
	}
	return ""
}

// outlives reports whether an instant is further away than a token may live.
func (c *check) outlives(name string) bool {
	text, _ := c.fields[name].(string)
	expires, isTime := parseTime(text)
	return isTime && expires.After(c.now().Add(lifetime))
}

// checkRules breaks off at the first rule that is broken.
func (c *check) checkRules() {
	for _, rule := range c.table.about.Rules {
		if !rule.broken(c) {
			continue
		}
		if rule.Crash {
			c.crashes = true
		}
		for field, message := range rule.Error {
			if text, isText := message.(string); isText {
				c.complaints.add(field, c.fill(rule, text))
			} else {
				c.complaints[field] = message
			}
		}
		return
	}
}

// fill puts values of the body into a message.
func (c *check) fill(r *rule, text string) string {
	if r.Kinds != nil {
		text = strings.ReplaceAll(text, "{class}", className(r.Kinds.odd(c).table.kind))
	}
	if r.Pattern != nil {
		text = strings.ReplaceAll(text, "{pattern}", r.Pattern.odd(c.fields))
	}
	text = strings.ReplaceAll(text, "{limit}", c.now().Add(lifetime).UTC().Format("2006-01-02 15:04:05.000000+00:00"))
	own := &object{table: c.table, fields: c.fields}
	filled, _ := view{store: c.store}.text(own, text).(string)
	if filled == "" {
		return text
	}
	return filled
}

func (r *rule) broken(c *check) bool {
	switch {
	case !r.concerns(c.table):
		return false
	case len(r.On) > 0 && !slices.Contains(r.On, c.method):
		return false
	case !holds(c.fields, r.When), c.self == nil && len(r.Live)+len(r.Changes) > 0:
		return false
	case c.self != nil && !holds(c.self.fields, r.Live):
		return false
	case r.Kinds != nil && r.Kinds.odd(c) == nil:
		return false
	case r.Self != "" && (c.self == nil || c.fields[r.Self] != c.self.id):
		return false
	case r.Outlives != "" && !c.outlives(r.Outlives):
		return false
	case r.Pattern != nil && r.Pattern.odd(c.fields) == "":
		return false
	}
	return r.lacks(c.fields) && r.fills(c) && r.clashes(c) && r.lacksParts(c.fields)
}

func (r *rule) lacksParts(fields map[string]any) bool {
	for name, key := range r.Lacks {
		if m, isMap := fields[name].(map[string]any); !isMap || has(m, key) {
			return false
		}
	}
	for name, key := range r.Each {
		list, _ := fields[name].([]any)
		lacks := slices.ContainsFunc(list, func(element any) bool {
			m, isMap := element.(map[string]any)
			return isMap && !has(m, key)
		})
		if !lacks {
			return false
		}
	}
	return true
}

// concerns reports whether a kind has the fields that the rule is about, which it has
// not got in each version.
func (r *rule) concerns(t *table) bool {
	for _, names := range [][]string{r.Given, r.Blank, r.Filled, r.Missing, r.Changes} {
		if slices.ContainsFunc(names, func(name string) bool { return t.field(name) == nil }) {
			return false
		}
	}
	return true
}

// holds reports whether fields have one of the values each.
func holds(fields map[string]any, when map[string][]any) bool {
	for name, values := range when {
		value := fields[name]
		if !slices.ContainsFunc(values, func(wanted any) bool { return tree.PlainJSON(wanted) == value }) {
			return false
		}
	}
	return true
}

func (r *rule) lacks(fields map[string]any) bool {
	for _, name := range r.Missing {
		if _, given := fields[name]; given {
			return false
		}
	}
	for _, name := range r.Given {
		if _, given := fields[name]; !given {
			return false
		}
	}
	for _, name := range r.Blank {
		if !isBlank(fields[name]) {
			return false
		}
	}
	return true
}

func (r *rule) fills(c *check) bool {
	for _, name := range r.Filled {
		if isBlank(c.fields[name]) {
			return false
		}
	}
	for _, name := range r.Changes {
		value, given := c.fields[name]
		if !given || value == c.self.fields[name] {
			return false
		}
	}
	if len(r.Several) == 0 {
		return true
	}
	filled := 0
	for _, name := range r.Several {
		if !isBlank(c.fields[name]) {
			filled++
		}
	}
	return filled > 1
}

func (r *rule) clashes(c *check) bool {
	if len(r.Same) > 0 && !r.repeats(c) {
		return false
	}
	for name, value := range r.Other {
		found := slices.ContainsFunc(c.table.inOrder.objects, func(o *object) bool {
			return o != c.self && o.fields[name] == tree.PlainJSON(value)
		})
		if !found {
			return false
		}
	}
	return true
}

// isBlank reports whether Python takes a value for false.
func isBlank(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case bool:
		return !value
	case int64:
		return value == 0
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	default:
		return false
	}
}

// repeats reports whether another object has the same values of some fields.
func (r *rule) repeats(c *check) bool {
	wanted := map[string]any{}
	if c.self != nil {
		maps.Copy(wanted, c.self.fields)
	}
	maps.Copy(wanted, c.fields)
	return slices.ContainsFunc(c.table.inOrder.objects, func(o *object) bool {
		same := o != c.self
		for _, name := range r.Same {
			same = same && o.fields[name] == wanted[name]
		}
		return same
	})
}
