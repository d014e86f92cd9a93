package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/sync"
)

func newAdopt() *cobra.Command {
	var (
		server serverFlags
		read   readFlags
		logs   logFlags
		yes    bool
	)
	cmd := &cobra.Command{
		Use:   "adopt [PATH…]",
		Short: "Switch off authentik's own instances of the same blueprints",
		Long: `adopt looks for blueprints that authentik applies by itself and that are among
PATH too: instances that are enabled and whose file or name is that of one, or
whose text is about objects that one declares. Those two would change the same
objects, and whoever comes last wins. adopt shows the instances and switches them
off; the objects that they have made stay as they are. At a terminal it asks
before it does; --yes, or no terminal, does not ask.

To switch one with a file off, authentik asks its worker whether the file is
there: where that is down, or takes longer than 10 seconds, the answer is an error,
and adopt can be run again.`,
		Example: `  aksync adopt
  aksync adopt --yes blueprints/login.yaml`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := logs.logger(cmd)
			if err != nil {
				return err
			}
			passes, err := (&passFlags{server: server, read: read}).passes(log, args, nil)
			if err != nil {
				return err
			}
			defer passes.client.Close()
			if !yes {
				passes.Confirm = confirmation(cmd)
			}
			return applyOnce(cmd, passes.Reconciler, func() *sync.Pass {
				pass := passes.Adopt(cmd.Context())
				if pass.Err == nil && !pass.Plan.HasChanges() {
					fmt.Fprintln(cmd.OutOrStdout(), "Nothing to adopt: authentik applies none of these blueprints by itself.")
				}
				return pass
			})
		},
	}
	server.register(cmd.Flags())
	read.register(cmd.Flags())
	logs.register(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
