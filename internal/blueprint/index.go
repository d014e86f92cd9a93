package blueprint

import (
	"math/big"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// atIndex gives an element of a list, as Python counts, or a value of a
// mapping.
func (e *evaluator) atIndex(c call) (tree.Value, error) {
	from, err := e.need(c.args[0])
	if err != nil {
		return tree.Value{}, err
	}
	index, err := e.need(c.args[1])
	if err != nil {
		return tree.Value{}, err
	}
	index.Data = tree.Python(index.Data)
	if pairs, isMapping := mapping(from.Data); isMapping {
		return e.atKey(c, pairs, index)
	}
	switch data := tree.Python(from.Data).(type) {
	case tree.List:
		return e.atPosition(c, data, index)
	case string:
		return e.inText(c, data, index)
	case tree.ID, tree.Text:
		if tree.Late(data) {
			return tree.Value{}, e.late(c.args[0].Place, c.tag, data, "a list or a mapping")
		}
	}
	return tree.Value{}, e.report(c.args[0].Place, "!AtIndex wants a list or a mapping: it got %s", typeName(from.Data))
}

// inText gives the default where the index is not in a text: Python looks for it
// there, and can't take it out.
func (e *evaluator) inText(c call, text string, index tree.Value) (tree.Value, error) {
	if err := e.spend(c.place, len(text)/searchedOfStep); err != nil {
		return tree.Value{}, err
	}
	if tree.Late(index.Data) {
		return tree.Value{}, e.late(c.args[1].Place, c.tag, index.Data, "an index or a key that is known")
	}
	if part, isText := index.Data.(string); isText && !strings.Contains(text, part) && len(c.args) == 3 {
		return c.args[2], nil
	}
	return tree.Value{}, e.report(c.args[0].Place, "!AtIndex wants a list or a mapping: it got text")
}

// Looking through so many bytes of text, or so many keys, counts as one step.
const (
	searchedOfStep = 256
	keysOfStep     = 32
)

func (e *evaluator) atKey(c call, pairs tree.Map, index tree.Value) (tree.Value, error) {
	if err := e.spend(c.place, len(pairs)/keysOfStep); err != nil {
		return tree.Value{}, err
	}
	index, err := e.key(c.args[1].Place, c.tag, index)
	if err != nil {
		return tree.Value{}, err
	}
	if i := pairs.Find(index.Data); i >= 0 {
		return tree.Value{Place: c.place, Data: pairs[i].Value.Data}, nil
	}
	if len(c.args) == 3 {
		return c.args[2], nil
	}
	return tree.Value{}, e.report(c.place, "the mapping has no %s: want one of its keys, or a default", tree.Describe(index.Data))
}

func (e *evaluator) atPosition(c call, elements tree.List, index tree.Value) (tree.Value, error) {
	position := toBig(index.Data)
	switch {
	case tree.Late(index.Data):
		return tree.Value{}, e.late(c.args[1].Place, c.tag, index.Data, "an index that is known")
	case position == nil:
		return tree.Value{}, e.report(c.args[1].Place, "!AtIndex wants a whole number to find an element of a list: it got %s", typeName(index.Data))
	}
	if position.Sign() < 0 {
		position = new(big.Int).Add(position, big.NewInt(int64(len(elements))))
	}
	if position.IsInt64() && position.Int64() >= 0 && position.Int64() < int64(len(elements)) {
		return tree.Value{Place: c.place, Data: elements[position.Int64()].Data}, nil
	}
	if len(c.args) == 3 {
		return c.args[2], nil
	}
	return tree.Value{}, e.report(c.place, "there is no element %s in a list of %d: want a smaller index, or a default", tree.Describe(index.Data), len(elements))
}
