package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func newApply() *cobra.Command {
	var flags passFlags
	cmd := &cobra.Command{
		Use:   "apply [PATH…]",
		Short: "Make one pass: show what differs and put it right",
		Example: `  aksync apply
  aksync apply --parallelism 2 blueprints/login.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := flags.logs.logger(cmd)
			if err != nil {
				return err
			}
			passes, err := flags.passes(log, args, nil)
			if err != nil {
				return err
			}
			defer passes.client.Close()
			return applyOnce(cmd, passes.Reconciler)
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

// applyOnce makes a pass and writes the plan before and the outcome after it.
func applyOnce(cmd *cobra.Command, reconciler *sync.Reconciler) error {
	out := cmd.OutOrStdout()
	text := report.NewText(out, coloured(out), false)
	var writing error
	reconciler.OnPlan = func(pass *sync.Pass) { writing = text.Plan(pass) }
	pass := reconciler.Apply(cmd.Context(), sync.TriggerStart)
	if pass.Err != nil {
		return pass.Err
	}
	if writing == nil && pass.Report != nil && len(pass.Report.Results) > 0 {
		writing = text.Applied(pass.Report)
	}
	if writing != nil {
		return writing
	}
	return planStatus(pass, false)
}
