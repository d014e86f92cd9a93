package export

// dependenciesFirst gives all in such an order that each comes after those of
// all that it needs, and otherwise in the order given. Where some need each
// other in a circle the given order stands.
func dependenciesFirst[T any, ID comparable](all []T, id func(T) ID, needs func(T) []ID) []T {
	at := make(map[ID]int, len(all))
	for i, one := range all {
		at[id(one)] = i
	}
	ordered := make([]T, 0, len(all))
	seen := make([]bool, len(all))
	var add func(int)
	add = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, need := range needs(all[i]) {
			if j, among := at[need]; among {
				add(j)
			}
		}
		ordered = append(ordered, all[i])
	}
	for i := range all {
		add(i)
	}
	return ordered
}
