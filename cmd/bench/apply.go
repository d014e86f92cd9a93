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
		fmt.Printf("| %s | %d | %s |%s %.2f | %s | %.3f | %.2f | %.0f |\n", b.form, b.n, p.name, m.requests.row(), m.wall.Seconds(),
			b.floorRatio(m.requests.total(), m.wall), m.first.Seconds(), m.cpu.Seconds(), m.largest)
		if err := b.writeEndpoints("aksync", p.name, m); err != nil {
			return err
		}
	}
	return nil
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
