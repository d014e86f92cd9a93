package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func newPlan() *cobra.Command {
	var (
		flags            passFlags
		output, outFile  string
		removedSince     string
		all              bool
		detailedExitCode bool
		unmanaged        unmanagedFlag
		listing          viewFlags
		ahead            versionFlags
	)
	cmd := &cobra.Command{
		Use:   "plan [PATH…]",
		Short: "Show what apply would do, and change nothing",
		Example: `  aksync plan
  aksync plan -o json --detailed-exitcode login.yaml
  aksync plan -o markdown > comment.md
  aksync plan --unmanaged=authentik_core.application,authentik_core.group
  aksync plan --group-by application --filter action=delete
  aksync plan --out plan.json && aksync apply --plan plan.json
  aksync plan --removed-since "$(git merge-base origin/main HEAD)"
  aksync plan --for-version 2026.2`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json", "markdown"); err != nil {
				return err
			}
			view, err := listing.check()
			if err != nil {
				return err
			}
			log, err := flags.logs.logger(cmd)
			if err != nil {
				return err
			}
			flags.read.skipped = ahead.to != ""
			passes, err := flags.passes(log, args, nil)
			if err != nil {
				return err
			}
			defer passes.client.Close()
			if err := ahead.check(passes.Schema); err != nil {
				return err
			}
			if passes.Survey, err = unmanaged.survey(passes.Schema); err != nil {
				return err
			}
			passes.compareWith(removedSince)
			pass := passes.Plan(cmd.Context(), sync.TriggerStart)
			if pass.Err != nil {
				return pass.Err
			}
			if ahead.to != "" {
				found := findingsFor(passes.Schema, pass.Blueprints, pass.Plan.Version, ahead.to)
				addTo(pass.Plan, found, ahead.to)
				pass.Plan.WarnOfUnknown(passes.Schema, ahead.to)
			}
			about := pictured(passes.Schema, pass.Plan, output, about(flags.server.url))
			if about.View, err = grouped(passes.Schema, pass, view); err != nil {
				return err
			}
			err = writePlan(cmd, pass, output, about, all)
			if err == nil && outFile != "" {
				err = savePlan(outFile, pass, passes.client.URL())
			}
			if err != nil {
				return err
			}
			return planStatus(pass, detailedExitCode)
		},
	}
	flags.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, json, or markdown for a pull request")
	completeWords(cmd, "output", "text", "json", "markdown")
	registerRemovedSince(cmd.Flags(), &removedSince)
	cmd.Flags().StringVar(&outFile, "out", "", "save the plan in this file, for apply --plan")
	cmd.Flags().BoolVar(&all, "all", false, "list the objects that are as declared, too, and every unmanaged one")
	ahead.register(cmd, "for-version", "say, too, what this version of authentik has otherwise than the blueprints have it")
	unmanaged.register(cmd)
	listing.register(cmd)
	cmd.Flags().BoolVar(&detailedExitCode, "detailed-exitcode", false, "exit with 2 where there are changes")
	return cmd
}

// writePlan writes a plan in one of its forms, and its errors where GitHub looks
// for them.
func writePlan(cmd *cobra.Command, pass *sync.Pass, output string, about report.About, all bool) error {
	out := cmd.OutOrStdout()
	var err error
	switch output {
	case "json":
		err = report.JSON(out, pass, about, all)
	case "markdown":
		err = report.Markdown(out, pass, about)
	default:
		err = report.NewText(out, coloured(out), all).Listing(about.View).Plan(pass)
	}
	return errors.Join(err, annotate(cmd, pass, about))
}

// savePlan writes the plan into a file that only its owner can read. A plan
// with errors is not saved: somebody might take it for the whole.
func savePlan(path string, pass *sync.Pass, server string) error {
	if pass.Verdict() != sync.Success {
		return fmt.Errorf("the plan has errors, and is not saved in %s", path)
	}
	save := func(w io.Writer) error { return pass.Plan.Save(w, server) }
	return saveFile(path, save, os.Stdout, os.Stderr)
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
