package devserver

import "slices"

// binding is the use of an object by another one, such as of a stage by a
// flow.
type binding struct {
	pk     string
	user   string // its pk
	target string // its pk
	order  int
}

// bindings finds bindings from both ends, in the order they were made.
type bindings struct {
	byTarget, byUser map[string][]binding
}

func newBindings() bindings {
	return bindings{byTarget: map[string][]binding{}, byUser: map[string][]binding{}}
}

func (bs bindings) add(b binding) {
	bs.byTarget[b.target] = append(bs.byTarget[b.target], b)
	bs.byUser[b.user] = append(bs.byUser[b.user], b)
}

// of gives the bindings of a target.
func (bs bindings) of(target string) []binding { return bs.byTarget[target] }

// targets gives what an object uses.
func (bs bindings) targets(user string) []string {
	targets := make([]string, len(bs.byUser[user]))
	for i, b := range bs.byUser[user] {
		targets[i] = b.target
	}
	return targets
}

// forget ends all uses of an object and by it, and gives what it used.
func (bs bindings) forget(pk string) (freed []string) {
	freed = bs.targets(pk)
	for _, b := range bs.byTarget[pk] {
		bs.byUser[b.user] = without(bs.byUser[b.user], b)
	}
	for _, b := range bs.byUser[pk] {
		bs.byTarget[b.target] = without(bs.byTarget[b.target], b)
	}
	delete(bs.byTarget, pk)
	delete(bs.byUser, pk)
	return freed
}

func without(list []binding, b binding) []binding {
	return slices.DeleteFunc(list, func(other binding) bool { return other.pk == b.pk })
}
