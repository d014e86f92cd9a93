package blueprint

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/aksync/aksync/internal/tree"
)

// mostMemory is how much memory a worker's heap may take.
const mostMemory = 512 << 20

// softMemory is how much memory, in bytes, a worker takes before it rather spends
// time on collecting garbage.
const softMemory = 160 << 20

// memoryStatus is a worker's exit status when it takes more.
const memoryStatus = 86

// errMemory is the error of a worker that ended by memoryStatus.
var errMemory = errors.New("the evaluation took too much memory")

// ServeCUE is the other end of Options.CUEWorker: it evaluates what it is sent
// until in ends. It ends the process where an evaluation takes more memory
// than is good.
func ServeCUE(in io.Reader, out io.Writer) error {
	go watchMemory()
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(softMemory)
	decoder, results := gob.NewDecoder(in), &sender{encoder: gob.NewEncoder(out)}
	evaluator := &cueEvaluator{language: newLanguage()}
	for {
		var job cueJob
		if err := decoder.Decode(&job); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("receiving a blueprint: %w", err)
		}
		if err := results.send(evaluator.evaluate(job)); err != nil {
			return fmt.Errorf("sending what a blueprint says: %w", err)
		}
	}
}

func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(10 * time.Millisecond) {
		if metrics.Read(sample); sample[0].Value.Uint64() > mostMemory {
			os.Exit(memoryStatus)
		}
	}
}

// worker is a process that evaluates CUE.
type worker struct {
	command *exec.Cmd
	in      io.WriteCloser
	jobs    *gob.Encoder
	results *receiver
}

// startWorker starts a process. It gets nothing of this one's environment, where
// the token is. Until ServeCUE is called it collects no garbage, which is a fifth
// of the time that it takes to start.
func startWorker(command []string) (*worker, error) {
	w := &worker{command: exec.Command(command[0], command[1:]...)}
	w.command.Env = []string{"GOGC=off"}
	var err error
	if w.in, err = w.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	out, err := w.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the evaluation of CUE: %w", err)
	}
	w.jobs, w.results = gob.NewEncoder(w.in), &receiver{decoder: gob.NewDecoder(out)}
	return w, nil
}

// evaluate sends a job and waits for what came of it.
func (w *worker) evaluate(ctx context.Context, job cueJob) (cueResult, error) {
	stop := context.AfterFunc(ctx, func() { w.command.Process.Kill() })
	defer stop()
	var result cueResult
	err := w.jobs.Encode(job)
	if err == nil {
		result, err = w.results.receive()
	}
	if err == nil {
		return result, nil
	}
	ended := w.command.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return cueResult{}, ctx.Err()
	case errors.As(ended, &exit) && exit.ExitCode() == memoryStatus:
		return cueResult{}, errMemory
	case errors.As(ended, &exit):
		return cueResult{}, fmt.Errorf("the evaluation broke off: %s", exit)
	default:
		return cueResult{}, fmt.Errorf("the evaluation broke off: %w", err)
	}
}

func (w *worker) stop() {
	w.in.Close()
	w.command.Wait()
}

func (w *worker) kill() {
	w.command.Process.Kill()
	w.stop()
}

// packed is a cueResult on its way between processes. After it come the nodes of
// the root, parents before their children, in lists of nodesAtOnce: what is large
// is never in memory as a whole beside the nodes themselves.
type packed struct {
	HasRoot  bool
	Problems tree.Problems
	Seen     []seen
}

// nodesAtOnce is how many nodes are sent together.
const nodesAtOnce = 1000

// packedNode is a node. Kind says which of the other fields count, Children how
// many of the nodes that follow, with their own, belong to it: of a mapping key,
// value, key, value, …
type packedNode struct {
	Place    tree.Place
	Kind     kind
	Bool     bool
	Int      int64
	Float    float64
	Text     string
	Children int
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
)

// sender writes results.
type sender struct {
	encoder *gob.Encoder
	nodes   []packedNode
}

func (s *sender) send(result cueResult) error {
	if err := s.encoder.Encode(packed{result.root != nil, result.problems, result.seen}); err != nil {
		return err
	}
	if result.root == nil {
		return nil
	}
	if err := s.node(*result.root); err != nil {
		return err
	}
	return s.flush()
}

func (s *sender) flush() error {
	if len(s.nodes) == 0 {
		return nil
	}
	err := s.encoder.Encode(s.nodes)
	s.nodes = s.nodes[:0]
	return err
}

func (s *sender) node(n tree.Value) error {
	p, children := packNode(n)
	s.nodes = append(s.nodes, p)
	if len(s.nodes) == nodesAtOnce {
		if err := s.flush(); err != nil {
			return err
		}
	}
	for _, child := range children {
		if err := s.node(child); err != nil {
			return err
		}
	}
	return nil
}

func packNode(n tree.Value) (p packedNode, children tree.List) {
	p = packedNode{Place: n.Place}
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

// receiver reads results.
type receiver struct {
	decoder *gob.Decoder
	nodes   []packedNode // those that were received and not taken yet
	files   map[string]string
}

func (r *receiver) receive() (cueResult, error) {
	var p packed
	if err := r.decoder.Decode(&p); err != nil {
		return cueResult{}, err
	}
	result := cueResult{problems: p.Problems, seen: p.Seen}
	if !p.HasRoot {
		return result, nil
	}
	r.files = map[string]string{}
	root, err := r.node()
	result.root = &root
	return result, err
}

func (r *receiver) next() (packedNode, error) {
	if len(r.nodes) == 0 {
		r.nodes = nil // gob would leave fields that are not sent as they were
		if err := r.decoder.Decode(&r.nodes); err != nil {
			return packedNode{}, err
		}
	}
	if len(r.nodes) == 0 {
		return packedNode{}, errors.New("an empty list of values")
	}
	p := r.nodes[0]
	r.nodes = r.nodes[1:]
	return p, nil
}

// place keeps one copy of each file's name.
func (r *receiver) place(p tree.Place) tree.Place {
	name, known := r.files[p.File]
	if !known {
		name = p.File
		r.files[name] = name
	}
	p.File = name
	return p
}

func (r *receiver) node() (tree.Value, error) {
	p, err := r.next()
	if err != nil {
		return tree.Value{}, err
	}
	n := tree.Value{Place: r.place(p.Place)}
	children := make(tree.List, p.Children)
	for i := range children {
		if children[i], err = r.node(); err != nil {
			return tree.Value{}, err
		}
	}
	switch p.Kind {
	case isBool:
		n.Data = p.Bool
	case isInt:
		n.Data = p.Int
	case isBig:
		n.Data, _ = new(big.Int).SetString(p.Text, 10)
	case isFloat:
		n.Data = p.Float
	case isText:
		n.Data = p.Text
	case isList:
		n.Data = children
	case isDict:
		pairs := make(tree.Map, len(children)/2)
		for i := range pairs {
			pairs[i] = tree.Pair{Key: children[2*i], Value: children[2*i+1]}
		}
		n.Data = pairs
	case isCall:
		n.Data = &tree.Call{Tag: p.Text, Arg: children[0]}
	case isUnusable:
		n.Data = tree.Unusable{Why: p.Text}
	case isBroken:
		n.Data = tree.Broken{}
	}
	return n, nil
}
