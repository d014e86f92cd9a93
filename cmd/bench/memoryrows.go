package main

import (
	"context"
	"fmt"
	"time"
)

// memoryRows measures what aksync and the process that evaluates CUE take together,
// for objects of several kinds.
func (b *bench) memoryRows(ctx context.Context) error {
	m, err := newMixed(b.n, b.form)
	if err != nil {
		return err
	}
	if err := writeFiles(b.folder, m.files()); err != nil {
		return err
	}
	for _, step := range []struct {
		name      string
		arguments []string
	}{
		{"validate", []string{"validate"}},
		{"plan, create all", []string{"plan"}},
		{"apply, create all", []string{"apply", "--yes"}},
		{"plan, no changes", []string{"plan"}},
		{"apply, no changes", []string{"apply", "--yes"}},
	} {
		command := b.aksync(ctx, append(step.arguments, b.folder)...)
		began := time.Now()
		memory, err := watched(command)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		state := command.ProcessState
		fmt.Printf("| %s | %d | %s | %.2f | %.2f | %.0f | %.0f |\n", b.form, b.n, step.name, time.Since(began).Seconds(),
			(state.UserTime() + state.SystemTime()).Seconds(), memory.together, memory.sum())
	}
	return nil
}
