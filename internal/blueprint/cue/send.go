package cue

import (
	"bytes"
	"encoding/gob"
	"io"
	"math/big"
	"net"

	"github.com/aksync/aksync/internal/tree"
)

// message is a part of a result on its way between processes: nodes of the root,
// parents before their children, in as many messages as it takes. The last one has
// the end.
type message struct {
	Files []string // that nodes from here on are of
	Nodes []packedNode
	End   *ending
}

// ending is a result without its root. Where it says that there is none, nodes that
// came before are of no use.
type ending struct {
	HasRoot  bool
	Problems tree.Problems
	Seen     []Seen
}

// packedNode is a node. Kind says which of the other fields count, Children how
// many of the nodes that follow, with their own, belong to it, or where Open is set all
// that come before an end: of a mapping key, value, key, value, …
type packedNode struct {
	File         int // which of the files that were named so far
	Line, Column int
	Kind         kind
	Bool         bool
	Int          int64
	Float        float64
	Text         string
	Children     int
	Open         bool
}

type kind uint8

const (
	isNull kind = iota
	isBool
	isInt
	isBig
	isFloat
	isText
	isList
	isDict
	isCall
	isUnusable
	isBroken
	isEnd // no node, but the end of the open one that has not ended
)

// nodesAtOnce and bytesAtOnce are how many nodes, and how much text, are sent
// together.
const (
	nodesAtOnce = 1000
	bytesAtOnce = 1 << 20
)

// sender writes results. Nodes are packed as they come, a third of their size, and
// held until all is known, so that the other side grows when this one has shrunk.
type sender struct {
	to      io.Writer
	held    spool
	encoder *gob.Encoder // to held
	next    message
	bytes   int            // of text in next
	files   map[string]int // that were named
	err     error
}

// spool holds what is written to it, in pieces, since one that grows is there twice.
type spool struct{ pieces net.Buffers }

func (s *spool) Write(p []byte) (int, error) {
	s.pieces = append(s.pieces, bytes.Clone(p))
	return len(p), nil
}

func newSender(to io.Writer) *sender {
	s := &sender{to: to, files: map[string]int{}}
	s.encoder = gob.NewEncoder(&s.held)
	return s
}

// greet says which program this is. That is a message, too: what gob says of the type
// is sent by then, and is not among what may be rolled back.
func (s *sender) greet() error {
	if err := s.encoder.Encode(message{Files: []string{thisProgram()}, End: &ending{}}); err != nil {
		return err
	}
	_, err := s.held.pieces.WriteTo(s.to)
	return err
}

// send writes all that was packed of the result, and the rest of it.
func (s *sender) send(result Result) error {
	s.next.End = &ending{result.packed, result.Problems, result.Seen}
	s.flush()
	clear(s.files)
	if s.err != nil {
		return s.err
	}
	_, err := s.held.pieces.WriteTo(s.to)
	return err
}

// rollBack forgets what was packed of a result.
func (s *sender) rollBack() {
	s.held.pieces = nil
	s.next, s.bytes = message{Nodes: s.next.Nodes[:0]}, 0
	clear(s.files)
}

func (s *sender) flush() {
	if s.err == nil {
		s.err = s.encoder.Encode(s.next)
	}
	s.next, s.bytes = message{Nodes: s.next.Nodes[:0]}, 0
}

// node packs a node with all that is in it.
func (s *sender) node(n tree.Value) {
	p, children := packNode(n)
	s.pack(n.Place, p)
	for _, child := range children {
		s.node(child)
	}
}

// open packs a list or a mapping, whose children follow until its end.
func (s *sender) open(place tree.Place, k kind) { s.pack(place, packedNode{Kind: k, Open: true}) }

func (s *sender) end() { s.add(packedNode{Kind: isEnd}) }

func (s *sender) pack(place tree.Place, p packedNode) {
	file, named := s.files[place.File]
	if !named {
		file = len(s.files)
		s.files[place.File] = file
		s.next.Files = append(s.next.Files, place.File)
	}
	p.File, p.Line, p.Column = file, place.Line, place.Column
	s.add(p)
}

func (s *sender) add(p packedNode) {
	s.next.Nodes = append(s.next.Nodes, p)
	if s.bytes += len(p.Text); len(s.next.Nodes) == nodesAtOnce || s.bytes >= bytesAtOnce {
		s.flush()
	}
}

func packNode(n tree.Value) (p packedNode, children tree.List) {
	switch data := n.Data.(type) {
	case bool:
		p.Kind, p.Bool = isBool, data
	case int64:
		p.Kind, p.Int = isInt, data
	case *big.Int:
		p.Kind, p.Text = isBig, data.String()
	case float64:
		p.Kind, p.Float = isFloat, data
	case string:
		p.Kind, p.Text = isText, data
	case tree.List:
		p.Kind, children = isList, data
	case tree.Map:
		p.Kind = isDict
		for _, pair := range data {
			children = append(children, pair.Key, pair.Value)
		}
	case *tree.Call:
		p.Kind, p.Text, children = isCall, data.Tag, tree.List{data.Arg}
	case tree.Unusable:
		p.Kind, p.Text = isUnusable, data.Why
	case tree.Broken:
		p.Kind = isBroken
	}
	p.Children = len(children)
	return p, children
}
