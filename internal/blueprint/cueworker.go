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
	"runtime/metrics"
	"time"

	"github.com/aksync/aksync/schema"
)

// mostMemory is how much memory a worker's heap may take.
const mostMemory = 512 << 20

// memoryStatus is a worker's exit status when it takes more.
const memoryStatus = 86

// errMemory is the error of a worker that ended by memoryStatus.
var errMemory = errors.New("the evaluation took too much memory")

// ServeCUE is the other end of Options.CUEWorker: it evaluates what it is sent
// until in ends. It ends the process where an evaluation takes more memory
// than is good.
func ServeCUE(in io.Reader, out io.Writer) error {
	go watchMemory()
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	l := newLanguage()
	for {
		var job cueJob
		if err := decoder.Decode(&job); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("receiving a blueprint: %w", err)
		}
		if err := encoder.Encode(pack(evaluateCUE(job, l))); err != nil {
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
	encoder *gob.Encoder
	decoder *gob.Decoder
}

// startWorker starts a process. It gets no environment: the token is in it.
func startWorker(command []string) (*worker, error) {
	w := &worker{command: exec.Command(command[0], command[1:]...)}
	w.command.Env = []string{}
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
	w.encoder, w.decoder = gob.NewEncoder(w.in), gob.NewDecoder(out)
	return w, nil
}

// evaluate sends a job and waits for what came of it.
func (w *worker) evaluate(ctx context.Context, job cueJob) (cueResult, error) {
	stop := context.AfterFunc(ctx, func() { w.command.Process.Kill() })
	defer stop()
	var answer packed
	err := w.encoder.Encode(job)
	if err == nil {
		err = w.decoder.Decode(&answer)
	}
	if err == nil {
		return answer.unpack(), nil
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

// packed is a cueResult on its way between processes.
type packed struct {
	Root     *packedNode
	Problems schema.Problems
	Imported []importedFile
}

// packedNode is a node. Kind says which of the other fields count.
type packedNode struct {
	Place    schema.Place
	Kind     kind
	Bool     bool
	Int      int64
	Float    float64
	Text     string
	Elements []packedNode // of a mapping: key, value, key, value, …
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

func pack(result cueResult) packed {
	p := packed{Problems: result.problems, Imported: result.imported}
	if result.root != nil {
		root := packNode(*result.root)
		p.Root = &root
	}
	return p
}

func (p packed) unpack() cueResult {
	result := cueResult{problems: p.Problems, imported: p.Imported}
	if p.Root != nil {
		root := p.Root.unpack()
		result.root = &root
	}
	return result
}

func packNode(n node) packedNode {
	p := packedNode{Place: n.place}
	switch data := n.data.(type) {
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
	case list:
		p.Kind = isList
		for _, element := range data {
			p.Elements = append(p.Elements, packNode(element))
		}
	case dict:
		p.Kind = isDict
		for _, pair := range data {
			p.Elements = append(p.Elements, packNode(pair.key), packNode(pair.value))
		}
	case *call:
		p.Kind, p.Text, p.Elements = isCall, data.tag, []packedNode{packNode(data.arg)}
	case unusable:
		p.Kind, p.Text = isUnusable, data.why
	case broken:
		p.Kind = isBroken
	}
	return p
}

func (p packedNode) unpack() node {
	n := node{place: p.Place}
	switch p.Kind {
	case isBool:
		n.data = p.Bool
	case isInt:
		n.data = p.Int
	case isBig:
		number, _ := new(big.Int).SetString(p.Text, 10)
		n.data = number
	case isFloat:
		n.data = p.Float
	case isText:
		n.data = p.Text
	case isList:
		elements := make(list, len(p.Elements))
		for i, element := range p.Elements {
			elements[i] = element.unpack()
		}
		n.data = elements
	case isDict:
		pairs := make(dict, len(p.Elements)/2)
		for i := range pairs {
			pairs[i] = pair{p.Elements[2*i].unpack(), p.Elements[2*i+1].unpack()}
		}
		n.data = pairs
	case isCall:
		n.data = &call{p.Text, p.Elements[0].unpack()}
	case isUnusable:
		n.data = unusable{p.Text}
	case isBroken:
		n.data = broken{}
	}
	return n
}
