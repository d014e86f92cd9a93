package main

import (
	"fmt"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// exportFlags are the flags of export.
type exportFlags struct {
	server serverFlags
	logs   logFlags
	output string
	full   bool
	models []string
	// application, flow and source name one object that is exported with all that
	// belongs to it.
	application, flow, source string
	// all is the folder for a whole server.
	all, secrets  string
	force, update bool
	// terraform is the file of a state.
	terraform string
}

func newExport() *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "export [MODEL] [NAME…]",
		Short: "Print live objects as a blueprint, or write a whole server as a folder of them",
		Long: `export prints the live objects as a blueprint: all, those of a model, those whose
names match one of the globs. An object without a name, such as a binding, is called
by what it binds. Defaults are left out, and what is secret or can't be read; a comment
names it. A plan of the result has no changes.

With --application, --flow or --source it prints one of them with all that belongs to
it, in order: providers, stages, prompts, policies, bindings, as far as nothing else
uses them. What is shared is referred to.

With --all it writes a whole server as a folder: a file for each application, flow
and source with what belongs to it, and one by kind for what is shared. What
authentik itself brings is left out as long as it is as it came. Secrets are left
out, too: secrets.env.example lists them, and a line in the blueprint is ready for
each. A second export of the same server writes the same.`,
		Example: `  aksync export --all blueprints && aksync plan blueprints
  aksync export authentik_core.application wiki
  aksync export -o cue 'login-*'
  aksync export --application wiki
  aksync export --flow default-authentication-flow --full`,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := flags.logs.logger(cmd)
			if err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			options, err := flags.options(s, args)
			if err != nil {
				return err
			}
			return flags.run(cmd, log, s, options)
		},
	}
	flags.register(cmd)
	return cmd
}

func (f *exportFlags) register(cmd *cobra.Command) {
	f.server.register(cmd.Flags())
	f.logs.register(cmd)
	f.own(cmd.Flags())
	completeWords(cmd, "output", export.YAML, export.CUE)
	completeWords(cmd, "secrets", export.ByEnv, export.ByFile)
	completeModels(cmd, "model")
}

func (f *exportFlags) own(flags *pflag.FlagSet) {
	flags.StringVarP(&f.output, "output", "o", export.YAML, "yaml or cue")
	flags.StringVar(&f.application, "application", "", "slug of an application: it, and all that belongs to it")
	flags.StringVar(&f.flow, "flow", "", "slug of a flow: it, and all that belongs to it")
	flags.StringVar(&f.source, "source", "", "slug of a source: it, and all that belongs to it")
	flags.StringSliceVar(&f.models, "model", nil, "only this model, such as authentik_stages_password.passwordstage")
	flags.BoolVar(&f.full, "full", false, "keep fields that have their default; with --all, the objects that authentik brings")
	flags.StringVar(&f.all, "all", "", "folder to write a whole server into")
	flags.BoolVar(&f.force, "force", false, "with --all, overwrite files that are there")
	flags.BoolVar(&f.update, "update", false, "with --all, bring a folder up to date: change what differs where it stands, and add what is new")
	flags.StringVar(&f.terraform, "from-terraform", "", "only the objects of this state of Terraform's authentik provider: terraform.tfstate, or what terraform show -json prints")
	flags.StringVar(&f.secrets, "secrets", export.ByEnv, "with --all, how blueprints are to be given secrets: env, or file for files in /run/secrets")
}

// options are what the command line asks for. A first word that is a model is one.
func (f *exportFlags) options(s *schema.Schema, args []string) (export.Options, error) {
	o := export.Options{Format: f.output, Full: f.full, Models: f.models, Names: args, Secrets: f.secrets}
	if err := oneOf("output", f.output, export.YAML, export.CUE); err != nil {
		return o, err
	}
	if err := oneOf("secrets", f.secrets, export.ByEnv, export.ByFile); err != nil {
		return o, err
	}
	if len(args) > 0 && strings.Contains(args[0], ".") && s.Kind(strings.ToLower(args[0])) != nil {
		o.Models, o.Names = append(o.Models, strings.ToLower(args[0])), args[1:]
	}
	if f.all == "" && (f.force || f.update) {
		return o, &usageError{fmt.Errorf("--force and --update are for --all: nothing else writes files")}
	}
	if f.force && f.update {
		return o, &usageError{fmt.Errorf("--update changes what differs and --force overwrites all: want one of them")}
	}
	parts := f.parts()
	if len(parts) > 1 {
		return o, &usageError{fmt.Errorf("--%s and --%s are two blueprints: want one of them", parts[0].Title, parts[1].Title)}
	}
	if f.all != "" && (len(parts)+len(o.Models)+len(o.Names) > 0) {
		return o, &usageError{fmt.Errorf("--all takes all objects of all kinds: leave out what chooses some of them")}
	}
	if _, err := export.Needs(s, o); err != nil {
		return o, &usageError{err}
	}
	return o, nil
}

func (f *exportFlags) run(cmd *cobra.Command, log zerolog.Logger, s *schema.Schema, o export.Options) error {
	client, err := f.server.client(log, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if o.Server, err = client.Version(cmd.Context()); err != nil {
		return err
	}
	if words := s.WordsOfUnknown(o.Server); words != "" {
		log.Warn().Msg(words)
	}
	s = s.At(o.Server)
	if f.all != "" {
		return f.exportAll(cmd, s, client, o)
	}
	if parts := f.parts(); len(parts) > 0 {
		return f.exportPart(cmd, s, client, parts[0], o)
	}
	return f.print(cmd, s, client, o)
}

// print writes a blueprint to stdout.
func (f *exportFlags) print(cmd *cobra.Command, s *schema.Schema, client *authentik.Client, o export.Options) error {
	needs, err := export.Needs(s, o)
	if err != nil {
		return fmt.Errorf("authentik %s: %w", o.Server, err)
	}
	live, err := sync.ReadLive(cmd.Context(), s, client, needs)
	if err != nil {
		return err
	}
	var missing []error
	if f.terraform != "" {
		if missing, err = f.fromTerraform(s, live.Objects(), &o); err != nil {
			return err
		}
	}
	if err := export.Write(cmd.OutOrStdout(), s, thisBuild().version, live.Objects(), o); err != nil {
		return err
	}
	return sayProblems(cmd.ErrOrStderr(), missing)
}
