package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newExport() *cobra.Command {
	var (
		server       serverFlags
		logs         logFlags
		output, flow string
		full         bool
		models       []string
	)
	cmd := &cobra.Command{
		Use:   "export [NAME…]",
		Short: "Print live objects as a blueprint",
		Long: `export prints the live objects as a blueprint: all, those whose names match one
of the globs, or those that a flow uses. An object without a name, such as a
binding, is called by what it binds. Defaults are left out, and what is secret or
can't be read; a comment names it. A plan of the result has no changes.`,
		Example: `  aksync export > blueprints/stages.yaml
  aksync export -o cue 'login-*'
  aksync export --model authentik_core.group
  aksync export --flow default-authentication-flow --full`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, export.YAML, export.CUE); err != nil {
				return err
			}
			log, err := logs.logger(cmd)
			if err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			client, err := server.client(log, nil)
			if err != nil {
				return err
			}
			defer client.Close()
			options := export.Options{Format: output, Names: args, Flow: flow, Full: full, Models: models}
			if _, err := export.Needs(s, options); err != nil {
				return &usageError{err}
			}
			if options.Server, err = client.Version(cmd.Context()); err != nil {
				return err
			}
			s = s.At(options.Server)
			needs, err := export.Needs(s, options)
			if err != nil {
				return fmt.Errorf("authentik %s: %w", options.Server, err)
			}
			live, err := sync.ReadLive(cmd.Context(), s, client, needs)
			if err != nil {
				return err
			}
			return export.Write(cmd.OutOrStdout(), s, thisBuild().version, live.Objects(), options)
		},
	}
	server.register(cmd.Flags())
	logs.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", export.YAML, "yaml or cue")
	cmd.Flags().StringVar(&flow, "flow", "", "slug of a flow: only what it uses")
	cmd.Flags().StringSliceVar(&models, "model", nil, "only this model, such as authentik_stages_password.passwordstage")
	cmd.Flags().BoolVar(&full, "full", false, "keep fields that have their default")
	completeWords(cmd, "output", export.YAML, export.CUE)
	completeModels(cmd, "model")
	return cmd
}
