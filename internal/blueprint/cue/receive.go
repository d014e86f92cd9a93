package cue

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
)

// mostReceived is how many bytes of a result are taken: more than any that is within
// the bounds of a blueprint has.
const mostReceived = 256 << 20

// errTooMuch is the error of a result that is beyond the bounds of a blueprint. A
// worker keeps to them by itself; it is not trusted to.
var errTooMuch = errors.New("it is more than a blueprint may hold")

// limitedReader reads as much as is left.
type limitedReader struct {
	from io.Reader
	left int
}

func (r *limitedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errTooMuch
	}
	n, err := r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// receiver reads results.
type receiver struct {
	decoder *gob.Decoder
	limited *limitedReader
	message     // what was received and not taken yet; of the files all that were named
	steps   int // what the result comes to, as mostSteps counts
}

func newReceiver(from io.Reader) *receiver {
	limited := &limitedReader{from: from, left: mostReceived}
	return &receiver{decoder: gob.NewDecoder(limited), limited: limited}
}

// errEnded is the error of a node that does not come.
var errEnded = errors.New("the values end before they are whole")

// errEnd is the error of an end in the place of a node.
var errEnd = errors.New("an end of nothing")

func (r *receiver) receive() (Result, error) {
	r.limited.left, r.message, r.steps = mostReceived, message{}, 0
	root, err := r.node()
	whole := err == nil
	if whole {
		if _, err = r.next(); err == nil {
			return Result{}, errors.New("a value that belongs nowhere")
		}
	}
	if !errors.Is(err, errEnded) || r.End.HasRoot && !whole {
		return Result{}, err
	}
	result := Result{Problems: r.End.Problems, Seen: r.End.Seen}
	if r.End.HasRoot {
		result.Root = &root
	}
	return result, nil
}

func (r *receiver) next() (packedNode, error) {
	if len(r.Nodes) == 0 && r.End == nil {
		var m message // gob would leave fields that are not sent as they were
		if err := r.decoder.Decode(&m); err != nil {
			return packedNode{}, err
		}
		if len(m.Nodes) == 0 && m.End == nil {
			return packedNode{}, errors.New("an empty list of values")
		}
		r.message = message{append(r.Files, m.Files...), m.Nodes, m.End}
	}
	if len(r.Nodes) == 0 {
		return packedNode{}, errEnded
	}
	p := r.Nodes[0]
	r.Nodes = r.Nodes[1:]
	if r.steps += 1 + len(p.Text)/16; r.steps > 2*bounds.MostSteps || p.Children < 0 || p.Children > 2*bounds.MostSteps-r.steps {
		return packedNode{}, errTooMuch // keys count here, too
	}
	if p.File < 0 || p.File >= len(r.Files) {
		return packedNode{}, errors.New("a value of no file")
	}
	return p, nil
}

func (r *receiver) node() (tree.Value, error) {
	p, err := r.next()
	if err != nil {
		return tree.Value{}, err
	}
	if p.Kind == isEnd {
		return tree.Value{}, errEnd
	}
	n := tree.Value{Place: tree.Place{File: r.Files[p.File], Line: p.Line, Column: p.Column}}
	children := make(tree.List, 0, p.Children)
	for p.Open || len(children) < p.Children {
		child, err := r.node()
		if err == errEnd && p.Open {
			break
		}
		if err == errEnd {
			err = errors.New("an end where a value is missing")
		}
		if err != nil {
			return tree.Value{}, err
		}
		children = append(children, child)
	}
	switch p.Kind {
	case isNull:
	case isBool:
		n.Data = p.Bool
	case isInt:
		n.Data = p.Int
	case isBig:
		number, isNumber := new(big.Int).SetString(p.Text, 10)
		if !isNumber {
			return tree.Value{}, errors.New("a number that is none")
		}
		n.Data = number
	case isFloat:
		n.Data = p.Float
	case isText:
		n.Data = p.Text
	case isList:
		n.Data = children
	case isDict:
		if len(children)%2 != 0 {
			return tree.Value{}, errors.New("a key without a value")
		}
		pairs := make(tree.Map, len(children)/2)
		for i := range pairs {
			pairs[i] = tree.Pair{Key: children[2*i], Value: children[2*i+1]}
		}
		n.Data = pairs
	case isCall:
		if len(children) != 1 {
			return tree.Value{}, errors.New("a tag with other than one argument")
		}
		n.Data = &tree.Call{Tag: p.Text, Arg: children[0]}
	case isUnusable:
		n.Data = tree.Unusable{Why: p.Text}
	case isBroken:
		n.Data = tree.Broken{}
	default:
		return tree.Value{}, fmt.Errorf("a value of the unknown kind %d", p.Kind)
	}
	return n, nil
}
