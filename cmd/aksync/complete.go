package main

import (
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
		s, err := schema.Load()
		if err != nil {
			return nil // the command itself says what is wrong
		}
		var models []string
		for _, kind := range s.Managed() {
			models = append(models, kind.Model)
		}
		return models
	})
}

func complete(cmd *cobra.Command, flag string, words func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}
