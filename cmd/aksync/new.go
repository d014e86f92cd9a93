package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
)

func newNew() *cobra.Command {
	var output, version string
	cmd := &cobra.Command{
		Use:   "new MODEL",
		Short: "Print a blueprint to start from, offline",
		Long: `new prints a blueprint of one object of a model: the fields that it needs, with
values to put your own in their place, and all others as comments, with their
defaults and what they take. What it refers to is found by !Find, and what is
secret comes from !Env or !File. It asks no server.`,
		Example: `  aksync new oauth2provider > blueprints/wiki.yaml
  aksync new -o cue Application > blueprints/wiki.cue
  aksync new --authentik-version 2024.12 authentik_core.group`,
		Args:              oneModel,
		ValidArgsFunction: completeName(explain.CompleteCreatable, cobra.ShellCompDirectiveDefault),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, export.YAML, export.CUE); err != nil {
				return err
			}
			s, err := schemaAt(version)
			if err != nil {
				return err
			}
			text, err := startOf(s, args[0], output)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	registerVersion(cmd, &version, "version of authentik (default: the newest that aksync knows)")
	cmd.Flags().StringVarP(&output, "output", "o", export.YAML, "yaml or cue")
	completeWords(cmd, "output", export.YAML, export.CUE)
	return cmd
}

// startOf returns a blueprint to start from.
func startOf(s *schema.Schema, name, output string) ([]byte, error) {
	if _, version := s.Whole(); version == "" {
		s = s.At(s.Newest())
	}
	subject, err := explain.Find(s, name)
	if err != nil {
		return nil, err
	}
	if len(subject.Path) > 0 {
		return nil, &usageError{fmt.Errorf("new makes blueprints of models, not of fields: want %s", subject.Kind.Model)}
	}
	start, err := explain.Begin(s, subject.Kind)
	if err != nil {
		return nil, err
	}
	if output == export.CUE {
		return start.CUE()
	}
	return start.YAML(), nil
}

// schemaAt returns the schema of a version of authentik, or of all where it is empty. What
// is no version is wrong usage.
func schemaAt(version string) (*schema.Schema, error) {
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	return s.At(version), checkVersion(s, "authentik-version", version)
}

// registerVersion registers the flag that names a version of authentik.
func registerVersion(cmd *cobra.Command, version *string, words string) {
	cmd.Flags().StringVar(version, "authentik-version", "", words)
}

// oneModel wants the name of a model.
func oneModel(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%s wants the name of one model, such as application", cmd.CommandPath())}
	}
	return nil
}

// atMostOne refuses more than one argument with the usage.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &usageError{fmt.Errorf("%s takes one name, not %q", cmd.CommandPath(), args)}
	}
	return nil
}
