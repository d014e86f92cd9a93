package main

import (
	"context"
	"fmt"
	"os/exec"
)

// pass is what a pass is measured for: what happens before it.
type pass struct {
	name    string
	prepare func() error
}

// applyRows measures single passes, each by a process of its own.
func (b *bench) applyRows(ctx context.Context) error {
	percent := max(1, b.n/100)
	for _, p := range []pass{
		{"create all", func() error { return b.write(wanted{}) }},
		{"no changes", func() error { return nil }},
		{"1 % changed", func() error { return b.write(wanted{changed: percent}) }},
		{"1 % drifted", func() error { return b.server.drift(percent) }},
		{"delete all", func() error { return b.write(wanted{changed: percent, absent: true}) }},
	} {
		if err := p.prepare(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		m, err := b.run(b.apply(ctx))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Printf("| %s | %d | %s\n", b.form, b.n, b.applyCells(p.name, m, m.largest))
		if err := b.writeEndpoints("aksync", p.name, m); err != nil {
			return err
		}
	}
	return nil
}

// applyHead is the head of what applyCells gives, and applyLine what is below it.
const (
	applyHead = "aksync apply | GET | POST | PUT | PATCH | DELETE | wall s | wall/floor | s to first request | CPU s | peak MiB |"
	applyLine = "---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)

// applyCells are what a pass took, with one of its peaks, as the last cells of a row.
func (b *bench) applyCells(name string, m measured, peak float64) string {
	return fmt.Sprintf("%s |%s %.2f | %s | %.3f | %.2f | %.0f |", name, m.requests.row(), m.wall.Seconds(),
		b.floorRatio(m.requests.total(), m.wall), m.first.Seconds(), m.cpu.Seconds(), peak)
}

// apply is aksync for all blueprints, whatever they delete.
func (b *bench) apply(ctx context.Context) *exec.Cmd {
	return b.aksync(ctx, "apply", "--yes", "--max-deletes", "100%", b.folder)
}

func (b *bench) aksync(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, b.program, arguments...)
	command.Env = b.environment()
	return command
}
