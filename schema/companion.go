package schema

import (
	"slices"
	"strings"
)

// Beside returns the fields that an update has to hold beside those in the body:
// the required ones of a PUT, the companions of a PATCH. Some are alternatives.
func (k *Kind) Beside(body Object) []string {
	var names []string
	add := func(name string) {
		if !slices.ContainsFunc(Alternatives(name), func(one string) bool { _, has := body[one]; return has }) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if k.Put {
		for _, field := range k.Fields.Fields {
			if field.Required {
				add(field.Name)
			}
		}
		return names
	}
	for _, companion := range k.Companions {
		if !companion.goesWith(body) {
			continue
		}
		for _, name := range companion.Send {
			if k.Fields.Field(Alternatives(name)[0]) != nil {
				add(name)
			}
		}
	}
	return names
}

// goesWith reports whether a body needs the companion's fields.
func (c Companion) goesWith(body Object) bool {
	if len(c.When) == 0 {
		return len(body) > 0
	}
	for _, names := range [][]string{c.When, c.Send} {
		if slices.ContainsFunc(names, func(name string) bool { _, has := body[name]; return has }) {
			return true
		}
	}
	return false
}

// Alternatives are the fields of a|b, of which the first that is not empty is sent.
func Alternatives(name string) []string { return strings.Split(name, "|") }
