package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func newPlan() *cobra.Command {
	var (
		server           serverFlags
		read             readFlags
		logs             logFlags
		output           string
		all              bool
		detailedExitCode bool
	)
	cmd := &cobra.Command{
		Use:   "plan [PATH…]",
		Short: "Show what apply would do, and change nothing",
		Example: `  aksync plan
  aksync plan -o json --detailed-exitcode login.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return err
			}
			log, err := logs.logger(cmd)
			if err != nil {
				return err
			}
			reconciler, client, err := onePass(server, read, log, args)
			if err != nil {
				return err
			}
			defer client.Close()
			pass := reconciler.Plan(cmd.Context(), sync.TriggerStart)
			if pass.Err != nil {
				return pass.Err
			}
			out := cmd.OutOrStdout()
			if output == "json" {
				err = report.JSON(out, pass, report.About{AksyncVersion: thisBuild().version, ServerURL: server.url}, all)
			} else {
				err = report.NewText(out, coloured(out), all).Plan(pass)
			}
			if err != nil {
				return err
			}
			return planStatus(pass, detailedExitCode)
		},
	}
	server.register(cmd.Flags())
	read.register(cmd.Flags())
	logs.register(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	cmd.Flags().BoolVar(&all, "all", false, "list the objects that are as declared, too")
	cmd.Flags().BoolVar(&detailedExitCode, "detailed-exitcode", false, "exit with 2 where there are changes")
	return cmd
}

// planStatus gives the exit status of a plan.
func planStatus(pass *sync.Pass, detailed bool) error {
	switch {
	case pass.Verdict() != sync.Success:
		return &statusError{exitError}
	case detailed && pass.Plan.HasChanges():
		return &statusError{exitChanges}
	default:
		return nil
	}
}
