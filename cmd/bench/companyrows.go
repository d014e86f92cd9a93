package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// companyStep is one of the things that are measured, one after the other.
type companyStep struct {
	name string
	says wanted
	// idle is set where nothing is to change.
	idle bool
}

func companySteps(n int) []companyStep {
	percent := max(1, n/100)
	return []companyStep{
		{name: "create all"},
		{name: "no changes", idle: true},
		{name: "1 % changed", says: wanted{changed: percent}},
		{name: "delete all", says: wanted{changed: percent, absent: true}},
	}
}

// companyRows measures single passes over the blueprints of a company, each by a
// process of its own, on a server that holds people whom none of them declares.
func (b *bench) companyRows(ctx context.Context) error {
	return b.eachStep(func(step companyStep, c *company) error {
		m, err := b.companyPass(step, c, b.apply(ctx))
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %d | %d | %s\n", b.form, b.n, c.objects(), b.applyCells(step.name, m, m.together))
		return nil
	})
}

// eachStep takes the steps on a server with people.
func (b *bench) eachStep(take func(companyStep, *company) error) error {
	if err := b.server.populate(peoplePerApplication * b.n); err != nil {
		return err
	}
	for _, step := range companySteps(b.n) {
		c, err := newCompany(b.n, step.says)
		if err != nil {
			return err
		}
		if err := take(step, c); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// companyPass writes the blueprints of a step and measures aksync.
func (b *bench) companyPass(step companyStep, c *company, command *exec.Cmd) (measured, error) {
	if err := writeFiles(b.folder, c.files(b.form)); err != nil {
		return measured{}, err
	}
	m, err := b.run(command)
	if err != nil {
		return measured{}, err
	}
	return m, b.writeEndpoints("aksync", step.name, m)
}

// writeEndpoints tells which endpoints were asked, where that was wanted.
func (b *bench) writeEndpoints(who, step string, m measured) error {
	if !b.endpoints {
		return nil
	}
	fmt.Fprintf(os.Stderr, "\n%s, %s of %d, %s: %d requests\n", who, b.form, b.n, step, m.requests.total())
	return m.requests.write(os.Stderr)
}
