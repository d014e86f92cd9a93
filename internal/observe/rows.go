package observe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// blueprintRows gives the files, and the problems and warnings that are in none of them.
func blueprintRows(pass *sync.Pass) (rows []metrics.Blueprint, problems, warnings []string) {
	errorsOf, warningsOf := byFile(pass.Problems()), byFile(pass.Warnings())
	rows = make([]metrics.Blueprint, 0, len(pass.Blueprints.Files))
	for _, file := range pass.Blueprints.Files {
		row := metrics.Blueprint{File: file.Path, State: file.State}
		for _, part := range append([]string{file.Path}, file.Parts...) {
			row.Errors, row.Warnings = append(row.Errors, errorsOf[part]...), append(row.Warnings, warningsOf[part]...)
			delete(errorsOf, part)
			delete(warningsOf, part)
		}
		rows = append(rows, row)
	}
	return rows, restOf(errorsOf), restOf(warningsOf)
}

func byFile(problems tree.Problems) map[string][]string {
	of := map[string][]string{}
	for _, problem := range problems {
		of[problem.Place.File] = append(of[problem.Place.File], problem.Error())
	}
	return of
}

func restOf(of map[string][]string) []string {
	var rest []string
	for _, file := range slices.Sorted(maps.Keys(of)) {
		rest = append(rest, of[file]...)
	}
	return rest
}

// declaredAt is what tells objects apart that a pass declares.
type declaredAt struct {
	place tree.Place
	path  string
	// name tells those apart that no entry asks for.
	name string
}

func declaredFrom(place tree.Place, path, model, name string) declaredAt {
	at := declaredAt{place: place, path: path}
	if path == "" {
		at.name = model + "\x00" + name
	}
	return at
}

// declarationsOf says of which object each change of a plan is. What permits somebody
// something with an object has a place of its own, and is of that object.
func declarationsOf(plan *sync.Plan) map[*sync.Change]declaredAt {
	type object struct{ model, pk, name string }
	of, at := make(map[*sync.Change]declaredAt, len(plan.Changes)), map[object]declaredAt{}
	for _, change := range plan.Changes {
		if change.Permits == nil {
			declared := declaredFrom(change.Source, change.Path, change.Model, change.Name)
			of[change] = declared
			at[object{change.Model, change.PK, change.Name}] = declared
		}
	}
	for _, change := range plan.Changes {
		if change.Permits != nil {
			own := declaredAt{place: change.Source, path: change.Path}
			if declared, known := at[object{change.Model, change.PK, change.Name}]; known {
				own = declared
			}
			of[change] = own
		}
	}
	return of
}

// objectRows gives the objects as the pass left them: one for all changes of an object,
// as its worst change left it.
func objectRows(pass *sync.Pass, of map[*sync.Change]declaredAt) []metrics.Object {
	rows := make([]metrics.Object, 0, len(pass.Plan.Changes))
	at := map[declaredAt]int{}
	add := func(change *sync.Change, state sync.ObjectState, pk, problem string) {
		row := metrics.Object{
			Model: change.Model, Title: change.Title, Name: change.Name, PK: cmp.Or(change.PK, pk), State: state,
			Source: of[change].place, Path: of[change].path, Elsewhere: change.Elsewhere, Error: problem,
		}
		declaration := of[change]
		i, has := at[declaration]
		switch {
		case !has:
			at[declaration] = len(rows)
			rows = append(rows, row)
		case rank(state) < rank(rows[i].State):
			row.PK, row.Name = cmp.Or(rows[i].PK, row.PK), rows[i].Name
			rows[i] = row
		}
	}
	for _, change := range pass.Plan.Changes {
		if change.Action == sync.NoOp {
			add(change, sync.InSync, "", "")
		} else if pass.Report == nil {
			add(change, sync.Drifted, "", change.Held)
		}
	}
	if pass.Report != nil {
		for _, result := range pass.Report.Results {
			problem := result.Change.Held
			if result.Err != nil {
				problem = result.Err.Error()
			}
			add(result.Change, result.State(), result.PK, problem)
		}
	}
	slices.SortStableFunc(rows, func(a, b metrics.Object) int {
		return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Name, b.Name), a.Source.Compare(b.Source))
	})
	addLines(pass, of, rows)
	return rows
}

// rank is the place of a state in lists: what needs attention comes first.
func rank(state sync.ObjectState) int {
	return slices.Index([]sync.ObjectState{sync.Amiss, sync.Drifted, sync.InSync}, state)
}

// mostWithLines is how many objects say in lists what differs: as many as the first page
// shows.
const mostWithLines = 100

// addLines adds what differs to the first rows.
func addLines(pass *sync.Pass, of map[*sync.Change]declaredAt, rows []metrics.Object) {
	changes := map[declaredAt]*sync.Change{}
	for _, change := range pass.Plan.Changes {
		if change.Action != sync.NoOp && changes[of[change]] == nil {
			changes[of[change]] = change
		}
	}
	names := report.NewNames(pass.Plan)
	for i := range rows[:min(len(rows), mostWithLines)] {
		if change := changes[rowAt(rows[i])]; change != nil && rows[i].State != sync.InSync {
			rows[i].Changes = fewLines(names, change)
		}
	}
}

// fewLines gives the action and some lines of a change, as the plan has them.
func fewLines(names *report.Names, change *sync.Change) []report.Line {
	const most = 10
	lines := report.Lines(names, change)
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most:most], report.Line{Sign: " ", Text: fmt.Sprintf("… %d more", more)})
	}
	if sign := map[sync.Action]string{sync.Create: "+", sync.Delete: "-"}[change.Action]; sign != "" {
		lines = slices.Insert(lines, 0, report.Line{Sign: sign, Text: string(change.Action)})
	}
	return lines
}

// kindsOf counts the objects by kind, by what people call the kinds.
func kindsOf(s *schema.Schema, pass *sync.Pass) []metrics.Kind {
	titles := map[string]string{}
	for _, change := range pass.Plan.Changes {
		titles[change.Model] = change.Title
	}
	var kinds []metrics.Kind
	for model, tally := range pass.Tally() {
		title := cmp.Or(titles[model], model)
		if s != nil && titles[model] == "" {
			if kind := s.Kind(model); kind != nil {
				title = kind.Title
			}
		}
		kinds = append(kinds, metrics.Kind{Model: model, Title: title, Tally: tally})
	}
	slices.SortFunc(kinds, func(a, b metrics.Kind) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.Model, b.Model))
	})
	return kinds
}
