package cue

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
)

// mostMemory is how much memory, in bytes, a worker may take before it ends itself:
// with that of the program it stays below 256 MiB.
const mostMemory = 192 << 20

// softMemory is how much memory, in bytes, a worker takes before it rather spends
// time on collecting garbage.
const softMemory = 150 << 20

// The exit statuses of a worker that ends itself.
const (
	memoryStatus = 86 // an evaluation takes too much memory
	brokenStatus = 2  // Go's own, of a program that can have no more memory
	timeStatus   = 87 // one takes too long, and nobody has ended it
	orphanStatus = 88 // whoever asked is gone
)

// errMemory is the error of a worker that ended by memoryStatus.
var errMemory = errors.New("the evaluation took too much memory")

// overtime is how much longer than its limit a job may take before the worker ends
// itself: its parent comes first.
const overtime = time.Second

// Serve is the other end of Options.CUEWorker: it evaluates what it is sent
// until in ends. CUE's evaluator can't be stopped, so it ends the process where an
// evaluation takes more memory or time than is good, and where in ends meanwhile,
// since whoever asked is gone then.
func Serve(in io.Reader, out io.Writer) error {
	if err := limitMemory(); err != nil {
		return fmt.Errorf("limiting the memory that evaluating CUE may take: %w", err)
	}
	go watchMemory()
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(softMemory)
	results := &sender{encoder: gob.NewEncoder(out)}
	if err := results.encoder.Encode(thisProgram()); err != nil {
		return fmt.Errorf("saying which program this is: %w", err)
	}
	jobs := &jobs{decoder: gob.NewDecoder(in), next: make(chan Job)}
	go jobs.receive()
	evaluator := &cueEvaluator{language: tags.NewLanguage()}
	for job := range jobs.next {
		stop := func() bool { return true }
		if job.Limit > 0 {
			stop = time.AfterFunc(job.Limit+overtime, func() { os.Exit(timeStatus) }).Stop
		}
		err := results.send(evaluator.evaluate(job))
		stop()
		jobs.underWay.Store(false)
		if err != nil {
			return fmt.Errorf("sending what a blueprint says: %w", err)
		}
	}
	return jobs.err
}

// jobs receives jobs, so that the end of the input is noticed while one is under
// way.
type jobs struct {
	decoder  *gob.Decoder
	next     chan Job
	underWay atomic.Bool
	err      error // set before next is closed
}

func (j *jobs) receive() {
	defer close(j.next)
	for {
		var job Job
		if err := j.decoder.Decode(&job); err != nil {
			if j.underWay.Load() {
				os.Exit(orphanStatus)
			}
			if !errors.Is(err, io.EOF) {
				j.err = fmt.Errorf("receiving a blueprint: %w", err)
			}
			return
		}
		j.underWay.Store(true)
		j.next <- job
	}
}

func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(5 * time.Millisecond) {
		if metrics.Read(sample); sample[0].Value.Uint64()-sample[1].Value.Uint64() > mostMemory {
			os.Exit(memoryStatus)
		}
	}
}

// thisProgram identifies the build, so that a worker which is another program, such
// as after an upgrade in place, is noticed.
func thisProgram() string {
	info, known := debug.ReadBuildInfo()
	if !known {
		return runtime.Version()
	}
	return info.String()
}

// OwnCommand returns a command that starts this very program with the arguments. On
// Linux that is so even where its file was replaced or removed meanwhile, as by an
// upgrade.
func OwnCommand(arguments ...string) ([]string, error) {
	program := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("finding this program, which evaluates CUE in a process of its own: %w", err)
		}
	}
	return append([]string{program}, arguments...), nil
}

// worker is a process that evaluates CUE.
type worker struct {
	command *exec.Cmd
	in      io.WriteCloser
	jobs    *gob.Encoder
	results *receiver
	greeted bool // it has said which program it is
}

// startWorker starts a process. It gets nothing of this one's environment, where
// the token is. Until Serve is called it collects no garbage, which is a fifth of the
// time that it takes to start; and one with the race detector does not sleep before
// it ends.
func startWorker(command []string) (*worker, error) {
	w := &worker{command: exec.Command(command[0], command[1:]...)}
	w.command.Env = []string{"GOGC=off", "GORACE=atexit_sleep_ms=0"}
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
	limited := &limitedReader{from: out}
	w.jobs, w.results = gob.NewEncoder(w.in), &receiver{decoder: gob.NewDecoder(limited), limited: limited}
	return w, nil
}

// greet makes sure that the worker is this very program.
func (w *worker) greet() error {
	if w.greeted {
		return nil
	}
	var program string
	w.results.limited.left = mostReceived
	if err := w.results.decoder.Decode(&program); err != nil {
		return err
	}
	if program != thisProgram() {
		return errors.New("the program in its place is another version by now: start aksync again")
	}
	w.greeted = true
	return nil
}

// evaluate sends a job and waits for what came of it.
func (w *worker) evaluate(ctx context.Context, job Job) (Result, error) {
	stop := context.AfterFunc(ctx, func() { w.command.Process.Kill() })
	defer stop()
	var result Result
	err := w.greet()
	if err == nil {
		err = w.jobs.Encode(job)
	}
	if err == nil {
		result, err = w.results.receive()
	}
	if err == nil {
		return result, nil
	}
	w.command.Process.Kill() // it may be that only its answer is of no use
	ended := w.command.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case errors.As(ended, &exit) && (exit.ExitCode() == memoryStatus || exit.ExitCode() == brokenStatus):
		return Result{}, errMemory
	case errors.As(ended, &exit) && exit.Exited():
		return Result{}, fmt.Errorf("the evaluation broke off: %s", exit)
	default:
		return Result{}, fmt.Errorf("the evaluation broke off: %w", err)
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
	Seen     []Seen
}

// nodesAtOnce and bytesAtOnce are how many nodes, and how much text, are sent
// together.
const (
	nodesAtOnce = 1000
	bytesAtOnce = 1 << 20
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
	bytes   int // of text in nodes
}

func (s *sender) send(result Result) error {
	if err := s.encoder.Encode(packed{result.Root != nil, result.Problems, result.Seen}); err != nil {
		return err
	}
	if result.Root == nil {
		return nil
	}
	if err := s.node(*result.Root); err != nil {
		return err
	}
	return s.flush()
}

func (s *sender) flush() error {
	if len(s.nodes) == 0 {
		return nil
	}
	err := s.encoder.Encode(s.nodes)
	s.nodes, s.bytes = s.nodes[:0], 0
	return err
}

func (s *sender) node(n tree.Value) error {
	p, children := packNode(n)
	s.nodes = append(s.nodes, p)
	if s.bytes += len(p.Text); len(s.nodes) == nodesAtOnce || s.bytes >= bytesAtOnce {
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
	limited *limitedReader
	nodes   []packedNode // those that were received and not taken yet
	files   map[string]string
	steps   int // what the result comes to, as mostSteps counts
}

func (r *receiver) receive() (Result, error) {
	var p packed
	r.limited.left, r.steps = mostReceived, 0
	if err := r.decoder.Decode(&p); err != nil {
		return Result{}, err
	}
	result := Result{Problems: p.Problems, Seen: p.Seen}
	if !p.HasRoot {
		return result, nil
	}
	r.files = map[string]string{}
	root, err := r.node()
	result.Root = &root
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
	if r.steps += 1 + len(p.Text)/16; r.steps > 2*bounds.MostSteps || p.Children < 0 || p.Children > 2*bounds.MostSteps-r.steps {
		return packedNode{}, errTooMuch // keys count here, too
	}
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
