package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/internal/upgrade"
	"github.com/aksync/aksync/internal/wholefile"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newUpgrade() *cobra.Command {
	u := &upgrader{}
	cmd := &cobra.Command{
		Use:   "upgrade [PATH…]",
		Short: "Rewrite blueprints for a newer authentik, offline",
		Long: `upgrade rewrites blueprints in YAML for a version of authentik: fields and values
that have another name there get it, such as parent of a group, which became
parents, a list. Comments, the order of things and how they are set stay. What it
can't rewrite it lists: what has no successor, what means something else, and all
in CUE. Entries whose conditions are false are rewritten like the others; files with
errors, and those that a label switches off, are left as they are.

It asks no server. Blueprints that were rewritten are for that version and later
ones: upgrade authentik first, and rewrite them before the next apply.`,
		Example: `  aksync upgrade --to 2026.2 --dry-run
  aksync upgrade --to 2025.12 --from 2025.10 blueprints/groups.yaml`,
		ValidArgsFunction: completeBlueprints,
		RunE:              u.run,
	}
	u.read.register(cmd.Flags())
	u.versions.register(cmd, "to", "version of authentik that the blueprints are to be for (default: the newest that aksync knows)")
	u.versions.registerFrom(cmd)
	cmd.Flags().BoolVarP(&u.dryRun, "dry-run", "n", false, "write nothing, and show what would be changed as a diff")
	return cmd
}

// upgrader is the command upgrade.
type upgrader struct {
	read     readFlags
	versions versionFlags
	dryRun   bool
}

func (u *upgrader) run(cmd *cobra.Command, args []string) error {
	s, err := schema.Load()
	if err != nil {
		return err
	}
	if err := u.versions.check(s); err != nil {
		return err
	}
	if u.versions.to == "" {
		u.versions.to = s.Newest()
	}
	u.read.skipped = true
	pass, err := validated(cmd, s, u.read, args)
	if err != nil {
		return err
	}
	done, err := u.made(s, pass.Blueprints)
	if err != nil {
		return err
	}
	if !u.dryRun {
		if err := u.save(cmd, s, args, done); err != nil {
			return err
		}
	}
	pass.Plan = &sync.Plan{Version: u.versions.to}
	addTo(pass.Plan, done.Left, "")
	pass.Plan.WarnOfUnknown(s, u.versions.to)
	if err := u.show(cmd.OutOrStdout(), pass, done); err != nil {
		return err
	}
	return planStatus(pass, false)
}

// made makes the upgrade of what was read, and writes nothing.
func (u *upgrader) made(s *schema.Schema, read *sync.Blueprints) (*upgrade.Upgrade, error) {
	return upgrade.Make(s, read.Entries, read.Skipped(), u.versions.from, u.versions.to, os.ReadFile)
}

// show writes what was changed, or would be, and then what is left.
func (u *upgrader) show(w io.Writer, pass *sync.Pass, done *upgrade.Upgrade) error {
	var out bytes.Buffer
	changes := 0
	for _, file := range done.Files {
		changes += len(file.Done)
		if u.dryRun {
			for line := range strings.Lines(file.Diff()) {
				fmt.Fprintln(&out, printableLine(line))
			}
			continue
		}
		for _, change := range file.Done {
			fmt.Fprintln(&out, printable(change.Error()))
		}
	}
	if out.Len() > 0 {
		out.WriteString("\n")
	}
	did := "Made"
	if u.dryRun {
		did = "It would make"
	}
	fmt.Fprintf(&out, "%s %s in %s for authentik %s; %s left to do by hand.\n", did, things(changes, "change"), things(len(done.Files), "file"), u.versions.to, things(len(done.Left), "thing"))
	if _, err := w.Write(out.Bytes()); err != nil {
		return err
	}
	if len(pass.Problems())+len(pass.Warnings())+pass.Blueprints.Count(tree.Disabled) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return report.NewText(w, coloured(w), false).Validation(pass)
}

// printableLine is a line of a file as a terminal may have it, with its tabs.
func printableLine(line string) string {
	pieces := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	for i := range pieces {
		pieces[i] = printable(pieces[i])
	}
	return strings.Join(pieces, "\t")
}

// save writes the files. They are read again then: where one is not what it was to be, all
// are put back.
func (u *upgrader) save(cmd *cobra.Command, s *schema.Schema, args []string, done *upgrade.Upgrade) error {
	for i, file := range done.Files {
		if err := wholefile.Rewrite(file.Path, ".aksync-*", file.New); err != nil {
			return errors.Join(fmt.Errorf("writing %s: %w", file.Path, err), putBack(done.Files[:i]))
		}
	}
	if err := u.recheck(cmd, s, args, done); err != nil {
		return errors.Join(fmt.Errorf("nothing is rewritten: %w", err), putBack(done.Files))
	}
	return nil
}

// recheck makes sure that the files that were rewritten are as right as before, and that
// nothing of what was done is still to be done.
func (u *upgrader) recheck(cmd *cobra.Command, s *schema.Schema, args []string, done *upgrade.Upgrade) error {
	if len(done.Files) == 0 {
		return nil
	}
	pass, err := validated(cmd, s, u.read, args)
	if err != nil {
		return err
	}
	for _, file := range done.Files {
		at := slices.IndexFunc(pass.Blueprints.Files, func(b sync.Blueprint) bool { return b.Path == file.Path })
		if at < 0 || pass.Blueprints.Files[at].State != tree.Valid {
			return fmt.Errorf("%s would have errors", file.Path)
		}
	}
	again, err := u.made(s, pass.Blueprints)
	if err == nil && len(again.Files) > 0 {
		err = fmt.Errorf("%s would have to be rewritten again", again.Files[0].Path)
	}
	return err
}

// putBack writes files as they were.
func putBack(files []*upgrade.File) error {
	var failed []error
	for _, file := range files {
		if err := wholefile.Rewrite(file.Path, ".aksync-*", file.Old); err != nil {
			failed = append(failed, fmt.Errorf("putting %s back: %w", file.Path, err))
		}
	}
	return errors.Join(failed...)
}
