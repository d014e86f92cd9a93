package bounds

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// mostProblems is how many problems of one file are shown.
const mostProblems = 200

// Findings are the problems that were found in one file.
type Findings struct{ Problems tree.Problems }

func (f *Findings) Add(problems ...tree.Problem) {
	f.Problems = append(f.Problems, problems[:min(len(problems), MostFound-len(f.Problems))]...)
}

// Full reports whether there is no use in looking for more.
func (f *Findings) Full() bool { return len(f.Problems) >= MostFound }

// Shown returns problems as they are shown, sorted and not too many of them;
// full says that there may be more than those.
func Shown(path string, problems tree.Problems, full bool) tree.Problems {
	more := len(problems) - mostProblems
	if more <= 0 {
		return problems
	}
	least := ""
	if full {
		least = "at least "
	}
	return append(problems[:mostProblems:mostProblems], tree.Problem{
		Place: tree.Place{File: path}, Message: fmt.Sprintf("has %s%d further problems", least, more),
	})
}
