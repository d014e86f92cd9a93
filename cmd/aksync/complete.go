package main

import "github.com/spf13/cobra"

// completeBlueprints lets the shell complete blueprint files and folders.
func completeBlueprints(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "cue"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeWords lets the shell complete a flag's few values. A flag that does
// not exist is a mistake in the program.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}
