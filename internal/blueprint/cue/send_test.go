package cue

import (
	"bytes"
	"encoding/gob"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
)

// What comes out of the worker is what is made beside the program.
func TestPackedIsTheSame(t *testing.T) {
	tests := map[string]string{
		"a library":         `#A: {x: 1}`,
		"nothing":           ``,
		"a list":            `entries: [{model: "a", n: null, b: true, i: -3, big: 123456789012345678901234567890, f: 1.5, t: "ü"}, []]`,
		"a mapping":         `entries: {a: [{x: 1}], b: [for i in [1, 2] {x: i}], c: {}, "!d": [{x: 1}]}`,
		"tags":              `entries: [{"!Context": "a"}, {x: {"!Find": ["a", ["b", 1]]}}, {"!no": 1, x: 1}]`,
		"a tag for all":     `entries: {"!Context": "a"}`,
		"the root is a tag": `"!Context": "a"`,
		"a list at the top": `[{x: 1}, 2]`,
		"a default":         `entries: *[1, 2] | [...int]`,
		"not concrete":      `entries: [{x: string, y: 1}, {z: int | "a"}]`,
		"broken":            "entries: [{x: 1 & 2, y: 3}, {x: 4}]\nb: {c: 1 & 2}\nd: [1 & 2, 3]",
		"bytes":             `entries: ['x']`,
		"many":              `import "list"` + "\n" + `entries: [for i in list.Range(0, 1500, 1) {x: i}]`,
		"much text":         `import "strings"` + "\n" + `entries: [for i in [1, 2, 3] {strings.Repeat("x", 700000)}]`,
		"too much":          `import "strings"` + "\n" + `entries: [1, strings.Repeat("x", 12000000), 2]`,
		"no CUE":            `entries: [`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			parts := []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}, {Name: "y.cue", Path: "y.cue", Text: []byte("version: 1\n")}}
			if name == "a library" || name == "nothing" || name == "a list at the top" || name == "the root is a tag" {
				parts = parts[:1]
			}
			job := Job{Parts: parts}
			want := (&cueEvaluator{language: tags.NewLanguage()}).evaluate(job)
			pipe := new(bytes.Buffer)
			out := newSender(pipe)
			in := newReceiver(pipe)
			// Twice, since nothing of one result may be left in the next.
			for range 2 {
				if err := out.send((&cueEvaluator{language: tags.NewLanguage(), out: out}).evaluate(job)); err != nil {
					t.Fatal(err)
				}
				got, err := in.receive()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Result{}), cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })); diff != "" {
					t.Errorf("(-beside +packed):\n%s", diff)
				}
			}
		})
	}
}

// A worker is not trusted to send what makes sense.
func TestMessagesThatMakeNoSense(t *testing.T) {
	file := []string{"x.cue"}
	end := &ending{HasRoot: true}
	tests := map[string]struct {
		messages []message
		want     string
	}{
		"nothing":                  {[]message{{}}, "an empty list of values"},
		"no end":                   {[]message{{Files: file, Nodes: []packedNode{{}}}}, "EOF"},
		"no root where one is":     {[]message{{End: end}}, "end before they are whole"},
		"a child is missing":       {[]message{{Files: file, Nodes: []packedNode{{Kind: isList, Children: 2}, {}}, End: end}}, "end before they are whole"},
		"a child too many":         {[]message{{Files: file, Nodes: []packedNode{{Kind: isList}, {}}, End: end}}, "belongs nowhere"},
		"no file":                  {[]message{{Nodes: []packedNode{{}}, End: end}}, "a value of no file"},
		"a file that is not named": {[]message{{Files: file, Nodes: []packedNode{{File: 1}}, End: end}}, "a value of no file"},
		"fewer than no children":   {[]message{{Files: file, Nodes: []packedNode{{Kind: isList, Children: -1}}, End: end}}, "more than a blueprint may hold"},
		"children without end":     {[]message{{Files: file, Nodes: []packedNode{{Kind: isList, Children: 1 << 40}}, End: end}}, "more than a blueprint may hold"},
		"an open one":              {[]message{{Files: file, Nodes: []packedNode{{Kind: isList, Open: true}, {}}, End: end}}, "end before they are whole"},
		"an end too many":          {[]message{{Files: file, Nodes: []packedNode{{Kind: isEnd}}, End: end}}, "an end of nothing"},
		"an end too early":         {[]message{{Files: file, Nodes: []packedNode{{Kind: isList, Open: true}, {Kind: isList, Children: 1}, {Kind: isEnd}, {Kind: isEnd}}, End: end}}, "an end where a value is missing"},
		"a key alone":              {[]message{{Files: file, Nodes: []packedNode{{Kind: isDict, Open: true}, {Kind: isText}, {Kind: isEnd}}, End: end}}, "a key without a value"},
		"an unknown kind":          {[]message{{Files: file, Nodes: []packedNode{{Kind: 99}}, End: end}}, "unknown kind 99"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pipe := new(bytes.Buffer)
			encoder := gob.NewEncoder(pipe)
			for _, m := range test.messages {
				if err := encoder.Encode(m); err != nil {
					t.Fatal(err)
				}
			}
			_, err := newReceiver(pipe).receive()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// Where the evaluator fails in the middle, what was packed by then is of no use.
func TestARootThatBreaksOff(t *testing.T) {
	pipe := new(bytes.Buffer)
	out := newSender(pipe)
	out.open(tree.Place{File: "x.cue"}, isList)
	problem := tree.Problem{Message: "CUE's evaluator failed"}
	if err := out.send(Result{Problems: tree.Problems{problem}}); err != nil {
		t.Fatal(err)
	}
	got, err := newReceiver(pipe).receive()
	if err != nil || got.Root != nil || len(got.Problems) != 1 || got.Problems[0].Message != problem.Message {
		t.Errorf("got %+v, %v, want the problem alone", got, err)
	}
}
