package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// shown are those of a change's fields that somebody may read.
func (c *Change) shown(fields map[string]any) map[string]any {
	if len(c.Hidden) == 0 || fields == nil {
		return fields
	}
	shown := maps.Clone(fields)
	for _, name := range c.Hidden {
		delete(shown, name)
	}
	return shown
}

// secrets names the declared fields that nobody may read.
func (c *Change) secrets() ([]string, error) {
	var names []string
	for _, name := range c.Hidden {
		value, declared := c.Declared[name]
		if !declared {
			continue
		}
		if !tree.Known(value) {
			return nil, fmt.Errorf("%s of the %s is sensitive and depends on an object that the plan creates: apply it without a saved plan", name, c.what())
		}
		names = append(names, name)
	}
	return names, nil
}

// updates names the fields that an update sets.
func (c *Change) updates() []string {
	if c.Action != Update || c.Permits != nil {
		return nil
	}
	names := make([]string, len(c.Fields))
	for i, field := range c.Fields {
		names[i] = field.Name
	}
	return names
}

// expectSecrets checks which secrets a saved change is to be given, and what it sets.
func (c *Change) expectSecrets(kind *schema.Kind, saved SavedChange) error {
	c.Hidden = kind.Hidden()
	for _, name := range saved.Secrets {
		if !slices.Contains(c.Hidden, name) {
			return damaged("%q is no sensitive field of a %s", name, kind.Title)
		}
	}
	for _, name := range saved.Sets {
		if _, given := c.Declared[name]; kind.Fields.Field(name) == nil || !given && !slices.Contains(saved.Secrets, name) {
			return damaged("%q is set, and nothing is declared of it", name)
		}
	}
	if len(saved.Secrets) > 0 && c.Declared == nil {
		c.Declared = map[string]any{}
	}
	return nil
}

// unshown are the fields that a saved update sets though no answer shows them, of what is
// declared.
func (s SavedChange) unshown(kind *schema.Kind, declared map[string]any, object schema.Object) []FieldChange {
	var fields []FieldChange
	for _, name := range s.Sets {
		if field := kind.Fields.Field(name); field != nil && !field.Shown() {
			fields = append(fields, unshownChange(field, declared[name], object))
		}
	}
	return fields
}

// takeSecrets gives the changes of a saved plan the values that it does not hold. The
// blueprints are planned again for that, so that a value is what it was: resolved, and
// put together of all entries of the object. Nothing else is taken of them. lacking
// says of changes, by number, which value is not there any more.
func (r *Reconciler) takeSecrets(ctx context.Context, saved *SavedPlan, plan *Plan) (lacking map[int]string, err error) {
	if !slices.ContainsFunc(saved.Changes, func(c SavedChange) bool { return len(c.Secrets) > 0 }) {
		return nil, nil
	}
	read, err := r.Source.Read(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("reading the values that the saved plan does not hold, since they are sensitive: %w; give the PATH that the plan was made of", err)
	}
	desired := read.Desired
	desired.SendUnshown = true // or an object of which nothing else differs would have no change
	now, _, err := r.unguarded(ctx, desired)
	if err != nil {
		return nil, err
	}
	lacking = map[int]string{}
	for i, change := range plan.Changes {
		var missing []string
		for _, name := range saved.Changes[i].Secrets {
			if value, given := now.declares(change, name); given {
				change.Declared[name] = value
			} else {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			lacking[change.ID] = fmt.Sprintf("%s of the %s is sensitive, so that the saved plan does not hold it, and the entry is not there any more as it was planned: "+
				"give the PATH that the plan was made of, or make it again", strings.Join(missing, ", "), change.what())
		}
	}
	return lacking, nil
}

// declares returns what a change for the same entry declares of a field, if that is
// known.
func (p *Plan) declares(of *Change, name string) (value any, given bool) {
	for _, change := range p.Changes {
		if change.Model != of.Model || change.Source != of.Source || change.Path != of.Path {
			continue
		}
		if value, given := change.Declared[name]; given && tree.Known(value) {
			return value, true
		}
	}
	return nil, false
}
