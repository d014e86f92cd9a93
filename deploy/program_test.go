package deploy_test

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestProgram holds what is deployed to the program as it is built.
func TestProgram(t *testing.T) {
	program := built(t)
	t.Run("settings", func(t *testing.T) {
		var compose composeFile
		decode(t, "compose.yaml", &compose)
		var used []string
		for name := range compose.Services["aksync"].Environment {
			used = append(used, name)
		}
		checkSettings(t, program, used)
	})
	t.Run("pods", func(t *testing.T) { checkPods(t, program) })
	// Kubernetes' packages are larger than all the rest: only tests have them.
	t.Run("modules", func(t *testing.T) {
		info, err := buildinfo.ReadFile(program)
		if err != nil || len(info.Deps) == 0 {
			t.Fatalf("the program's modules are %v, %v", info, err)
		}
		for _, module := range info.Deps {
			if strings.HasPrefix(module.Path, "k8s.io/") {
				t.Errorf("the program has %s in it", module.Path)
			}
		}
	})
	t.Run("queries", func(t *testing.T) {
		series := exported(t, program, "--dev")
		// Of a server that does not answer, for the code error.
		for name, labels := range exported(t, program, "--url", "http://127.0.0.1:1") {
			series.add(name, labels)
		}
		checkQueries(t, series)
	})
}

// built gives the file of the program.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "aksync")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/aksync").CombinedOutput(); err != nil {
		t.Fatalf("building aksync: %v: %s", err, out)
	}
	return program
}

// output gives what a command line prints.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("aksync %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// checkSettings wants each flag and each variable to be one that run has.
func checkSettings(t *testing.T, program string, used []string) {
	t.Helper()
	help := output(t, program, "run", "--help")
	known := map[string]bool{}
	for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(help, -1) {
		known["--"+flag[1]] = true
		known["AKSYNC_"+strings.ToUpper(strings.ReplaceAll(flag[1], "-", "_"))] = true
	}
	for _, variable := range regexp.MustCompile(`AUTHENTIK_\w+`).FindAllString(help, -1) {
		known[variable] = true
	}
	for _, name := range used {
		if !known[name] {
			t.Errorf("run has no %s", name)
		}
	}
	if len(used) < 2 {
		t.Errorf("only %v were found", used)
	}
}

// metricLabels are the labels that a metric's series have, each with the values
// that were seen.
type metricLabels map[string]map[string]bool

// exports are all metrics that were seen, by name.
type exports map[string]metricLabels

func (e exports) add(name string, labels metricLabels) {
	if e[name] == nil {
		e[name] = metricLabels{}
	}
	for label, values := range labels {
		if e[name][label] == nil {
			e[name][label] = map[string]bool{}
		}
		for value := range values {
			e[name][label][value] = true
		}
	}
}

// withoutServer returns an environment that names no authentik.
func withoutServer(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		return strings.HasPrefix(variable, "AUTHENTIK_") || strings.HasPrefix(variable, "AKSYNC_")
	})
}

// exported runs the daemon with some flags until one pass has ended, and gives
// what it exports.
func exported(t *testing.T, program string, flags ...string) exports {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	args := append([]string{"run", "--listen", "127.0.0.1:0", "--log-format", "json", "../blueprints"}, flags...)
	daemon := exec.CommandContext(ctx, program, args...)
	daemon.Env = append(withoutServer(os.Environ()), "AUTHENTIK_TOKEN=none")
	log, err := daemon.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := daemon.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(io.Discard, log); err != nil {
			t.Error(err)
		}
		if err := daemon.Wait(); err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
	}()
	return scrape(ctx, t, afterOnePass(t, log))
}

// afterOnePass reads the log up to the end of the first pass, and gives the
// address that the daemon listens on.
func afterOnePass(t *testing.T, log io.Reader) (address string) {
	t.Helper()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Message, Listen, Trigger string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if line.Listen != "" {
			address = line.Listen
		}
		if line.Trigger != "" {
			return address
		}
	}
	t.Fatalf("the log ended before a pass had: %v", lines.Err())
	return ""
}

func scrape(ctx context.Context, t *testing.T, address string) exports {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := exports{}
	for _, series := range seriesLine.FindAllStringSubmatch(string(text), -1) {
		labels := metricLabels{}
		for _, pair := range labelPair.FindAllStringSubmatch(series[2], -1) {
			labels[pair[1]] = map[string]bool{pair[2]: true}
		}
		seen.add(series[1], labels)
	}
	return seen
}

// Prometheus's text format, as far as no label's value has a quote in it.
var (
	seriesLine = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`(\w+)="([^"]*)"`)
)
