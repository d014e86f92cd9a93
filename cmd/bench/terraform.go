package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const terraformHead = "| applications | what | Terraform: requests | wall s | CPU s | peak MiB | aksync: requests | wall s | CPU s | peak MiB | requests, times fewer | wall, times faster | CPU, times less |\n" +
	"|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"

// terraformRows measures the same company with Terraform and with aksync, each on
// a server of its own, with as many requests at a time as they make by themselves.
// Without changes both plan, else both apply.
func (b *bench) terraformRows(ctx context.Context) error {
	t, err := findTerraform(b.options, fmt.Sprintf("%s-terraform-%d", b.folder, b.n))
	if err != nil {
		return err
	}
	fresh, ours := *b, []measured(nil)
	if err := fresh.serve(ctx, func(b *bench, ctx context.Context) (err error) {
		ours, err = b.withAksync(ctx)
		return err
	}); err != nil {
		return fmt.Errorf("aksync: %w", err)
	}
	if err := b.withTerraform(ctx, t, ours); err != nil {
		return fmt.Errorf("terraform: %w", err)
	}
	return nil
}

// ratios are how many times as much another took.
func (m measured) ratios(other measured) string {
	return fmt.Sprintf(" %.1f | %.1f | %.1f |", float64(other.requests.total())/float64(m.requests.total()),
		other.wall.Seconds()/m.wall.Seconds(), other.cpu.Seconds()/m.cpu.Seconds())
}

func (m measured) cells() string {
	return fmt.Sprintf(" %d | %.2f | %.2f | %.0f |", m.requests.total(), m.wall.Seconds(), m.cpu.Seconds(), m.together)
}

// terraform is where the programs are.
type terraform struct{ program, provider, folder string }

func needsTerraform(o options) error {
	_, err := findTerraform(o, "")
	return err
}

// findTerraform tells what is missing where something is.
func findTerraform(o options, folder string) (*terraform, error) {
	program, err := exec.LookPath(o.terraform)
	if err != nil {
		return nil, fmt.Errorf("there is no Terraform to compare with: %w; put it on PATH or name it with -terraform", err)
	}
	provider, err := exec.LookPath(o.provider)
	if err != nil {
		return nil, fmt.Errorf("there is no provider of authentik for Terraform: %w; build github.com/goauthentik/terraform-provider-authentik, and put it on PATH or name it with -provider", err)
	}
	if provider, err = filepath.Abs(provider); err != nil {
		return nil, fmt.Errorf("finding the provider: %w", err)
	}
	return &terraform{program: program, provider: provider, folder: folder}, nil
}

// withTerraform measures the steps, each in a process of its own, and prints each when
// it has ended: the last of a large company takes half an hour.
func (b *bench) withTerraform(ctx context.Context, t *terraform, ours []measured) error {
	done := 0
	return b.eachStep(func(step companyStep, c *company) error {
		if err := t.write(c); err != nil {
			return err
		}
		m, err := b.run(t.command(ctx, b, step))
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %s |%s%s%s\n", b.n, step.name, m.cells(), ours[done].cells(), ours[done].ratios(m))
		done++
		return b.writeEndpoints("Terraform", step.name, m)
	})
}

// write writes the configuration anew, and keeps the state.
func (t *terraform) write(c *company) error {
	if err := addFiles(t.folder, c.parts(".tf")); err != nil {
		return fmt.Errorf("writing a configuration: %w", err)
	}
	// The provider is taken as it lies there, and nothing is downloaded.
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides { \"goauthentik/authentik\" = %q }\n}\n", filepath.Dir(t.provider))
	return os.WriteFile(filepath.Join(t.folder, "settings.tfrc"), []byte(settings), 0o600)
}

// command is Terraform for a step.
func (t *terraform) command(ctx context.Context, b *bench, step companyStep) *exec.Cmd {
	arguments := []string{"apply", "-auto-approve"}
	switch {
	case step.idle:
		arguments = []string{"plan", "-detailed-exitcode"} // changes are an error
	case step.says.absent:
		arguments = []string{"destroy", "-auto-approve"}
	}
	command := exec.CommandContext(ctx, t.program, append(arguments, "-input=false", "-no-color")...)
	command.Dir = t.folder
	command.Env = append(b.environment(), "TF_CLI_CONFIG_FILE="+filepath.Join(t.folder, "settings.tfrc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	return command
}

// withAksync measures the same steps.
func (b *bench) withAksync(ctx context.Context) (all []measured, err error) {
	return all, b.eachStep(func(step companyStep, c *company) error {
		command := b.apply(ctx)
		if step.idle {
			command = b.aksync(ctx, "plan", "--detailed-exitcode", b.folder)
		}
		m, err := b.companyPass(step, c, command)
		all = append(all, m)
		return err
	})
}
