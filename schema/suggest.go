package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// Suggest says which of the known names was probably meant, or which there
// are where none is near: the second half of an error message.
func Suggest(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	if len(known) > mostKnown {
		return fmt.Sprintf("want one of %s and %d more", strings.Join(known[:mostKnown], ", "), len(known)-mostKnown)
	}
	return "want one of " + strings.Join(known, ", ")
}

// mostKnown is how many names a message lists.
const mostKnown = 30

// Nearest gives the known name that a slip of the keyboard separates from
// name, or nothing.
func Nearest(name string, known []string) string {
	const longest = 200 // comparing takes its time, and no name is as long
	if len(name) > longest {
		return ""
	}
	best, bestDistance := "", min(max(2, len(name)/4), len(name)/2)+1
	for _, candidate := range known {
		distance := levenshtein.Distance(strings.ToLower(name), strings.ToLower(candidate), nil)
		if letters(name) == letters(candidate) {
			distance = min(distance, 1) // two changed places
		}
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// letters are those of a word, in order.
func letters(word string) string {
	runes := []rune(strings.ToLower(word))
	slices.Sort(runes)
	return string(runes)
}
