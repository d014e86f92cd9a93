package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/schema"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the CUE schema of blueprints",
		Long: `schema prints the CUE that blueprints are checked by, as one file. A blueprint
in CUE imports it as "` + schema.ImportPath + `"; aksync brings it along.`,
		Example: `  # let the cue command and editors find it, too
  mkdir -p cue.mod/pkg/` + schema.ImportPath + `
  aksync schema > cue.mod/pkg/` + schema.ImportPath + `/schema.cue`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := schema.Source()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
