package depict

import (
	"fmt"
	"path"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Choice narrows a picture to objects whose names match a glob, as path.Match has it.
type Choice struct {
	// Kind is that of the objects, or a base of theirs; nil for any.
	Kind *schema.Kind
	Glob string
}

func (c Choice) matches(o *object) bool {
	match, err := path.Match(c.Glob, o.name)
	return err == nil && match && (c.Kind == nil || o.kind.Is(c.Kind.Model))
}

// chosen returns the objects that a choice names; it is an error where one names none.
func (s *Set) chosen(choices []Choice) ([]*object, error) {
	var roots []*object
	for _, c := range choices {
		if _, err := path.Match(c.Glob, ""); err != nil {
			return nil, fmt.Errorf("%q is no glob: %w", c.Glob, err)
		}
		found := false
		for _, o := range s.objects {
			if !c.matches(o) {
				continue
			}
			found = true
			if !slices.Contains(roots, o) {
				roots = append(roots, o)
			}
		}
		if !found {
			return nil, s.noSuch(c)
		}
	}
	return roots, nil
}

// noSuch says that nothing has a name, and what there is.
func (s *Set) noSuch(c Choice) error {
	what, names := "object", []string{}
	if c.Kind != nil {
		what = c.Kind.Title
	}
	for _, o := range s.objects {
		if (c.Kind == nil && o.kind.File.Head || c.Kind != nil && o.kind.Is(c.Kind.Model)) && !slices.Contains(names, o.name) {
			names = append(names, o.name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no %s in %s", what, s.source)
	}
	slices.Sort(names)
	return fmt.Errorf("no %s in %s is called %q: %s", what, s.source, c.Glob, schema.Suggest(c.Glob, names))
}
