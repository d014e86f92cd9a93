package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/depict"
	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// graphFlags are the flags of graph.
type graphFlags struct {
	pass          passFlags
	output        string
	of            []string
	flows, apps   []string
	planFile      string
	live, changes bool
}

func newGraph() *cobra.Command {
	var flags graphFlags
	cmd := &cobra.Command{
		Use:   "graph [PATH…]",
		Short: "Draw what blueprints, a plan or a server hold: flows, applications and what belongs to them",
		Long: `graph draws a flow with its bindings in order, their policies, and what each stage
refers to; an application with its provider, its flows and who may use it; and so
everything that has a file of its own in an export. It reads blueprints, and no server,
but with --live what the server holds, with --changes what apply would change of it,
and with --plan a saved plan. Changes have a sign, + ~ or -, and a colour.

The picture is SVG that needs no other program; -o mermaid is for Markdown on GitHub
and GitLab, and -o dot for Graphviz.`,
		Example: `  aksync graph > blueprints.svg
  aksync graph --flow 'login*' -o mermaid blueprints
  aksync graph --live --application wiki > wiki.svg
  aksync graph --changes > changes.svg
  aksync plan --out plan.json && aksync graph --plan plan.json -o dot | dot -Tpdf > plan.pdf
  aksync graph --live --of group:staff --of 'ldapsource:*' > who.svg`,
		ValidArgsFunction: completeBlueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
	}
	flags.pass.server.register(cmd.Flags())
	flags.pass.read.register(cmd.Flags())
	flags.pass.logs.register(cmd)
	flags.own(cmd.Flags())
	completeWords(cmd, "output", "svg", "mermaid", "dot")
	return cmd
}

func (f *graphFlags) own(flags *pflag.FlagSet) {
	flags.StringVarP(&f.output, "output", "o", "svg", "svg, mermaid or dot")
	flags.StringArrayVar(&f.flows, "flow", nil, "glob of the slugs of flows: only these")
	flags.StringArrayVar(&f.apps, "application", nil, "glob of the slugs of applications: only these")
	flags.StringArrayVar(&f.of, "of", nil, "[MODEL:]GLOB of names: only these objects, and what belongs to them")
	flags.StringVar(&f.planFile, "plan", "", "draw what this file says, as plan --out saved it")
	flags.BoolVar(&f.live, "live", false, "draw what the server holds")
	flags.BoolVar(&f.changes, "changes", false, "draw what apply would change, within what the server holds")
}

func (f *graphFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	s, err := schema.Load()
	if err != nil {
		return err
	}
	choices, err := f.choices(s)
	if err != nil {
		return err
	}
	log, err := f.pass.logs.logger(cmd)
	if err != nil {
		return err
	}
	set, status, err := f.set(cmd, s, log, args, choices)
	if err != nil {
		return err
	}
	picture, err := set.Picture(depict.Options{Of: choices, Most: f.most()})
	if err != nil {
		return f.narrower(err)
	}
	if err := writePicture(cmd.OutOrStdout(), picture, f.output); err != nil {
		return err
	}
	return status
}

// check refuses what makes no sense together.
func (f *graphFlags) check(args []string) error {
	if err := oneOf("output", f.output, "svg", "mermaid", "dot"); err != nil {
		return err
	}
	given := 0
	for _, is := range []bool{f.live, f.changes, f.planFile != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return &usageError{errors.New("--live, --changes and --plan say what is drawn: want one of them")}
	case given == 1 && !f.changes && len(args) > 0:
		return &usageError{errors.New("--live and --plan draw no blueprints: leave out PATH")}
	}
	return nil
}

// most is how many boxes a picture may have: what Mermaid draws at all
// (maxEdges of its configuration), or what somebody can find his way in.
func (f *graphFlags) most() int {
	if f.output == "mermaid" {
		return 250
	}
	return 2000
}

// narrower says how to choose what is drawn.
func (f *graphFlags) narrower(err error) error {
	tooLarge := (*depict.TooLargeError)(nil)
	if !errors.As(err, &tooLarge) {
		return err
	}
	for i, such := range tooLarge.Such {
		tooLarge.Such[i] = "--of " + such
	}
	return tooLarge
}

// choices are what the picture is narrowed to.
func (f *graphFlags) choices(s *schema.Schema) ([]depict.Choice, error) {
	given := f.of
	for _, slug := range f.flows {
		given = append(given, "flow:"+slug)
	}
	for _, slug := range f.apps {
		given = append(given, "application:"+slug)
	}
	var choices []depict.Choice
	for _, text := range given {
		model, glob, has := strings.Cut(text, ":")
		if !has {
			choices = append(choices, depict.Choice{Glob: text})
			continue
		}
		subject, err := explain.Find(s, model)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--of %s: %w", text, err)}
		}
		choices = append(choices, depict.Choice{Kind: subject.Kind, Glob: glob})
	}
	return choices, nil
}

// set returns what is drawn, and the exit status where something is missing in it.
func (f *graphFlags) set(cmd *cobra.Command, s *schema.Schema, log zerolog.Logger, args []string, choices []depict.Choice) (set *depict.Set, status, err error) {
	switch {
	case f.planFile != "":
		set, err = savedSet(s, f.planFile)
		return set, nil, err
	case f.live:
		return f.liveSet(cmd, s, log, choices)
	case f.changes:
		return f.changedSet(cmd, log, args, choices)
	default:
		return f.blueprints(cmd, s, args)
	}
}

func (f *graphFlags) blueprints(cmd *cobra.Command, s *schema.Schema, args []string) (set *depict.Set, status, err error) {
	pass, err := validated(cmd, s, f.pass.read, args)
	if err != nil {
		return nil, nil, err
	}
	return depict.Blueprints(s, pass.Blueprints.Entries), complain(cmd, pass), nil
}

// complain writes the errors of a pass, so that nobody takes the picture for the whole.
func complain(cmd *cobra.Command, pass *sync.Pass) error {
	out := cmd.ErrOrStderr()
	if len(pass.Problems()) == 0 {
		return nil
	}
	for _, problem := range pass.Problems() {
		fmt.Fprintf(out, "aksync: %s\n", problem)
	}
	return &statusError{exitError}
}

func savedSet(s *schema.Schema, path string) (*depict.Set, error) {
	saved, err := loadPlan(path)
	if err != nil {
		return nil, err
	}
	plan, err := saved.Plan(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return depict.Plan(s, plan), nil
}

func (f *graphFlags) liveSet(cmd *cobra.Command, s *schema.Schema, log zerolog.Logger, choices []depict.Choice) (set *depict.Set, status, err error) {
	client, err := f.pass.server.client(log, nil)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	return readSet(cmd.Context(), cmd.ErrOrStderr(), s, client, choices)
}

// readSet reads what a picture of a server shows, or what the choices need of that. What
// can't be listed is not in it.
func readSet(ctx context.Context, stderr io.Writer, s *schema.Schema, api sync.Reader, choices []depict.Choice) (set *depict.Set, status, err error) {
	version, err := api.Version(ctx)
	if err != nil {
		return nil, nil, err
	}
	s = s.At(version)
	live, err := sync.ReadListed(ctx, s, api, depict.Needs(s, choices))
	if err != nil {
		return nil, nil, err
	}
	objects, problems := listed(s, live)
	for _, problem := range problems {
		fmt.Fprintf(stderr, "aksync: %s\n", problem)
	}
	if len(problems) > 0 {
		status = &statusError{exitError}
	}
	return depict.Live(s, objects), status, nil
}

func (f *graphFlags) changedSet(cmd *cobra.Command, log zerolog.Logger, args []string, choices []depict.Choice) (set *depict.Set, status, err error) {
	passes, err := f.pass.passes(log, args, nil)
	if err != nil {
		return nil, nil, err
	}
	defer passes.client.Close()
	once := &onceListed{API: passes.API}
	passes.API = once
	pass := passes.Plan(cmd.Context(), sync.TriggerStart)
	if pass.Err != nil {
		return nil, nil, pass.Err
	}
	set, status, err = readSet(cmd.Context(), cmd.ErrOrStderr(), passes.Schema, once, choices)
	if err != nil {
		return nil, nil, err
	}
	set.Change(pass.Plan)
	return set, errors.Join(status, complain(cmd, pass)), nil
}

// pictured adds to what a report says a picture of what changes, where the report shows
// one.
func pictured(s *schema.Schema, plan *sync.Plan, output string, about report.About) report.About {
	const most = 200
	if output == "markdown" && len(plan.Changes) > 0 {
		// One that is too large is in no report.
		about.Picture, _ = depict.Plan(s, plan).Picture(depict.Options{Most: most})
	}
	return about
}

// writePicture writes a picture in one of its forms.
func writePicture(w io.Writer, picture graph.Picture, output string) error {
	switch output {
	case "mermaid":
		return picture.Mermaid(w)
	case "dot":
		return picture.DOT(w)
	default:
		return picture.SVG(w)
	}
}
