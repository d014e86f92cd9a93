package tags

import "github.com/aksync/aksync/internal/tree"

// copiedOfStep is how many values are copied within one step.
const copiedOfStep = 8

// merger merges mappings as authentik's always_merger does: those in them are
// merged, lists are joined, and of anything else the later one stays.
type merger struct {
	merged tree.Map
	at     map[string]int // the positions of the merged keys
	spend  func(copied int) error
}

// add merges a further mapping.
func (m *merger) add(over tree.Map) error {
	if err := m.spend(copiedOfStep * len(over)); err != nil {
		return err
	}
	if m.at == nil {
		m.at = make(map[string]int, len(over))
	}
	for _, p := range over {
		id := tree.KeyID(p.Key.Data)
		i, given := m.at[id]
		if !given {
			m.at[id] = len(m.merged)
			m.merged = append(m.merged, p)
			continue
		}
		value, err := m.values(m.merged[i].Value, p.Value)
		if err != nil {
			return err
		}
		m.merged[i].Value = value
	}
	return nil
}

// values merges two values of one key.
func (m *merger) values(base, over tree.Value) (tree.Value, error) {
	below, baseIsMapping := mapping(base.Data)
	if above, isMapping := mapping(over.Data); isMapping && baseIsMapping {
		inner := merger{spend: m.spend}
		for _, pairs := range []tree.Map{below, above} {
			if err := inner.add(pairs); err != nil {
				return tree.Value{}, err
			}
		}
		return mergedLike(base, tree.Value{Place: over.Place, Data: inner.merged}), nil
	}
	first, baseIsList := base.Data.(tree.List)
	if second, isList := over.Data.(tree.List); isList && baseIsList {
		err := m.spend(len(first) + len(second))
		return tree.Value{Place: over.Place, Data: append(append(make(tree.List, 0, len(first)+len(second)), first...), second...)}, err
	}
	return over, nil
}

// mergedLike keeps an object an tree.Object: authentik merges into it.
func mergedLike(base, merged tree.Value) tree.Value {
	if _, isObject := base.Data.(tree.Object); isObject {
		pairs, _ := merged.Data.(tree.Map)
		merged.Data = tree.Object(pairs)
	}
	return merged
}
