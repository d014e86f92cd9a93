package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/devserver"
)

var soak = flag.Int("soak", 30, "how many times TestSoak changes the blueprints")

// usage is what a process holds on to.
type usage struct {
	goroutines, descriptors int
	heap                    uint64 // bytes, after a collection
}

func measure(t *testing.T) usage {
	t.Helper()
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system does not tell which files are open: ", err)
	}
	return usage{runtime.NumGoroutine(), len(descriptors), memory.HeapAlloc}
}

// The daemon holds on to nothing of one reload in the next: neither
// goroutines, nor descriptors, nor memory. -soak 10000 shows it for longer.
func TestSoak(t *testing.T) {
	server, url := embedded(t)
	t.Setenv("AUTHENTIK_URL", url)
	t.Setenv("AUTHENTIK_TOKEN", devserver.DevToken)
	folder := t.TempDir()
	// The values repeat: what CUE says of up to 20,000 values of a field is
	// remembered.
	tries := func(i int) int { return i % 100 }
	reload := func(i int) {
		yaml := fmt.Sprintf("version: 1\nentries:\n- {model: authentik_stages_password.passwordstage, identifiers: {name: yaml}, "+
			"attrs: {backends: [authentik.core.auth.InbuiltBackend], failed_attempts_before_cancel: %d}}\n", tries(i))
		cue := fmt.Sprintf("import \"github.com/aksync/aksync/schema\"\nschema.#Blueprint\nversion: 1\nentries: [schema.#PasswordStage & "+
			"{identifiers: name: \"cue\", attrs: {backends: [schema.#Backends.inbuilt], failed_attempts_before_cancel: %d}}]\n", tries(i))
		for name, text := range map[string]string{"a.yaml": yaml, "b.cue": cue} {
			temporary := filepath.Join(folder, "."+name)
			if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(temporary, filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	reload(0)
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out output
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, []string{"run", "--listen", address, "--log-level", "error", folder}, io.Discard, &out)
	}()
	defer func() {
		stop()
		if status := <-done; status != exitDone || out.String() != "" {
			t.Errorf("the daemon ended with %d: %s", status, out.String())
		}
	}()
	settled := func(i int) bool {
		objects := server.All("authentik_stages_password.passwordstage")
		for _, object := range objects {
			if fmt.Sprint(object["failed_attempts_before_cancel"]) != fmt.Sprint(tries(i)) {
				return false
			}
		}
		return len(objects) == 2
	}
	var first usage
	var heap []float64 // in MiB, at even distances
	for i := 1; i <= *soak; i++ {
		reload(i)
		for end := time.Now().Add(awaitAtMost); !settled(i); time.Sleep(time.Millisecond) {
			postSync(t, address)
			if time.Now().After(end) {
				t.Fatalf("reload %d is not applied:\n%s", i, out.String())
			}
		}
		if i == *soak/3 {
			first = measure(t)
		}
		if *soak >= 1000 && i%(*soak/points) == 0 {
			heap = append(heap, float64(measure(t).heap)/(1<<20))
		}
	}
	if len(heap) > 0 {
		t.Logf("the heap over the reloads:\n%s", chart(heap))
	}
	last := measure(t)
	t.Logf("after %d reloads: %+v, after a third of them: %+v", *soak, last, first)
	if last.goroutines > first.goroutines+8 || last.descriptors > first.descriptors+8 || last.heap > first.heap+8<<20 {
		t.Errorf("after %d reloads the daemon holds %+v, after a third of them %+v", *soak, last, first)
	}
}

// points is how many points the plot of a long soak has.
const points = 40

// chart plots the heap, as Mermaid; cmd/bench/README.md shows one.
func chart(heap []float64) string {
	values := make([]string, len(heap))
	for i, value := range heap {
		values[i] = fmt.Sprintf("%.2f", value)
	}
	return fmt.Sprintf(`%%%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2563eb"}}}}%%%%
xychart-beta
    title "Heap after a collection, in MiB"
    x-axis "reloads" 0 --> %d
    y-axis "MiB" 0 --> %.0f
    line [%s]`, *soak, math.Ceil(2*slices.Max(heap)), strings.Join(values, ", "))
}

// postSync asks for a pass; that the daemon does not listen yet is no matter.
func postSync(t *testing.T, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/-/sync", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
	}
}
