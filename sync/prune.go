package sync

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Glob says which live objects are pruned: those whose names match it, of one
// model or, where none is given, of every kind that blueprints speak of.
type Glob struct{ Model, Name string }

// ParseGlob reads [MODEL:]GLOB.
func ParseGlob(text string) (Glob, error) {
	glob := Glob{Name: text}
	if model, name, has := strings.Cut(text, ":"); has && strings.Contains(model, ".") {
		glob = Glob{strings.ToLower(model), name}
	}
	if _, err := path.Match(glob.Name, ""); err != nil {
		return Glob{}, fmt.Errorf("%q is no glob: %w", text, err)
	}
	return glob, nil
}

// String is the glob as it is given.
func (g Glob) String() string {
	if g.Model == "" {
		return g.Name
	}
	return g.Model + ":" + g.Name
}

func (g Glob) matches(kind *schema.Kind, name string) bool {
	match, err := path.Match(g.Name, name)
	return err == nil && match && (g.Model == "" || g.Model == kind.Model)
}

// prune adds the deletion of live objects that match a glob and that no
// blueprint speaks of, and never of what authentik manages itself. Nothing is
// pruned of a kind that no blueprint speaks of at all: an empty folder is not a
// wish to delete; nor of one of which an entry can't say what it is about.
func (p *planner) prune(globs []Glob, spoken map[string]map[string]bool) {
	for _, model := range slices.Sorted(maps.Keys(spoken)) {
		kind, objects := p.schema.Kind(model), spoken[model]
		if objects == nil || kind.Key == "" || !kind.Delete {
			continue
		}
		t := p.table(kind)
		if !slices.ContainsFunc(globs, func(glob Glob) bool { return glob.Model == "" || glob.Model == kind.Model }) {
			continue
		}
		for _, object := range t.all() {
			if glob := matching(globs, kind, object); glob != nil && !objects[t.id(object)] && p.groupOf(t, object) == nil && object["managed"] == nil {
				p.pruneObject(t, object, *glob)
			}
		}
	}
}

// spokenOf returns the live objects that entries speak of, by model and key; nil
// for a kind of which that is not known.
func (p *planner) spokenOf(silent []*tree.Entry) map[string]map[string]bool {
	spoken := map[string]map[string]bool{}
	speak := func(kind *schema.Kind) map[string]bool {
		if _, known := spoken[kind.Model]; !known {
			spoken[kind.Model] = map[string]bool{}
		}
		return spoken[kind.Model]
	}
	note := func(entry *tree.Entry, kind *schema.Kind) {
		objects, t := speak(kind), p.table(kind)
		where, complete := literalWants(entry)
		if pk, has := entry.Identifiers.Get(schema.PK); has && objects != nil {
			objects[schema.IDText(pk.Plain())] = true
		} else if !complete || t.Err != nil || objects == nil {
			spoken[kind.Model] = nil
			return
		}
		if name, _ := entry.Field(kind.Key); asText(name.Data) != "" {
			for _, object := range t.having([]want{{field: kind.Key, value: name.Data}}) {
				objects[t.id(object)] = true
			}
		}
		if len(where) > 0 {
			for _, object := range t.having(where) {
				objects[t.id(object)] = true
			}
		}
	}
	for _, c := range p.candidates {
		objects := speak(c.kind)
		switch {
		case c.group == nil:
			note(c.entry, c.kind)
		case objects != nil && c.group.object != nil:
			objects[p.table(c.kind).id(c.group.object)] = true
		}
	}
	for _, entry := range silent {
		if kind := p.schema.Kind(entry.Model); kind != nil && kind.Managed {
			note(entry, kind)
		}
	}
	return spoken
}

// matching returns the first glob that an object's name matches, or nil.
func matching(globs []Glob, kind *schema.Kind, object schema.Object) *Glob {
	for _, glob := range globs {
		if glob.matches(kind, asText(object[kind.Key])) {
			return &glob
		}
	}
	return nil
}

// pruneObject plans the deletion of what a glob matches.
func (p *planner) pruneObject(t *table, object schema.Object, glob Glob) {
	p.deleteObject(t, object, tree.Place{File: "--prune " + glob.String()})
}

// deleteObject plans the deletion as if an entry with the state absent, at the
// place, asked for it.
func (p *planner) deleteObject(t *table, object schema.Object, place tree.Place) {
	c := &candidate{number: len(p.candidates), kind: t.kind, phase: settled, entry: &tree.Entry{
		Place: place, Model: t.kind.Model, State: tree.Value{Place: place, Data: string(tree.Absent)},
	}}
	p.candidates = append(p.candidates, c)
	p.join(c, object, liveIdentity(t.kind.Model, t.id(object)))
	c.group.number = c.number
	change, problems := p.makeChange(c.group, c.entry)
	if len(problems) > 0 {
		p.fail(c, problems...)
		return
	}
	c.group.change = change
	p.plan.Changes = append(p.plan.Changes, change)
}
