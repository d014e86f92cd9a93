package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// mostListed is how many objects or files a section of the first page shows.
const mostListed = 50

// front is the first page: what is wrong, then what drifted, then all there is.
type front struct {
	*head
	// PassError is why the last pass could not be made, where that is not authentik.
	PassError string
	// Broken are files with errors, of which All are counted.
	Broken      []Blueprint
	BrokenFiles int
	// Failed and Drifted are the first objects of those states.
	Failed, Drifted           []Object
	FailedCount, DriftedCount int
	Files                     []Blueprint
	FileCount                 int
	Warned                    int
	InSync                    int
	// Undeclared are the models of which there are objects that nobody declares.
	Undeclared []undeclared
}

func (*front) templateOf() string { return "front" }

// Wrong reports whether anything is.
func (f *front) Wrong() bool {
	return f.NotReady != "" || f.PassError != "" || len(f.Problems)+len(f.Contested)+f.BrokenFiles+f.FailedCount > 0
}

func frontOf(s Status, refresh bool) *front {
	f := &front{head: headOf(s, ""), Undeclared: undeclaredOf(s.Unmanaged, s.Kinds)}
	f.Refresh = refresh
	if len(s.Passes) > 0 && s.Passes[0].Error != s.Health.Server.Error {
		f.PassError = s.Passes[0].Error
	}
	f.Failed, f.FailedCount = ofState(s.Objects, sync.Amiss)
	f.Drifted, f.DriftedCount = ofState(s.Objects, sync.Drifted)
	f.InSync = len(s.Objects) - f.FailedCount - f.DriftedCount
	f.files()
	f.Title = f.summary()
	return f
}

// ofState gives the first objects of a state, and how many there are.
func ofState(objects []Object, state sync.ObjectState) (first []Object, count int) {
	for _, o := range objects {
		if o.State == state {
			count++
			if count <= mostListed {
				first = append(first, o)
			}
		}
	}
	return first, count
}

// files puts those first that need attention.
func (f *front) files() {
	rank := func(b Blueprint) int {
		switch {
		case b.State == tree.Invalid:
			return 0
		case len(b.Errors) > 0:
			return 1
		case len(b.Warnings) > 0:
			return 2
		case b.State == tree.Valid:
			return 3
		default:
			return 4
		}
	}
	files := slices.SortedStableFunc(slices.Values(f.Blueprints), func(a, b Blueprint) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.File, b.File))
	})
	for _, file := range files {
		if rank(file) < 2 {
			f.BrokenFiles++
		}
		f.Warned += len(file.Warnings)
	}
	f.Warned += len(f.Warnings)
	f.Broken = files[:min(f.BrokenFiles, mostListed)]
	f.FileCount = len(files)
	f.Files = files[:min(len(files), 2*mostListed)]
}

// summary says in few words how it is.
func (f *front) summary() string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, terminal.Count(n, one, many))
		}
	}
	if f.NotReady != "" {
		parts = append(parts, "not ready")
	}
	add(f.BrokenFiles, "file with errors", "files with errors")
	add(f.FailedCount, "object failed", "objects failed")
	add(len(f.Contested), "field fought over", "fields fought over")
	add(f.DriftedCount, "object drifted", "objects drifted")
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case f.Wrong():
		return "something is wrong"
	default:
		return "all is as declared"
	}
}

type undeclared struct {
	Model, Title string
	Objects      int
}

// undeclaredOf gives those of which there are any, by model.
func undeclaredOf(counts map[string]int, kinds []Kind) []undeclared {
	titles := map[string]string{}
	for _, kind := range kinds {
		titles[kind.Model] = kind.Title
	}
	var list []undeclared
	for _, model := range slices.Sorted(maps.Keys(counts)) {
		if counts[model] > 0 {
			list = append(list, undeclared{model, titles[model], counts[model]})
		}
	}
	return list
}
