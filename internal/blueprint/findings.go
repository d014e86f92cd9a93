package blueprint

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// mostProblems is how many problems of one file are shown.
const mostProblems = 200

// findings are the problems that were found in one file.
type findings struct{ problems tree.Problems }

func (f *findings) add(problems ...tree.Problem) {
	f.problems = append(f.problems, problems[:min(len(problems), mostFound-len(f.problems))]...)
}

// full reports whether there is no use in looking for more.
func (f *findings) full() bool { return len(f.problems) >= mostFound }

// shown returns problems as they are shown, sorted and not too many of them;
// full says that there may be more than those.
func shown(path string, problems tree.Problems, full bool) tree.Problems {
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
