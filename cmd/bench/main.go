// Command bench measures what aksync costs: requests, wall time, CPU and peak
// memory of aksync apply, and of the passes of a running daemon, against the
// embedded server in another process, for blueprints of several sizes and forms.
// It prints tables in Markdown.
//
//	go run ./cmd/bench -n 100,1000 -latency 35ms
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parallelism is aksync's default, which the floor of the wall time rests on.
const parallelism = 8

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		if err := serve(os.Stdout, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	sizes := flag.String("n", "100,1000,10000", "how many objects, separated by commas")
	latency := flag.Duration("latency", 35*time.Millisecond, "what each request takes the server")
	ofForms := flag.String("forms", strings.Join(forms, ","), "forms of the blueprints, separated by commas")
	tables := flag.String("tables", "apply,daemon", "what to measure, separated by commas")
	flag.Parse()
	if err := run(context.Background(), *sizes, *ofForms, *tables, *latency); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes, ofForms, ofTables string, latency time.Duration) error {
	benches, err := parse(sizes, ofForms)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "aksync-bench")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "aksync")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/aksync")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building aksync: %w", err)
	}
	fmt.Printf("Latency %s, parallelism %d. The floor is what the requests take at that latency and parallelism.\n", latency, parallelism)
	for _, name := range strings.Split(ofTables, ",") {
		head, rows := table(strings.TrimSpace(name))
		if rows == nil {
			return fmt.Errorf("-tables %q: want apply, daemon or both", ofTables)
		}
		fmt.Println("\n" + head)
		for _, b := range benches {
			b.program, b.folder, b.latency = program, filepath.Join(folder, "blueprints"), latency
			if err := b.serve(ctx, rows); err != nil {
				return fmt.Errorf("%s, %d objects: %w", b.form, b.n, err)
			}
		}
	}
	return nil
}

// parse gives a bench for each size and form.
func parse(sizes, ofForms string) ([]*bench, error) {
	var benches []*bench
	for _, size := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-n %q: want numbers above 0", sizes)
		}
		for _, form := range strings.Split(ofForms, ",") {
			form = strings.TrimSpace(form)
			if !slices.Contains(forms, form) {
				return nil, fmt.Errorf("-forms: %q is none of %s", form, strings.Join(forms, ", "))
			}
			benches = append(benches, &bench{form: form, n: n})
		}
	}
	return benches, nil
}

// table gives a table's head, and what prints the rows of one bench.
func table(name string) (head string, rows func(*bench, context.Context) error) {
	switch name {
	case "apply":
		return "| blueprints | objects | aksync apply | GET | POST | PUT | DELETE | wall s | wall/floor | s to first request | CPU s | peak MiB |\n" +
			"|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|", (*bench).applyRows
	case "daemon":
		return "| blueprints | objects | pass of aksync run | requests | CPU ms to first request | CPU ms | wall s | wall/floor | peak MiB |\n" +
			"|---|---:|---|---:|---:|---:|---:|---:|---:|", (*bench).daemonRows
	default:
		return "", nil
	}
}

// bench measures one form of blueprints for one number of objects.
type bench struct {
	program, folder, form string
	n                     int
	latency               time.Duration
	server                *server
}

// serve prints rows with a fresh server.
func (b *bench) serve(ctx context.Context, rows func(*bench, context.Context) error) (err error) {
	if b.server, err = startServer(ctx, b.latency); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	return rows(b, ctx)
}

func (b *bench) environment() []string {
	return append(os.Environ(), "AUTHENTIK_URL="+b.server.url, "AUTHENTIK_TOKEN=dev")
}

// pass is what a pass is measured for: what happens before it.
type pass struct {
	name    string
	prepare func() error
}

// applyRows measures single passes, each by a process of its own.
func (b *bench) applyRows(ctx context.Context) error {
	percent := max(1, b.n/100)
	for _, p := range []pass{
		{"create all", func() error { return b.write(blueprint{}) }},
		{"no changes", func() error { return nil }},
		{"1 % changed", func() error { return b.write(blueprint{changed: percent}) }},
		{"1 % drifted", func() error { return b.server.drift(percent) }},
		{"delete all", func() error { return b.write(blueprint{changed: percent, absent: true}) }},
	} {
		if err := b.measure(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (b *bench) measure(ctx context.Context, p pass) error {
	if err := p.prepare(); err != nil {
		return err
	}
	before, err := b.server.requests()
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, b.program, "apply", "--yes", "--max-deletes", "100%", b.folder)
	command.Env = b.environment()
	if err := b.server.noteFirst(0); err != nil {
		return err
	}
	began := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("aksync: %w: %s", err, out[max(0, len(out)-500):])
	}
	wall := time.Since(began)
	first, err := b.server.first()
	if err != nil {
		return err
	}
	after, err := b.server.requests()
	if err != nil {
		return err
	}
	b.print(p.name, before, after, wall, first.At.Sub(began), command.ProcessState)
	return nil
}

// print writes a row of the table.
func (b *bench) print(name string, before, after map[string]int, wall, first time.Duration, state *os.ProcessState) {
	total, row := 0, fmt.Sprintf("| %s | %d | %s |", b.form, b.n, name)
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		count := after[method] - before[method]
		total += count
		row += fmt.Sprintf(" %d |", count)
	}
	cpu := state.UserTime() + state.SystemTime()
	fmt.Printf("%s %.2f | %s | %.3f | %.2f | %.0f |\n", row, wall.Seconds(), b.floorRatio(total, wall), first.Seconds(), cpu.Seconds(), peakMiB(state))
}

// floorRatio compares a time with what as many requests take at least: version
// and first pages at once, and then the others and the writes.
func (b *bench) floorRatio(requests int, wall time.Duration) string {
	if b.latency == 0 {
		return "–"
	}
	const atOnce = 3
	rounds := 1 + (max(0, requests-atOnce)+parallelism-1)/parallelism
	return fmt.Sprintf("%.2f", wall.Seconds()/(time.Duration(rounds)*b.latency).Seconds())
}
