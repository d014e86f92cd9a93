package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/schema"
)

// strict has the commands that cobra brings refuse words that they do not know, as the
// others do.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "help":
			command.Args = knownTopic
		case "completion":
			command.Args = noCommand
			command.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// knownTopic refuses to help with what is no command.
func knownTopic(cmd *cobra.Command, args []string) error {
	if found, rest, err := cmd.Root().Find(args); err != nil || found == nil || len(rest) > 0 {
		return noCommand(cmd.Root(), args)
	}
	return nil
}

// noCommand refuses a word that is no command, and says which was meant.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() {
			names = append(names, command.Name())
		}
	}
	return &usageError{fmt.Errorf("unknown command %q: %s", args[0], schema.Suggest(args[0], names))}
}

// flagError says what is wrong with a flag, and what was meant.
func flagError(cmd *cobra.Command, err error) error {
	unknown := (*pflag.NotExistError)(nil)
	missing := (*pflag.ValueRequiredError)(nil)
	invalid := (*pflag.InvalidValueError)(nil)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return &usageError{unknownFlag(cmd, "-"+unknown.GetSpecifiedName(), func(flag *pflag.Flag) bool { return flag.Shorthand == unknown.GetSpecifiedName() })}
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		return &usageError{unknownFlag(cmd, "--"+name, func(flag *pflag.Flag) bool { return flag.Name == name })}
	case errors.As(err, &missing):
		return &usageError{fmt.Errorf("--%s wants a value: %s", missing.GetFlag().Name, missing.GetFlag().Usage)}
	case errors.As(err, &invalid):
		return &usageError{unfit("--"+invalid.GetFlag().Name, err)}
	}
	return &usageError{err}
}

// unknownFlag says of a flag that a command has not got which other ones have it, or
// which was meant.
func unknownFlag(cmd *cobra.Command, given string, is func(*pflag.Flag) bool) error {
	var owners, names []string
	for _, other := range cmd.Root().Commands() {
		if !other.Hidden && has(other, is) {
			owners = append(owners, other.Name())
		}
	}
	slices.Sort(owners)
	switch n := len(owners); {
	case n == 1:
		return fmt.Errorf("unknown flag %s: %s has it", given, owners[0])
	case n > 1:
		return fmt.Errorf("unknown flag %s: %s and %s have it", given, strings.Join(owners[:n-1], ", "), owners[n-1])
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	if longer := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix("--"+name, given+"-") }); len(longer) == 1 {
		return fmt.Errorf("unknown flag %s: did you mean --%s?", given, longer[0])
	}
	if near := schema.Nearest(strings.TrimLeft(given, "-"), names); near != "" && strings.HasPrefix(given, "--") {
		return fmt.Errorf("unknown flag %s: did you mean --%s?", given, near)
	}
	return fmt.Errorf("unknown flag %s", given)
}

// has reports whether a command has a flag.
func has(cmd *cobra.Command, is func(*pflag.Flag) bool) bool {
	found := false
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) { found = found || is(flag) })
	return found
}

// unfit says what a value has to be that a flag, or a variable for it, does not take.
func unfit(name string, err error) error {
	invalid := (*pflag.InvalidValueError)(nil)
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%s: %w", name, err)
	}
	want, known := map[string]string{
		"duration": "a duration such as 30s or 5m", "int": "a whole number", "float64": "a number", "bool": "true or false",
	}[invalid.GetFlag().Value.Type()]
	if !known {
		return fmt.Errorf("%s is %q: %w", name, invalid.GetValue(), errors.Unwrap(invalid))
	}
	return fmt.Errorf("%s is %q: want %s", name, invalid.GetValue(), want)
}
