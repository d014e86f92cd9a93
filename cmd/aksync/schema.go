package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/schema"
)

func newSchema() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "schema [MODEL | APP]",
		Short: "Print the schema of blueprints",
		Long: `schema prints the CUE that blueprints are checked by, as one file. A blueprint
in CUE imports it as "` + schema.ImportPath + `"; aksync brings it along.

Beside it there is a package for each of authentik's apps, with a definition for
each kind of object: core.#Application of "` + schema.ImportPath + `/core".
With APP (core, or authentik_core) schema prints that package, with MODEL
(authentik_core.application) only what it has for the model.

-o json-schema prints a JSON schema, by which editors complete and check
blueprints in YAML.`,
		Example: `  # let the cue command and editors find it, too
  mkdir -p cue.mod/pkg/` + schema.ImportPath + `/core
  aksync schema > cue.mod/pkg/` + schema.ImportPath + `/schema.cue
  aksync schema core > cue.mod/pkg/` + schema.ImportPath + `/core/core.cue

  # what can be said of an application
  aksync schema authentik_core.application

  # for a comment at the top of a blueprint:
  # yaml-language-server: $schema=aksync.schema.json
  aksync schema -o json-schema > aksync.schema.json`,
		Args:              atMostOne,
		ValidArgsFunction: completeSchema,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "cue", "json-schema"); err != nil {
				return err
			}
			text, err := schemaText(output, args)
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

func schemaText(output string, args []string) ([]byte, error) {
	switch {
	case output == "cue" && len(args) == 0:
		return schema.Source()
	case output == "cue":
		return schemaOf(args[0])
	case len(args) > 0:
		return nil, fmt.Errorf("the JSON schema is of all kinds: want no %s", args[0])
	}
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	return s.JSONSchema()
}

// schemaOf gives the CUE of an app, or of a model.
func schemaOf(name string) ([]byte, error) {
	if text, found := schema.AppSource(schema.AppOf(name)); found && !strings.Contains(name, ".") {
		return text, nil
	}
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	kind := s.Kind(name)
	switch {
	case kind == nil:
		return nil, fmt.Errorf("there is no model and no app %q: %s", name, nearestSchema(s, name))
	case !kind.Managed:
		return nil, fmt.Errorf("no entry makes or changes %s", kind.Model)
	}
	return kind.Source()
}

// nearestSchema says what was most likely meant.
func nearestSchema(s *schema.Schema, name string) string {
	if near := schema.Nearest(name, slices.Concat(schema.Apps(), s.Models())); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "want one such as core, or authentik_core.application"
}
