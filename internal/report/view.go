package report

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

// View says which changes of a plan a report lists, and in which groups. It changes
// nothing of what is counted.
type View struct {
	Filters []Filter
	// Group names the group of a change; nil for none. Changes of no group come last.
	Group func(*sync.Change) string
	// By is what groups are of.
	By string
}

// Filter wants a property of a change to match a glob.
type Filter struct{ Property, Glob string }

// The properties that changes can be filtered by.
const (
	byModel  = "model"
	byName   = "name"
	byFile   = "file"
	byAction = "action"
)

// ParseFilter reads PROPERTY=GLOB.
func ParseFilter(text string) (Filter, error) {
	property, glob, has := strings.Cut(text, "=")
	if !has || !slices.Contains([]string{byModel, byName, byFile, byAction}, property) {
		return Filter{}, fmt.Errorf("%q is no filter: want model=GLOB, name=GLOB, file=GLOB or action=create, update or delete", text)
	}
	if _, err := path.Match(glob, ""); err != nil {
		return Filter{}, fmt.Errorf("%q is no glob: %w", glob, err)
	}
	if property == byAction && !slices.Contains(sync.Changing(), sync.Action(glob)) {
		return Filter{}, fmt.Errorf("action=%s: want create, update or delete", glob)
	}
	return Filter{property, glob}, nil
}

// matches reports whether a change has the property.
func (f Filter) matches(change *sync.Change) bool {
	var values []string
	switch f.Property {
	case byModel:
		_, class, _ := strings.Cut(change.Model, ".")
		values = []string{change.Model, class, change.Title}
	case byName:
		values = []string{change.Name}
	case byFile:
		for file := change.Source.File; file != "." && file != "/" && file != ""; file = path.Dir(file) {
			values = append(values, file) // and the folders that it is in
		}
		values = append(values, path.Base(change.Source.File))
	case byAction:
		values = []string{string(change.Action)}
	}
	return slices.ContainsFunc(values, func(value string) bool {
		match, err := path.Match(f.Glob, value)
		return err == nil && match
	})
}

// shows reports whether a change is listed: it has to match one filter of each property.
func (v View) shows(change *sync.Change) bool {
	met := map[string]bool{}
	for _, f := range v.Filters {
		met[f.Property] = met[f.Property] || f.matches(change)
	}
	return !slices.ContainsFunc(v.Filters, func(f Filter) bool { return !met[f.Property] })
}

// changeGroup is changes that are listed together.
type changeGroup struct {
	name    string
	changes []*sync.Change
	tally   Tally
}

// groups returns what is listed: groups by name, those of no group last, and in each the
// changes in the order of the plan.
func (v View) groups(plan *sync.Plan) []*changeGroup {
	byName := map[string]*changeGroup{}
	var groups []*changeGroup
	for _, change := range plan.Changes {
		if !v.shows(change) {
			continue
		}
		name := ""
		if v.Group != nil {
			name = v.Group(change)
		}
		group := byName[name]
		if group == nil {
			group = &changeGroup{name: name}
			byName[name] = group
			groups = append(groups, group)
		}
		group.changes = append(group.changes, change)
		group.tally.count(change.Action)
	}
	slices.SortStableFunc(groups, func(a, b *changeGroup) int {
		if (a.name == "") != (b.name == "") {
			return len(b.name) - len(a.name)
		}
		return strings.Compare(a.name, b.name)
	})
	return groups
}

// title is what a group is called, with its counts; empty where there are no groups.
func (v View) title(group *changeGroup) string {
	signs := group.tally.signs()
	switch {
	case v.Group == nil || signs == "":
		return ""
	case group.name == "":
		return "of no " + v.By + " " + signs
	default:
		return group.name + " " + signs
	}
}

// left says how many changes are listed of how many; empty where all are.
func (v View) left(plan *sync.Plan) string {
	if len(v.Filters) == 0 {
		return ""
	}
	all, shown := 0, 0
	for _, change := range plan.Changes {
		if change.Action == sync.NoOp {
			continue
		}
		all++
		if v.shows(change) {
			shown++
		}
	}
	return fmt.Sprintf("Listed are %d of %s, by --filter.", shown, terminal.Count(all, "change", "changes"))
}
