package report

import "sort"

// fates says what becomes of the elements of a list: for each of them which of
// the new list it is, or -1. Of those that are in both lists some stay, in the
// order they were in, and the others move; none moves to the place it had.
type fates struct{ stays, moves []int }

// compare tells the fates of the elements of a list. It takes hardly longer than
// reading both lists does: as many as possible stay, save where lists with many
// repetitions would take too long for that.
func compare(before, after []any) fates {
	old, now := number(before, after)
	f := fates{stays: staying(old, now)}
	f.moves = moving(old, now, f.stays)
	for i, j := range f.moves {
		if i == j {
			f.stays = staying(split(old, now))
			f.moves = moving(old, now, f.stays)
			break
		}
	}
	return f
}

// number gives equal elements of two lists the same number.
func number(before, after []any) (old, now []int) {
	numbers := map[string]int{}
	var literal []byte
	in := func(list []any) []int {
		numbered := make([]int, len(list))
		for i, element := range list {
			literal = appendLiteral(literal[:0], element)
			n, known := numbers[string(literal)]
			if !known {
				n = len(numbers)
				numbers[string(literal)] = n
			}
			numbered[i] = n
		}
		return numbered
	}
	return in(before), in(after)
}

// split numbers two lists anew, so that the same number is only on the same side
// of each element that has the same place in both: all of those stay then, and
// nothing moves past them.
func split(old, now []int) (oldParts, nowParts []int) {
	type element struct{ part, number int }
	numbers := map[element]int{}
	in := func(list []int) []int {
		numbered := make([]int, len(list))
		part := 0
		for i, n := range list {
			fixed := i < min(len(old), len(now)) && old[i] == now[i]
			if fixed {
				part++
			}
			of := element{part, n}
			if _, known := numbers[of]; !known {
				numbers[of] = len(numbers)
			}
			numbered[i] = numbers[of]
			if fixed {
				part++
			}
		}
		return numbered
	}
	return in(old), in(now)
}

// staying gives for each element of a list as which one of the other it stays.
func staying(old, now []int) []int {
	stays := none(len(old))
	start, endOld, endNow := 0, len(old), len(now)
	for start < min(endOld, endNow) && old[start] == now[start] {
		stays[start] = start
		start++
	}
	for endOld > start && endNow > start && old[endOld-1] == now[endNow-1] {
		endOld, endNow = endOld-1, endNow-1
		stays[endOld] = endNow
	}
	for i, j := range rising(matches(old[start:endOld], now[start:endNow])) {
		if j >= 0 {
			stays[start+i] = start + j
		}
	}
	return stays
}

// matches gives for each element of a list the places that it has in the other
// one, from the last to the first. Where that would be too many, the first
// occurrence of an element only matches the first one, and so on.
func matches(old, now []int) [][]int {
	const mostForEach = 16
	places := map[int][]int{}
	for j := len(now) - 1; j >= 0; j-- {
		places[now[j]] = append(places[now[j]], j)
	}
	found := make([][]int, len(old))
	total := 0
	for i, n := range old {
		found[i] = places[n]
		total += len(found[i])
	}
	if total <= mostForEach*(len(old)+len(now)) {
		return found
	}
	for i, n := range old {
		last := max(len(places[n])-1, 0)
		places[n], found[i] = places[n][:last], places[n][last:]
	}
	return found
}

// rising gives one of the places of each element, or -1, so that they rise and
// are as many as possible: the longest increasing subsequence, by patience
// sorting.
func rising(places [][]int) []int {
	type link struct{ i, j, before int }
	var links []link
	var ends []int // the link that a sequence of each length ends with: the one with the least j
	for i, js := range places {
		for _, j := range js {
			length := sort.Search(len(ends), func(k int) bool { return links[ends[k]].j >= j })
			before := -1
			if length > 0 {
				before = ends[length-1]
			}
			switch {
			case length == len(ends):
				ends = append(ends, len(links))
			case links[ends[length]].j == j:
				continue
			default:
				ends[length] = len(links)
			}
			links = append(links, link{i, j, before})
		}
	}
	chosen := none(len(places))
	if len(ends) == 0 {
		return chosen
	}
	for at := ends[len(ends)-1]; at >= 0; at = links[at].before {
		chosen[links[at].i] = links[at].j
	}
	return chosen
}

// moving gives for each element that does not stay the place that it has in the
// other list, where one is left.
func moving(old, now, stays []int) []int {
	taken := make([]bool, len(now))
	for _, j := range stays {
		if j >= 0 {
			taken[j] = true
		}
	}
	left := map[int][]int{}
	for j, n := range now {
		if !taken[j] {
			left[n] = append(left[n], j)
		}
	}
	moves := none(len(old))
	for i, n := range old {
		if stays[i] < 0 && len(left[n]) > 0 {
			moves[i], left[n] = left[n][0], left[n][1:]
		}
	}
	return moves
}

func none(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = -1
	}
	return list
}
