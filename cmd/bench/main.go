// Command bench measures what aksync costs: requests, wall time, CPU and peak
// memory of aksync apply, and of the passes of a running daemon, against the
// embedded server in another process, for blueprints of several sizes and forms,
// and beside Terraform. It prints tables in Markdown.
//
//	go run ./cmd/bench -n 100,1000 -latency 35ms
//	go run ./cmd/bench -tables company,terraform -n 10,100,1000
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
	var o options
	flag.StringVar(&o.sizes, "n", "100,1000,10000", "how many objects, or applications of a company, separated by commas")
	flag.DurationVar(&o.latency, "latency", 35*time.Millisecond, "what each request takes the server")
	flag.StringVar(&o.forms, "forms", "", "forms of the blueprints, separated by commas; all that a table has if empty")
	flag.StringVar(&o.tables, "tables", "apply,daemon", "what to measure, separated by commas: "+tableNames())
	flag.BoolVar(&o.endpoints, "endpoints", false, "tell on stderr which endpoints were asked how often, by all but the daemon, with the size of their answers")
	flag.StringVar(&o.program, "aksync", "", "the aksync to measure; built from ./cmd/aksync if empty")
	flag.StringVar(&o.terraform, "terraform", "terraform", "the program to compare with")
	flag.StringVar(&o.provider, "provider", "terraform-provider-authentik", "its provider goauthentik/authentik, a program too")
	flag.StringVar(&o.write, "write", "", "a folder to write companies to, in the forms and for Terraform, and measure nothing")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	sizes, forms, tables, program string
	terraform, provider, write    string
	latency                       time.Duration
	endpoints                     bool
}

func run(ctx context.Context, o options) (err error) {
	sizes, err := parseSizes(o.sizes)
	if err != nil {
		return err
	}
	tables, err := parseTables(o)
	if err != nil {
		return err
	}
	if o.write != "" {
		return writeCompanies(o.write, sizes)
	}
	folder, err := os.MkdirTemp("", "aksync-bench")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if o.program == "" {
		o.program = filepath.Join(folder, "aksync")
		if err := build(ctx, o.program); err != nil {
			return err
		}
	}
	fmt.Printf("Latency %s, parallelism %d. The floor is what the requests take at that latency and parallelism.\n", o.latency, parallelism)
	for _, t := range tables {
		fmt.Println("\n" + t.head)
		for _, n := range sizes {
			err = errors.Join(err, t.print(ctx, bench{options: o, n: n, folder: filepath.Join(folder, "blueprints")}))
		}
	}
	return err
}

// print prints the rows of all forms at one size. What one form can't do, another
// may.
func (t table) print(ctx context.Context, b bench) (err error) {
	for _, form := range t.forms {
		b.form = form
		if failed := b.serve(ctx, t.rows); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s, %s of %d: %w", t.name, form, b.n, failed))
		}
	}
	return err
}

func build(ctx context.Context, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/aksync")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("building aksync: %w", err)
	}
	return nil
}

func parseSizes(text string) ([]int, error) {
	var sizes []int
	for _, size := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-n %q: want numbers above 0", text)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

// table is one of those that can be printed.
type table struct {
	name, head string
	// forms are those that it can be measured in.
	forms []string
	// needs tells what is missing that the table can't do without; nil for nothing.
	needs func(options) error
	// rows measures one form at one size and prints its rows.
	rows func(*bench, context.Context) error
}

func allTables() []table {
	return []table{
		{
			"apply", "| blueprints | objects | " + applyHead + "\n|---|---:|" + applyLine, forms, nil, (*bench).applyRows,
		},
		{
			"daemon", "| blueprints | objects | pass of aksync run | requests | CPU ms to first request | CPU ms | wall s | wall/floor | peak MiB |\n" +
				"|---|---:|---|---:|---:|---:|---:|---:|---:|", forms, nil, (*bench).daemonRows,
		},
		{
			"company", "| blueprints | applications | objects | " + applyHead + "\n|---|---:|---:|" + applyLine, companyForms, nil, (*bench).companyRows,
		},
		{
			"memory", "| blueprints | objects | aksync | wall s | CPU s | peak MiB at one time | each process at its own peak, MiB |\n" +
				"|---|---:|---|---:|---:|---:|---:|", mixedForms, nil, (*bench).memoryRows,
		},
		{
			"terraform", terraformHead, []string{"yaml"}, needsTerraform, (*bench).terraformRows,
		},
	}
}

// tableNames are those of all tables, for people.
func tableNames() string {
	var names []string
	for _, t := range allTables() {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// parseTables gives the tables that are wanted, with the forms that are.
func parseTables(o options) ([]table, error) {
	var tables []table
	all := allTables()
	for _, name := range strings.Split(o.tables, ",") {
		i := slices.IndexFunc(all, func(t table) bool { return t.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("-tables: %q is none of %s", name, tableNames())
		}
		t := all[i]
		if t.needs != nil {
			if err := t.needs(o); err != nil {
				return nil, err
			}
		}
		if err := t.choose(o.forms); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// choose keeps the forms of a table that are wanted.
func (t *table) choose(forms string) error {
	if forms == "" {
		return nil
	}
	var wanted []string
	for form := range strings.SplitSeq(forms, ",") {
		if form = strings.TrimSpace(form); !slices.Contains(t.forms, form) {
			return fmt.Errorf("-forms: %q is none of %s, which the table %s has", form, strings.Join(t.forms, ", "), t.name)
		}
		wanted = append(wanted, form)
	}
	t.forms = wanted
	return nil
}

// bench measures one form of blueprints for one number of objects.
type bench struct {
	options
	folder, form string
	n            int
	server       *server
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
