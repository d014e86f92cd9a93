package sync

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Limit is a number, or a share of the live objects.
type Limit struct {
	text    string
	number  int
	percent bool
	// from is how many live objects there have to be for the limit to count.
	from int
}

// DefaultMaxDeletes is the limit of deletions where none is set: a share that
// no everyday change comes to, once there are enough objects to speak of one.
func DefaultMaxDeletes() Limit { return Limit{text: "30%", number: 30, percent: true, from: 10} }

// ParseLimit reads a limit such as 5 or 30%; nothing is no limit.
func ParseLimit(text string) (Limit, error) {
	if text == "" {
		return Limit{}, nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 || percent && number > 100 {
		return Limit{}, fmt.Errorf("%q is no limit: want a number such as 5, or a share of the live objects such as 30%%", text)
	}
	return Limit{text: text, number: number, percent: percent}, nil
}

// String is the limit as it is set.
func (l Limit) String() string { return l.text }

// allows gives how many of the live objects the limit lets pass, and whether
// it counts.
func (l Limit) allows(live int) (most int, counts bool) {
	if l.text == "" || live < l.from {
		return 0, false
	}
	if l.percent {
		return live * l.number / 100, true
	}
	return l.number, true
}

// limited is a flag with what it bounds.
type limited struct {
	limit            Limit
	verb, noun, flag string
	counts           func(Action) bool
}

// Limit is the guard that refuses a plan as a whole which goes past a limit: of
// one kind, or of all kinds together. A number bounds all together and so each; a
// share is one of the live objects of the kind, too, since a tenth of everything
// can be all of one kind.
func (g Guards) Limit(p *Plan) *Plan {
	for _, one := range []limited{
		{g.MaxDeletes, "delete", "of", "--max-deletes", func(a Action) bool { return a == Delete }},
		{g.MaxChanges, "change", "beside", "--max-changes", func(a Action) bool { return a != NoOp }},
	} {
		if refusal := one.refusal(p); refusal != "" {
			return p.refused(refusal)
		}
	}
	return p
}

func (l limited) refusal(p *Plan) string {
	all, live := 0, 0
	counts, titles := map[string]int{}, map[string]string{}
	for _, change := range p.Changes {
		if l.counts(change.Action) {
			counts[change.Model]++
			titles[change.Model] = change.Title
			all++
		}
	}
	for _, count := range p.Live {
		live += count
	}
	if most, limits := l.limit.allows(live); limits && all > most {
		return l.message(all, most, live, "objects", "live ones")
	}
	if !l.limit.percent {
		return ""
	}
	for _, model := range slices.Sorted(maps.Keys(counts)) {
		most, limits := l.limit.allows(p.Live[model])
		if limits && counts[model] > most {
			return l.message(counts[model], most, p.Live[model], "objects of the kind "+titles[model], "live ones of it")
		}
	}
	return ""
}

func (l limited) message(count, most, live int, what, of string) string {
	return fmt.Sprintf("this pass would %s %d %s %s %d %s, and %s %s allows %d: nothing is changed; if it is meant, allow it with %s %d",
		l.verb, count, what, l.noun, live, of, l.flag, l.limit, most, l.flag, count)
}
