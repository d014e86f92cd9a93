// Command aksync keeps authentik as the blueprints in a folder declare it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	exitDone    = 0
	exitError   = 1
	exitChanges = 2 // plan --detailed-exitcode: valid, and there are changes
)

func main() {
	if err := withoutCore(); err != nil {
		fmt.Fprintf(os.Stderr, "aksync: %s\n", err)
		os.Exit(exitError)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute runs the command line and gives the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	strict(root)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	status := (*statusError)(nil)
	usage := (*usageError)(nil)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return status.code
	case errors.As(err, &usage):
		fmt.Fprintf(command.ErrOrStderr(), "aksync: %s\nSee \"%s --help\".\n", err, command.CommandPath())
	default:
		fmt.Fprintf(command.ErrOrStderr(), "aksync: %s\n", err)
	}
	return exitError
}

// statusError ends the program with a status and without a further word: what
// there is to say stands in the report already.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// usageError is a command line that can't be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "aksync",
		Short: "Keep authentik as blueprints declare it",
		Long: `aksync reads authentik blueprints in YAML and CUE, checks them, shows what
separates them from a live authentik, and puts that right: once, or whenever a
file or the server changes.

Every flag can be set in the environment as AKSYNC_ and its name in capitals,
such as AKSYNC_INTERVAL=1m.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	root.AddCommand(newRun(), newPlan(), newApply(), newAdopt(), newValidate(), newUpgrade(), newPermissions(), newExport(), newSchema(), newExplain(), newNew(), newGraph(), newDev(), newHistory(), newVersion(), newHealthcheck(), newCUEWorker())
	for _, command := range root.Commands() {
		command.PreRunE = fromEnvironment
	}
	return root
}
