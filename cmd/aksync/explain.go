package main

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/schema"
)

func newExplain() *cobra.Command {
	var output, version string
	cmd := &cobra.Command{
		Use:   "explain [MODEL[.FIELD] | APP]",
		Short: "Say what a model and its fields are, offline",
		Long: `explain says what can be said of objects of a model: what finds one, which fields
it has and what they take, what they refer to, their defaults, and which versions
of authentik have them. With FIELD it says all that is known of the one field, and
without a model it lists all of them. It asks no server.

MODEL is as authentik names it, with or without authentik_ in front, or the class
alone: authentik_core.application, core.application and Application are the same.`,
		Example: `  aksync explain
  aksync explain application
  aksync explain oauth2provider.redirect_uris.url
  aksync explain --authentik-version 2024.12 -o json authentik_core.group`,
		Args:              atMostOne,
		ValidArgsFunction: completeName(explain.Complete, cobra.ShellCompDirectiveNoSpace),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return err
			}
			s, err := schemaAt(version)
			if err != nil {
				return err
			}
			return explainTo(cmd.OutOrStdout(), s, strings.Join(args, ""), output == "json")
		},
	}
	registerVersion(cmd, &version, "version of authentik (default: all that aksync knows, with what changed)")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	completeWords(cmd, "output", "text", "json")
	return cmd
}

// explainTo writes what a name means: all models where it is empty.
func explainTo(w io.Writer, s *schema.Schema, name string, asJSON bool) error {
	text := explain.NewText(w, coloured(w))
	app, isApp := explain.IsApp(s, name)
	if name == "" || isApp {
		models := explain.List(s, app)
		return writeAs(w, asJSON, models, func() error { return text.List(models) })
	}
	subject, err := explain.Find(s, name)
	if err != nil {
		return err
	}
	if len(subject.Path) == 0 {
		model := explain.Explain(s, subject.Kind)
		return writeAs(w, asJSON, model, func() error { return text.Model(model) })
	}
	field, err := explain.ExplainField(s, subject.Kind, subject.Path)
	if err != nil {
		return err
	}
	return writeAs(w, asJSON, field, func() error { return text.Field(field) })
}

// writeAs writes something as JSON or as text.
func writeAs(w io.Writer, asJSON bool, what any, text func() error) error {
	if !asJSON {
		return text()
	}
	return writeJSON(w, what)
}

// writeJSON writes something as JSON for people and programs.
func writeJSON(w io.Writer, what any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(what)
}
