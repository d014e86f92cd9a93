// Package report writes a pass for people and for programs: each form is a
// small writer over the same plan.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

// Summary counts what a plan comes to.
type Summary struct {
	Create           int `json:"create"`
	Update           int `json:"update"`
	Delete           int `json:"delete"`
	NoOp             int `json:"no_op"`
	Error            int `json:"error"`
	Warning          int `json:"warning"`
	UnmanagedEntries int `json:"unmanaged_entries"`
	// Unmanaged counts the live objects that no blueprint speaks of, and Brought those
	// of them that are authentik's own; nil where nobody asked.
	Unmanaged *int `json:"unmanaged,omitempty"`
	Brought   *int `json:"unmanaged_own,omitempty"`
	// Models counts the objects of each model.
	Models map[string]*Tally `json:"models,omitempty"`
}

// Summarize counts the changes, errors, warnings and unmanaged entries of a pass.
func Summarize(pass *sync.Pass) Summary {
	s := Summary{Error: len(pass.Problems()), Warning: len(pass.Warnings()), Models: map[string]*Tally{}}
	if pass.Blueprints != nil {
		for _, count := range pass.Blueprints.Unmanaged {
			s.UnmanagedEntries += count
		}
	}
	if pass.Plan == nil {
		return s
	}
	if found := surveyOf(pass.Plan); found != nil {
		total := found.Total()
		s.Unmanaged, s.Brought = &total, &found.Brought
	}
	var all Tally
	for _, change := range pass.Plan.Changes {
		if s.Models[change.Model] == nil {
			s.Models[change.Model] = &Tally{}
		}
		s.Models[change.Model].count(change.Action)
		all.count(change.Action)
	}
	s.Create, s.Update, s.Delete, s.NoOp = all.Create, all.Update, all.Delete, all.NoOp
	return s
}

// String is the last line of a plan, which people quote.
func (s Summary) String() string {
	line := fmt.Sprintf("Plan: %d to create, %d to update, %d to delete, %d unchanged", s.Create, s.Update, s.Delete, s.NoOp)
	if s.Error > 0 {
		line += ", " + terminal.Count(s.Error, "error", "errors")
	}
	if s.Warning > 0 {
		line += ", " + terminal.Count(s.Warning, "warning", "warnings")
	}
	if s.Unmanaged != nil {
		line += fmt.Sprintf(", %s unmanaged", grouped(*s.Unmanaged))
	}
	return line + "."
}

// LeftAlone says which entries are not managed, or nothing where there are none.
func LeftAlone(blueprints *sync.Blueprints) string {
	left := leftAlone(blueprints)
	if left.entries == "" {
		return ""
	}
	return left.entries + ": " + strings.Join(append(left.explained, left.models...), "; ") + "."
}

// unmanaged is what LeftAlone is put together from.
type unmanaged struct {
	// entries is a sentence without its end; empty where there are none.
	entries string
	// models are the models of the entries, with their counts: explained those of
	// which it is known why they are not managed, with the reason.
	explained, models []string
}

func leftAlone(blueprints *sync.Blueprints) unmanaged {
	var left unmanaged
	if blueprints == nil { // a saved plan knows of none
		return left
	}
	total := 0
	for _, model := range slices.Sorted(maps.Keys(blueprints.Unmanaged)) {
		total += blueprints.Unmanaged[model]
		entries := fmt.Sprintf("%s (%d)", clean(model), blueprints.Unmanaged[model])
		if why := blueprints.Why[model]; why != "" {
			left.explained = append(left.explained, entries+": "+clean(why))
		} else {
			left.models = append(left.models, entries)
		}
	}
	if total > 0 {
		left.entries = terminal.Count(total, "entry of a model that aksync does not manage is", "entries of models that aksync does not manage are") + " left alone"
	}
	return left
}

// some gives as many names as a reader takes in, and how many more there are.
func some(names []string) []string {
	const most = 10
	if len(names) <= most {
		return names
	}
	return append(names[:most:most], grouped(len(names)-most)+" more")
}
