package report

import (
	"fmt"
	"strings"

	"github.com/aksync/aksync/sync"
)

// Warnings say how a change can lock people out: something that is in use is
// deleted, or no longer has a value of an enumerated list, such as a backend
// that some people's passwords are known to and no other, in a flow that people
// log in through.
func Warnings(change *sync.Change) []string { return append(lockingOut(change), change.Warnings...) }

func lockingOut(change *sync.Change) []string {
	if change.Action == sync.Delete && len(change.UserNames()) > 0 {
		return []string{fmt.Sprintf("%s loses this %s: whoever comes through there has that step no more.",
			strings.Join(change.UserNames(), ", "), change.Title)}
	}
	if change.Action != sync.Update || len(change.Entrances()) == 0 {
		return nil
	}
	var warnings []string
	for _, field := range change.Fields {
		if gone := lost(field); len(gone) > 0 {
			warnings = append(warnings, fmt.Sprintf("%s no longer has %s: whoever has nothing else to log in with is locked out of %s.",
				field.Name, strings.Join(gone, ", "), strings.Join(change.Entrances(), ", ")))
		}
	}
	return warnings
}

// lost gives the values of an enumerated list that are there before and not
// after.
func lost(field sync.FieldChange) []string {
	before, beforeIsList := field.Before.([]any)
	after, afterIsList := field.After.([]any)
	if field.Sensitive || !field.Choices || !beforeIsList || !afterIsList {
		return nil
	}
	old, now := number(before, after)
	known := map[int]bool{}
	for _, n := range now {
		known[n] = true
	}
	var gone []string
	for i, element := range before {
		if known[old[i]] {
			continue
		}
		known[old[i]] = true
		name, isText := element.(string)
		if !isText {
			name = Literal(element, columns)
		}
		gone = append(gone, name)
	}
	return some(gone)
}
