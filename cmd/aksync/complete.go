package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/schema"
)

// completeBlueprints lets the shell complete blueprint files and folders.
func completeBlueprints(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "cue"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeWords lets the shell complete a flag's few values. A flag that does
// not exist is a mistake in the program.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	complete(cmd, flag, func() []string { return words })
}

// completeModels lets the shell complete the managed models.
func completeModels(cmd *cobra.Command, flag string) {
	complete(cmd, flag, func() []string {
		return managedModels()
	})
}

// managedModels gives the names of the models that aksync manages.
func managedModels() []string {
	s, err := schema.Load()
	if err != nil {
		return nil // the command itself says what is wrong
	}
	var models []string
	for _, kind := range s.Managed() {
		models = append(models, kind.Model)
	}
	return models
}

// completeSchema lets the shell complete what schema prints: apps and models.
func completeSchema(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Concat(schema.Apps(), managedModels()), cobra.ShellCompDirectiveNoFileComp
}

func complete(cmd *cobra.Command, flag string, words func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}

// completeName lets the shell complete the one name that a command takes.
func completeName(names func(s *schema.Schema, word string) []string, further cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		s, err := schema.Load()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(s, word), cobra.ShellCompDirectiveNoFileComp | further
	}
}
