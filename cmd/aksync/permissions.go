package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

func newPermissions() *cobra.Command {
	var (
		read            readFlags
		guarding        guardFlags
		output, version string
	)
	cmd := &cobra.Command{
		Use:   "permissions [PATH…]",
		Short: "Print the least rights that blueprints need, offline",
		Long: `permissions prints the permissions of authentik that plan, apply and run need for
the blueprints, whatever they find on the server: objects that are declared can
be missing or differ. It asks no server.

To delete an object that nothing uses takes the right to see what could use it;
with --allow-in-use that is not asked. What --prune may delete needs the same
--prune here. A plan needs only what begins with view_.

-o blueprint makes a role of them, and a service account with a token that has
it. A superuser applies that once, and again when the list has changed.`,
		Example: `  aksync permissions
  aksync permissions -o blueprint blueprints > aksync-account.yaml
  aksync permissions -o json --authentik-version 2025.10 login.yaml`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json", "blueprint"); err != nil {
				return err
			}
			at, err := schemaAt(version)
			if err != nil {
				return err
			}
			s, _ := at.Whole()
			if version == "" {
				version = s.Newest()
			}
			guards, err := guarding.guards()
			if err != nil {
				return err
			}
			pass, err := validated(cmd, s, read, args)
			if err != nil {
				return err
			}
			rights := sync.RightsFor(s, version, pass.Blueprints.Desired, guards)
			pass.Plan = &sync.Plan{Version: version, Problems: rights.Problems, Warnings: rights.Notes}
			if err := writeRights(cmd.OutOrStdout(), rights.Needed, output, version); err != nil {
				return err
			}
			return errors.Join(complainOfRights(cmd, pass), planStatus(pass, false))
		},
	}
	read.register(cmd.Flags())
	registerGuards(cmd.Flags(), &guarding)
	registerVersion(cmd, &version, "version of authentik (default: the newest that aksync knows)")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, json, or blueprint for a role, a service account and its token")
	completeWords(cmd, "output", "text", "json", "blueprint")
	return cmd
}

// registerGuards registers those of the guards that change what is needed.
func registerGuards(flags *pflag.FlagSet, guarding *guardFlags) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	guarding.register(all)
	for _, name := range []string{"allow-in-use", "prune"} {
		flags.AddFlag(all.Lookup(name))
	}
}

// complainOfRights writes what is wrong with the blueprints, and what no permission
// gives.
func complainOfRights(cmd *cobra.Command, pass *sync.Pass) error {
	if len(pass.Problems()) == 0 && len(pass.Warnings()) == 0 {
		return nil
	}
	out := cmd.ErrOrStderr()
	return report.NewText(out, coloured(out), false).Validation(pass)
}

// writeRights writes the rights in one of their forms.
func writeRights(w io.Writer, needed []sync.Needed, output, version string) error {
	switch output {
	case "json":
		return writeRightsJSON(w, needed)
	case "blueprint":
		return writeAccount(w, needed, version)
	default:
		return writeRightsText(w, needed)
	}
}

func writeRightsText(w io.Writer, needed []sync.Needed) error {
	lines := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, need := range needed {
		fmt.Fprintf(lines, "%s\tto %s (%s)\n", need.Permission, need.Why, printable(need.Place.String()))
	}
	return lines.Flush()
}

// printable leaves out of a file's name what would be more than text on a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

func writeRightsJSON(w io.Writer, needed []sync.Needed) error {
	type right struct {
		Permission string `json:"permission"`
		Why        string `json:"why"`
		File       string `json:"file"`
		Line       int    `json:"line,omitempty"`
		Column     int    `json:"column,omitempty"`
	}
	list := make([]right, len(needed))
	for i, need := range needed {
		list[i] = right{need.Permission, "to " + need.Why, need.Place.File, need.Place.Line, need.Place.Column}
	}
	return writeJSON(w, list)
}
