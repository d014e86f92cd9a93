package devserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// complainOfUnique says that a value is taken.
func (c *check) complainOfUnique(field *schema.Field, value any) any {
	if message, has := c.table.about.Only[field.Name]; has && value == true && c.otherHas(field.Name) {
		return message
	}
	if message := c.table.about.Refused[field.Name]; message != "" {
		return []string{message}
	}
	if c.table.unique[field.Name] == nil || !c.taken(c.table, field.Name, value, c.selfPK()) {
		return nil
	}
	if slices.Contains(c.table.about.Own, field.Name) && !c.takenByOwn(field.Name, value) {
		return nil // the database finds it
	}
	if message := c.table.about.Unique[field.Name]; message != "" {
		return []string{message}
	}
	return []string{fmt.Sprintf("%s with this %s already exists.", c.uniqueOf(field.Name), c.titleOf(field.Name))} // post-dup-name
}

// titleOf is what the server calls a field in a message.
func (c *check) titleOf(field string) string {
	if title := c.facts.Titles[field]; title != "" {
		return title
	}
	return strings.ReplaceAll(field, "_", " ")
}

// otherHas reports whether another object of the kind has a field set.
func (c *check) otherHas(name string) bool {
	return slices.ContainsFunc(c.table.inOrder.objects, func(o *object) bool { return o != c.self && o.fields[name] == true })
}

func (c *check) takenByOwn(name string, value any) bool {
	other := c.table.unique[name][value]
	return other != nil && other.table == c.table
}

// uniqueOf is what the server calls what holds a unique value.
func (c *check) uniqueOf(field string) string {
	owner := c.owner(c.table.kind, field)
	if owner == c.table.kind.Model {
		if c.table.kind.Scope != "" && field == c.table.kind.Key && c.table.about.Verbose == "" {
			return c.table.kind.Scope
		}
		return verbose(c.table)
	}
	if base := c.kinds[owner]; base != nil {
		return verbose(base)
	}
	return c.facts.about(owner, c.version).Verbose
}

// verbose is what the server calls a kind for people.
func verbose(t *table) string {
	if t.about.Verbose != "" {
		return t.about.Verbose
	}
	return className(t.kind)
}

// checkTogether says which fields no two objects share.
func (c *check) checkTogether() {
	for _, names := range c.table.about.Together {
		if c.sharesWithOther(names) {
			c.complaints.add("non_field_errors", fmt.Sprintf("The fields %s must make a unique set.", strings.Join(names, ", ")))
		}
	}
}

// sharesWithOther reports whether another object has the same values of some
// fields, where all of them hold something.
func (c *check) sharesWithOther(names []string) bool {
	wanted := map[string]any{}
	if c.self != nil {
		maps.Copy(wanted, c.self.fields)
	}
	maps.Copy(wanted, c.fields)
	given := c.self == nil
	for _, name := range names {
		_, isGiven := c.fields[name]
		given = given || isGiven
		if pkText(wanted[name]) == "" {
			return false
		}
		wanted[name] = c.stored(name, wanted[name])
	}
	if !given {
		return false
	}
	for _, other := range c.candidates(names, wanted) {
		same := other != c.self
		for _, name := range names {
			same = same && other.fields[name] == wanted[name]
		}
		if same {
			return true
		}
	}
	return false
}

// candidates are the objects that may hold some values: those that refer to what
// one of them does.
func (c *check) candidates(names []string, wanted map[string]any) []*object {
	for _, name := range names {
		if c.table.refers(name) != "" {
			return c.referrers(c.table.kind.Model, name, pkText(wanted[name]))
		}
	}
	return c.table.inOrder.objects
}

// stored is a value as the store has it: the primary key for an alias.
func (s *store) storedValue(model string, value any) any {
	if o := s.find(model, value); o != nil {
		return o.id
	}
	return value
}

func (c *check) stored(name string, value any) any {
	if model := c.table.refers(name); model != "" {
		return c.storedValue(model, value)
	}
	return value
}
