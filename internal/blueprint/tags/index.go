package tags

import (
	"math/big"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// Looking through so many bytes of text, or so many keys, counts as one step.
const (
	searchedOfStep = 256
	keysOfStep     = 32
)

// atIndex gives an element of a list, as Python counts, or a value of a
// mapping.
func (e *Evaluator) atIndex(n tree.Value, args tree.List) (tree.Value, error) {
	from, err := e.need(args[0])
	if err != nil {
		return tree.Value{}, err
	}
	index, err := e.openly("the index of !AtIndex", e.need, args[1])
	if err != nil {
		return tree.Value{}, err
	}
	if pairs, isMapping := mapping(from.Data); isMapping {
		return e.atKey(n, pairs, index, args)
	}
	switch data := from.Data.(type) {
	case tree.List:
		return e.atPosition(n, data, index, args)
	case string:
		// Python looks for the index in the text, and then can't take it.
		if err := e.spend(n.Place, len(data)/searchedOfStep); err != nil {
			return tree.Value{}, err
		}
		if part, isText := index.Data.(string); isText && !strings.Contains(data, part) && len(args) == 3 {
			return args[2], nil
		}
	}
	return tree.Value{}, e.Report(args[0].Place, "!AtIndex wants a list or a mapping: it got %s", tree.TypeName(from.Data))
}

func (e *Evaluator) atKey(n tree.Value, pairs tree.Map, index tree.Value, args tree.List) (tree.Value, error) {
	if err := e.spend(n.Place, len(pairs)/keysOfStep); err != nil {
		return tree.Value{}, err
	}
	if !tree.IsKey(index.Data) {
		return tree.Value{}, e.Report(args[1].Place, "!AtIndex wants a key: it got %s", tree.TypeName(index.Data))
	}
	if i := pairs.Find(index.Data); i >= 0 {
		return tree.Value{Place: n.Place, Data: pairs[i].Value.Data}, nil
	}
	if len(args) == 3 {
		return args[2], nil
	}
	return tree.Value{}, e.Report(n.Place, "the mapping has no %s: want one of its keys, or a default", tree.Describe(index.Data))
}

func (e *Evaluator) atPosition(n tree.Value, elements tree.List, index tree.Value, args tree.List) (tree.Value, error) {
	position := toBig(index.Data)
	if position == nil {
		return tree.Value{}, e.Report(args[1].Place, "!AtIndex wants a whole number to find an element of a list: it got %s", tree.TypeName(index.Data))
	}
	if position.Sign() < 0 {
		position = new(big.Int).Add(position, big.NewInt(int64(len(elements))))
	}
	if position.IsInt64() && position.Int64() >= 0 && position.Int64() < int64(len(elements)) {
		return tree.Value{Place: n.Place, Data: elements[position.Int64()].Data}, nil
	}
	if len(args) == 3 {
		return args[2], nil
	}
	return tree.Value{}, e.Report(n.Place, "there is no element %s in a list of %d: want a smaller index, or a default", tree.Describe(index.Data), len(elements))
}
