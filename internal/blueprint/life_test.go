package blueprint_test

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// endless is CUE that takes longer than anybody waits.
const endless = `import "list"
_n: list.Range(0, 3000, 1)
entries: [for a in _n for b in _n for c in _n if a+b+c < 0 {model: "a.b"}]
`

// What is shared in a few lines is counted as often as it stands there: on the
// evaluator's side and, whatever comes from there, on this one.
func TestSharedTextIsCounted(t *testing.T) {
	text := `import ("list", "strings")
_b: strings.Repeat("x", 20000)
_l: list.Repeat([_b], 1000)
context: a: list.Repeat([_l], 100)
entries: []
`
	inFolder(t, map[string]string{"x.cue": text})
	reader := newReader(t, blueprint.Options{CUEWorker: worker(t)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	file := read(t, reader, ".").Files[0]
	runtime.ReadMemStats(&after)
	if file.Status != tree.Invalid || !strings.Contains(file.Problems[0].Message, "grows without end") {
		t.Errorf("it is %s: %v", file.Status, file.Problems)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 200 {
		t.Errorf("reading it took %d MiB here", took)
	}
}

// startedWorker is a worker that was sent a job that never ends.
func startedWorker(t *testing.T, limit time.Duration) (*exec.Cmd, io.WriteCloser) {
	t.Helper()
	command := worker(t)
	process := exec.Command(command[0], command[1:]...)
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Process.Kill() })
	type part struct {
		Name, Path string
		Text       []byte
	}
	job := struct {
		Parts []part
		Limit time.Duration
	}{[]part{{"x.cue", "x.cue", []byte(endless)}}, limit}
	if err := gob.NewEncoder(in).Encode(job); err != nil {
		t.Fatal(err)
	}
	return process, in
}

// A worker does not outlive whoever has started it, nor the limit of a job.
func TestAWorkerEndsByItself(t *testing.T) {
	t.Run("its parent is gone", func(t *testing.T) {
		process, in := startedWorker(t, time.Hour)
		in.Close()
		checkStatus(t, process.Wait(), 88, 0) // 0 where the job was not begun yet
	})
	t.Run("its time is up", func(t *testing.T) {
		process, _ := startedWorker(t, time.Millisecond)
		checkStatus(t, process.Wait(), 87)
	})
}

func checkStatus(t *testing.T, err error, want ...int) {
	t.Helper()
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	}
	for _, one := range want {
		if status == one {
			return
		}
	}
	t.Errorf("it ended with %v, want one of %v", err, want)
}

// What never ends is tried again once, and then less and less often, as long as
// nothing changes; and several of it leave each other less time.
func TestWhatNeverEndsIsLeftAlone(t *testing.T) {
	inFolder(t, map[string]string{"a.cue": endless, "b.cue": endless + "\n"})
	reader := newReader(t, blueprint.Options{CUEWorker: worker(t), EvaluationTime: 600 * time.Millisecond})
	var tried []bool
	var last *blueprint.File
	for range 6 {
		files := read(t, reader, ".").Files
		for i, limit := range []string{"600ms", "500ms"} {
			if files[i].Status != tree.Invalid || !strings.Contains(files[i].Problems[0].Message, "takes longer than "+limit) {
				t.Fatalf("%s is %s: %v", files[i].Path, files[i].Status, files[i].Problems)
			}
		}
		tried = append(tried, files[0] != last)
		last = files[0]
	}
	if got := fmt.Sprint(tried); got != "[true true false false true false]" {
		t.Errorf("it was tried %s", got)
	}
	writeFile(t, "a.cue", "entries: []")
	if file := read(t, reader, ".").Files[0]; file.Status == tree.Invalid {
		t.Errorf("put right it is %s: %v", file.Status, file.Problems)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const removedArgument = "evaluate-after-removal"

// evaluateRemoved removes the program that runs, and then reads a folder with CUE in
// it.
func evaluateRemoved(program, folder string) int {
	s, err := schema.Load()
	if err != nil {
		return 2
	}
	command, err := cue.OwnCommand(workerArgument)
	if err != nil || os.Remove(program) != nil {
		return 3
	}
	set, err := blueprint.NewReader(blueprint.Options{Schema: s, CUEWorker: command}).Read(context.Background(), []string{folder})
	if err != nil || len(set.Problems()) > 0 || len(set.Files) != 1 {
		fmt.Fprintln(os.Stderr, err, set.Problems())
		return 4
	}
	return 0
}

// A program whose file was removed, or replaced by an upgrade, evaluates CUE as
// before.
func TestAProgramThatWasRemoved(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can start a program whose file is gone")
	}
	folder, blueprints := t.TempDir(), t.TempDir()
	program := filepath.Join(folder, "program")
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, text, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(blueprints, "x.cue"), "entries: []")
	if out, err := exec.Command(program, removedArgument, blueprints).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// A text of a gigabyte is there before anybody can look: the worker can't have it.
func TestATextOfAGigabyte(t *testing.T) {
	inFolder(t, map[string]string{"x.cue": "_x: \"" + strings.Repeat("x", 1000) + "\"\ncontext: a: _x*1000000\nentries: []\n"})
	file := read(t, newReader(t, blueprint.Options{CUEWorker: worker(t)}), ".").Files[0]
	if file.Status != tree.Invalid || !strings.Contains(file.Problems[0].Message, "MiB to evaluate") {
		t.Errorf("it is %s: %v", file.Status, file.Problems)
	}
}

// Where the whole takes too much memory, a part of it says what is wrong.
func TestAMistakeInWhatIsTooLarge(t *testing.T) {
	inFolder(t, map[string]string{"x.cue": "import \"list\"\nentries: [for n in list.Range(0, 400, 1) {\n\tmodel: \"a.b\"\n\tattrs: {x: [for m in list.Range(0, 800, 1) {y: m}], z: n & !=3}\n}]\n"})
	file := read(t, newReader(t, blueprint.Options{CUEWorker: worker(t)}), ".").Files[0]
	if file.Status != tree.Invalid || file.Problems[0].Path != "entries[3].attrs.z" || file.Problems[0].Place.Line != 4 {
		t.Errorf("it is %s: %v", file.Status, file.Problems)
	}
}
