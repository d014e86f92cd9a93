package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/blueprint/cue"
)

// cueWorker is the name of the command that evaluates CUE for another aksync:
// a process can be stopped and bounded, CUE's evaluator can't.
const cueWorker = "cue-worker"

func newCUEWorker() *cobra.Command {
	return &cobra.Command{
		Use:    cueWorker,
		Short:  "Evaluate CUE for another aksync",
		Hidden: true,
		Args:   noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cue.Serve(cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}
