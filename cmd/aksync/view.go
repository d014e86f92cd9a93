package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/depict"
	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// viewFlags say which changes are listed, and in which groups.
type viewFlags struct {
	groupBy string
	filters []string
}

// groupings are what changes can be grouped by. What is neither kind nor file is a model,
// to whose objects changes belong.
func groupings() []string { return []string{"file", "kind", "flow", "application"} }

func (f *viewFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.groupBy, "group-by", "", "list changes by file, kind, flow or application (default: in the order in which they are applied)")
	cmd.Flags().StringArrayVar(&f.filters, "filter", nil, "list only changes with model=GLOB, name=GLOB, file=GLOB or action=create, update or delete; the plan stays whole")
	completeWords(cmd, "group-by", groupings()...)
}

// check refuses what is no grouping or no filter.
func (f *viewFlags) check() (report.View, error) {
	view := report.View{By: f.groupBy}
	if f.groupBy != "" {
		if err := oneOf("group-by", f.groupBy, groupings()...); err != nil {
			return view, err
		}
	}
	for _, text := range f.filters {
		filter, err := report.ParseFilter(text)
		if err != nil {
			return view, &usageError{err}
		}
		view.Filters = append(view.Filters, filter)
	}
	return view, nil
}

// grouped adds to a view how the changes of a pass are grouped.
func grouped(s *schema.Schema, pass *sync.Pass, view report.View) (report.View, error) {
	switch view.By {
	case "":
	case "file":
		view.Group = func(change *sync.Change) string { return change.Source.File }
	case "kind":
		view.Group = func(change *sync.Change) string { return change.Title }
	default:
		subject, err := explain.Find(s, view.By)
		if err != nil {
			return view, err
		}
		view.Group = depict.Groups(s, pass.Plan, pass.Blueprints.Entries, subject.Kind)
	}
	return view, nil
}
