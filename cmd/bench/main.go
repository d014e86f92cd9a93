// Command bench measures what aksync costs: requests, wall time, CPU and peak
// memory of aksync apply against the embedded server in another process, for
// blueprints of several sizes and forms. It prints a table in Markdown.
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
	forms := flag.String("forms", "yaml,yaml files,cue,cue files", "forms of the blueprints, separated by commas")
	flag.Parse()
	if err := run(context.Background(), *sizes, *forms, *latency); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes, forms string, latency time.Duration) error {
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
	fmt.Printf("Latency %s, parallelism %d. The floor is what the requests take at that latency and parallelism.\n\n", latency, parallelism)
	fmt.Println("| blueprints | objects | pass | GET | POST | PUT | DELETE | wall s | wall/floor | CPU s | peak MiB |")
	fmt.Println("|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, size := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 1 {
			return fmt.Errorf("-n %q: want numbers above 0", sizes)
		}
		for _, form := range strings.Split(forms, ",") {
			b := &bench{program: program, folder: filepath.Join(folder, "blueprints"), form: strings.TrimSpace(form), n: n, latency: latency}
			if err := b.run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// bench measures one form of blueprints for one number of objects.
type bench struct {
	program, folder, form string
	n                     int
	latency               time.Duration
	server                *server
}

// pass is what a pass is measured for: what happens before it.
type pass struct {
	name    string
	prepare func() error
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.server, err = startServer(ctx, b.latency); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	percent := max(1, b.n/100)
	for _, p := range []pass{
		{"create all", func() error { return b.write(blueprint{}) }},
		{"no changes", func() error { return nil }},
		{"1 % changed", func() error { return b.write(blueprint{changed: percent}) }},
		{"1 % drifted", func() error { return b.server.drift(percent) }},
		{"delete all", func() error { return b.write(blueprint{changed: percent, absent: true}) }},
	} {
		if err := b.measure(ctx, p); err != nil {
			return fmt.Errorf("%s, %d objects, %s: %w", b.form, b.n, p.name, err)
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
	command.Env = append(os.Environ(), "AUTHENTIK_URL="+b.server.url, "AUTHENTIK_TOKEN=dev")
	began := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("aksync: %w: %s", err, out[max(0, len(out)-500):])
	}
	wall := time.Since(began)
	after, err := b.server.requests()
	if err != nil {
		return err
	}
	b.print(p.name, before, after, wall, command.ProcessState)
	return nil
}

// print writes a row of the table.
func (b *bench) print(name string, before, after map[string]int, wall time.Duration, state *os.ProcessState) {
	total, row := 0, fmt.Sprintf("| %s | %d | %s |", b.form, b.n, name)
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		count := after[method] - before[method]
		total += count
		row += fmt.Sprintf(" %d |", count)
	}
	ratio := "–"
	if b.latency > 0 {
		// The first pages come before the others, and before the writes.
		rounds := 1 + (total-1+parallelism-1)/parallelism
		ratio = fmt.Sprintf("%.2f", wall.Seconds()/(time.Duration(rounds)*b.latency).Seconds())
	}
	cpu := state.UserTime() + state.SystemTime()
	fmt.Printf("%s %.2f | %s | %.2f | %.0f |\n", row, wall.Seconds(), ratio, cpu.Seconds(), peakMiB(state))
}
