package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newValidate() *cobra.Command {
	var (
		read   readFlags
		output string
	)
	cmd := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check blueprints offline: no server, no token",
		Example: `  aksync validate
  aksync validate -o json login.yaml stages/`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return fmt.Errorf("loading the schema: %w", err)
			}
			source, err := newSource(s, read, "", paths(args))
			if err != nil {
				return err
			}
			pass := (&sync.Reconciler{Schema: s, Source: source}).Validate(cmd.Context())
			if pass.Err != nil {
				return pass.Err
			}
			out := cmd.OutOrStdout()
			if output == "json" {
				err = report.Validation(out, pass, report.About{AksyncVersion: thisBuild().version})
			} else {
				err = report.NewText(out, coloured(out), false).Validation(pass)
			}
			if err != nil {
				return err
			}
			return planStatus(pass, false)
		},
	}
	read.register(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	completeWords(cmd, "output", "text", "json")
	return cmd
}
