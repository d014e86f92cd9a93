package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func newApply() *cobra.Command {
	var (
		flags        passFlags
		planFile     string
		removedSince string
		partial      bool
		yes          bool
	)
	cmd := &cobra.Command{
		Use:   "apply [PATH…]",
		Short: "Make one pass: show what differs and put it right",
		Long: `apply shows what differs and puts it right. At a terminal it asks before it
does; --yes, or no terminal, does not ask.

With --plan it does what that file says. Of PATH it then takes nothing but the
values that the file does not hold, since they are sensitive.`,
		Example: `  aksync apply
  aksync apply --yes --parallelism 2 blueprints/login.yaml
  aksync plan --out plan.json && aksync apply --plan plan.json
  aksync plan --out plan.json sso/ && aksync apply --plan plan.json sso/
  aksync apply --yes --removed-since HEAD~1`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkPlanFlags(planFile, removedSince, partial); err != nil {
				return err
			}
			log, err := flags.logs.logger(cmd)
			if err != nil {
				return err
			}
			passes, err := flags.passes(log, args, nil)
			if err != nil {
				return err
			}
			defer passes.client.Close()
			if !yes {
				passes.Confirm = confirmation(cmd)
			}
			if planFile == "" {
				passes.compareWith(removedSince)
				return applyOnce(cmd, passes.Reconciler, func() *sync.Pass {
					return passes.Apply(cmd.Context(), sync.TriggerRequest)
				})
			}
			saved, err := loadPlanFor(planFile, passes.client.URL())
			if err != nil {
				return err
			}
			return applyOnce(cmd, passes.Reconciler, func() *sync.Pass {
				return passes.ApplySaved(cmd.Context(), saved, partial)
			})
		},
	}
	flags.register(cmd)
	cmd.Flags().StringVar(&planFile, "plan", "", "do what this file says, as plan --out saved it; refuse where an object has moved since")
	registerRemovedSince(cmd.Flags(), &removedSince)
	cmd.Flags().BoolVar(&partial, "partial", false, "with --plan: leave out the objects that have moved, and do the rest")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// checkPlanFlags refuses what makes no sense together.
func checkPlanFlags(planFile, removedSince string, partial bool) error {
	if planFile != "" && removedSince != "" {
		return &usageError{errors.New("--removed-since does not go with --plan: what was removed when the plan was made is in it")}
	}
	if planFile == "" && partial {
		return &usageError{errors.New("--partial goes with --plan")}
	}
	return nil
}

// loadPlan reads a saved plan.
func loadPlan(path string) (*sync.SavedPlan, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--plan: %w", err)
	}
	defer file.Close()
	saved, err := sync.LoadPlan(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return saved, nil
}

// loadPlanFor is loadPlan, and refuses one for another server.
func loadPlanFor(path, server string) (*sync.SavedPlan, error) {
	saved, err := loadPlan(path)
	if err != nil {
		return nil, err
	}
	if saved.Server != server {
		return nil, fmt.Errorf("%s was made for %s, and --url is %s: make it again, or set --url", path, saved.Server, server)
	}
	return saved, nil
}

// confirmation asks at a terminal; nil where there is none.
func confirmation(cmd *cobra.Command) func(*sync.Pass) bool {
	if !isTerminal(cmd.InOrStdin()) || !isTerminal(cmd.OutOrStdout()) {
		return nil
	}
	return func(pass *sync.Pass) bool { return !pass.Plan.HasChanges() || ask(cmd) }
}

// ask asks whether to go on; only yes is a yes.
func ask(cmd *cobra.Command) bool {
	fmt.Fprint(cmd.OutOrStdout(), "\nApply these changes? Only yes is taken: ")
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	return err == nil && strings.TrimSpace(answer) == "yes"
}

// applyOnce makes a pass and writes the plan before and the outcome after it.
func applyOnce(cmd *cobra.Command, reconciler *sync.Reconciler, makePass func() *sync.Pass) error {
	out := cmd.OutOrStdout()
	text := report.NewText(out, coloured(out), false)
	bar := newBar(cmd.ErrOrStderr(), "applying")
	var writing error
	reconciler.OnPlan = func(pass *sync.Pass) {
		writing = text.Plan(pass)
		bar.expect(pass)
	}
	reconciler.OnResult = func(sync.Result) { bar.step() }
	pass := makePass()
	bar.finish()
	switch {
	case pass.Err != nil:
		return pass.Err
	case writing != nil:
		return writing
	case pass.Report == nil && pass.Plan.Refusal == "" && pass.Plan.HasChanges():
		return errors.New("nothing was changed, since the answer was not yes")
	case pass.Report != nil && len(pass.Report.Results) > 0:
		if err := text.Applied(pass.Report); err != nil {
			return err
		}
	}
	return planStatus(pass, false)
}
