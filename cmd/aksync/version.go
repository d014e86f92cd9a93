package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version and revision are set when a release is built, by
// -ldflags "-X main.version=1.2.3 -X main.revision=abc123".
var version, revision string

// build says which build of aksync this is.
type build struct{ version, revision string }

func thisBuild() build {
	b := build{version: cmp.Or(version, "unknown"), revision: cmp.Or(revision, "unknown")}
	info, known := debug.ReadBuildInfo()
	if !known {
		return b
	}
	if version == "" {
		b.version = cmp.Or(strings.Trim(info.Main.Version, "()"), b.version)
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && revision == "" {
			b.revision = setting.Value
		}
	}
	return b
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "aksync %s (revision %s, %s)\n", b.version, b.revision, runtime.Version())
			return err
		},
	}
}

// noArguments refuses arguments with the usage.
func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return &usageError{fmt.Errorf("%s takes no arguments, not %q", cmd.CommandPath(), args)}
	}
	return nil
}
