package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/schema"
)

func newSchema() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the schema of blueprints",
		Long: `schema prints the CUE that blueprints are checked by, as one file. A blueprint
in CUE imports it as "` + schema.ImportPath + `"; aksync brings it along.
-o json-schema prints a JSON schema, by which editors complete and check
blueprints in YAML.`,
		Example: `  # let the cue command and editors find it, too
  mkdir -p cue.mod/pkg/` + schema.ImportPath + `
  aksync schema > cue.mod/pkg/` + schema.ImportPath + `/schema.cue

  # for a comment at the top of a blueprint:
  # yaml-language-server: $schema=aksync.schema.json
  aksync schema -o json-schema > aksync.schema.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("output", output, "cue", "json-schema"); err != nil {
				return err
			}
			text, err := schemaText(output)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "cue", "cue or json-schema")
	completeWords(cmd, "output", "cue", "json-schema")
	return cmd
}

func schemaText(output string) ([]byte, error) {
	if output == "cue" {
		return schema.Source()
	}
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	return s.JSONSchema()
}
