package report

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Whatever two lists are, long ones of few elements too: what stays rises, what
// moves has another place, nothing is said twice, and nothing that is left on
// one side is left on the other.
func TestFates(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.IntRange(1, 40).Draw(rt, "words")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		draw := func(label string) []any {
			list := make([]any, rapid.IntRange(0, 400).Draw(rt, label))
			for i := range list {
				list[i] = int64(random.IntN(words))
			}
			return list
		}
		before, after := draw("before"), draw("after")
		if err := checkFates(before, after, compare(before, after)); err != nil {
			rt.Fatal(err)
		}
	})
}

func checkFates(before, after []any, f fates) error {
	taken := map[int]bool{}
	last := -1
	left := map[any]int{}
	for i, element := range before {
		stays, moves := f.stays[i], f.moves[i]
		at := max(stays, moves)
		switch {
		case stays >= 0 && moves >= 0:
			return fmt.Errorf("%d stays and moves", i)
		case at < 0:
			left[element]++
			continue
		case after[at] != element || taken[at]:
			return fmt.Errorf("%d is not %d, or is another already", i, at)
		case moves == i:
			return fmt.Errorf("%d moves to where it is", i)
		case stays >= 0 && stays <= last:
			return fmt.Errorf("%d does not keep its order", i)
		}
		taken[at] = true
		last = max(last, stays)
	}
	for j, element := range after {
		if !taken[j] && left[element] > 0 {
			return fmt.Errorf("%d is new, and is gone elsewhere", j)
		}
	}
	return nil
}

// As many stay as can, where nothing has the place it had without staying.
func TestMostStay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.SliceOfN(rapid.IntRange(0, 6), 0, 30)
		old, now := word.Draw(rt, "old"), word.Draw(rt, "now")
		kept := 0
		for _, j := range staying(old, now) {
			if j >= 0 {
				kept++
			}
		}
		if want := longestCommon(old, now); kept != want {
			rt.Fatalf("%d stay, and %d could", kept, want)
		}
	})
}

// longestCommon is the textbook's table.
func longestCommon(a, b []int) int {
	lengths := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := lengths[j+1]
			if lengths[j+1] = max(lengths[j], above); a[i] == b[j] {
				lengths[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return lengths[len(b)]
}
