package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newValidate() *cobra.Command {
	var (
		read     readFlags
		versions versionFlags
		output   string
	)
	cmd := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check blueprints offline: no server, no token",
		Example: `  aksync validate
  aksync validate -o json login.yaml stages/
  aksync validate -o sarif > aksync.sarif
  aksync validate --authentik-version 2026.2 --from 2025.10`,
		Long: `validate checks blueprints by the schema, and the references inside the files. It
asks no server.

With --authentik-version it says, too, what that version of authentik has
otherwise than the blueprints have it: what it has not got is an error, what it
has dropped and what means something else there is a warning. aksync upgrade
rewrites what only has another name.`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json", "sarif"); err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			if err := versions.check(s); err != nil {
				return err
			}
			read.skipped = versions.to != ""
			pass, err := validated(cmd, s, read, args)
			if err != nil {
				return err
			}
			if versions.to != "" {
				pass.Plan = &sync.Plan{Version: versions.to}
				addTo(pass.Plan, findingsFor(s, pass.Blueprints, versions.from, versions.to), "")
				pass.Plan.WarnOfUnknown(s, versions.to)
			}
			if err := writeValidation(cmd, pass, output); err != nil {
				return err
			}
			return planStatus(pass, false)
		},
	}
	read.register(cmd.Flags())
	versions.register(cmd, "authentik-version", "version of authentik that the blueprints are for (default: any that aksync knows)")
	versions.registerFrom(cmd)
	cmd.Flags().BoolVar(&read.noLiteralSecrets, "no-literal-secrets", false, "a secret that is written out in a blueprint is an error")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, json, or sarif for code scanning")
	completeWords(cmd, "output", "text", "json", "sarif")
	return cmd
}

// validated reads the blueprints, and no server.
func validated(cmd *cobra.Command, s *schema.Schema, read readFlags, args []string) (*sync.Pass, error) {
	source, err := newSource(s, read, "", paths(args))
	if err != nil {
		return nil, err
	}
	pass := (&sync.Reconciler{Schema: s, Source: source}).Validate(cmd.Context())
	return pass, pass.Err
}

// writeValidation writes the outcome in one of its forms, and the errors where
// GitHub looks for them.
func writeValidation(cmd *cobra.Command, pass *sync.Pass, output string) error {
	out, about := cmd.OutOrStdout(), about("")
	var err error
	switch output {
	case "json":
		err = report.Validation(out, pass, about)
	case "sarif":
		err = report.SARIF(out, pass, about)
	default:
		err = report.NewText(out, coloured(out), false).Validation(pass)
	}
	return errors.Join(err, annotate(cmd, pass, about))
}
