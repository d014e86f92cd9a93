package sync

import (
	"slices"

	"github.com/aksync/aksync/schema"
)

// SavedPermits is Permitting in a saved plan.
type SavedPermits struct {
	Model     string   `json:"model"`
	ID        any      `json:"pk"`
	Codenames []string `json:"codenames"`
	// Title, Before and After show it to people.
	Title  string `json:"title"`
	Before []any  `json:"before"`
	After  []any  `json:"after"`
}

// save returns what a change permits as a saved plan has it; nil where it permits
// nothing.
func (p *Permitting) save(c *Change) *SavedPermits {
	if p == nil {
		return nil
	}
	saved := &SavedPermits{Model: p.Model, ID: pack(p.ID), Codenames: p.Codenames}
	for _, field := range c.Fields {
		saved.Title = field.Name
		saved.Before, _ = field.Before.([]any)
		saved.After, _ = field.After.([]any)
	}
	return saved
}

// restore gives a change what it permits, and checks that it can.
func (s *SavedPermits) restore(sch *schema.Schema, kind *schema.Kind, c *Change) error {
	holder := sch.Kind(s.Model)
	if c.Action != Update || c.Declared != nil || c.Live != nil || (c.PK == "" || c.Key == "") && c.Of == nil || holder == nil || holder.Holds == nil {
		return damaged("change %d permits somebody something, and can't", c.ID)
	}
	for _, name := range s.Codenames {
		if codename, complaint := kind.Codename(name); complaint != "" || codename != name {
			return damaged("%q is no permission of a %s: %s", name, kind.Title, complaint)
		}
	}
	id, err := unpack(s.ID)
	if err != nil {
		return err
	}
	c.Permits = &Permitting{Model: holder.Model, ID: id, Codenames: slices.Clone(s.Codenames)}
	c.Fields = []FieldChange{{Name: s.Title, Before: s.Before, After: s.After}}
	return nil
}
