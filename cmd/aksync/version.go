package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/schema"
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

// versionInfo is what version -o json prints.
type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Authentik are the versions of authentik that are supported, the oldest first.
	Authentik []string `json:"authentik"`
}

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and which versions of authentik are supported",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			b := thisBuild()
			info := versionInfo{b.version, b.revision, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, s.Versions}
			if output == "json" {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(info)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "aksync %s (revision %s, %s, %s)\nauthentik %s\n",
				info.Version, info.Revision, info.Go, info.Platform, strings.Join(info.Authentik, ", "))
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	completeWords(cmd, "output", "text", "json")
	return cmd
}

// noArguments refuses arguments with the usage.
func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return &usageError{fmt.Errorf("%s takes no arguments, not %q", cmd.CommandPath(), args)}
	}
	return nil
}
