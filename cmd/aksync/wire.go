package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// source reads the blueprints below some paths; it is the sync.Source of all
// commands.
type source struct {
	// options say how the reader reads.
	options blueprint.Options
	reader  *blueprint.Reader
	paths   []string
	// onInputs, if not nil, is told which files !File looks at.
	onInputs func(files []string)
	// changed, if not nil, tells which files changed since it was last asked,
	// or that any may have.
	changed func() (files []string, all bool)

	failed bool // the last reading did
	files  []*blueprint.File
	last   *sync.Blueprints
}

// newSource makes the source of a command. tokenFile is never readable by
// !File.
func newSource(s *schema.Schema, flags readFlags, tokenFile string, paths []string) (*source, error) {
	tags, err := flags.tagValues()
	if err != nil {
		return nil, err
	}
	options := blueprint.Options{
		Schema:       s,
		EnvAllow:     flags.envAllow,
		FileRoots:    flags.fileRoots,
		Tags:         tags,
		StrictModels: flags.strictModels,

		NoLiteralSecrets: flags.noLiteralSecrets,
		Skipped:          flags.skipped,
	}
	if options.CUEWorker, err = cue.OwnCommand(cueWorker); err != nil {
		return nil, err
	}
	for _, own := range append([]string{tokenFile}, flags.own...) {
		if own != "" {
			options.ForbiddenFiles = append(options.ForbiddenFiles, own)
		}
	}
	return &source{options: options, reader: blueprint.NewReader(options), paths: paths}, nil
}

// Read gives the blueprints as they are now. The reader gives the same *File
// for one that did not change.
func (s *source) Read(ctx context.Context, hurry bool) (*sync.Blueprints, error) {
	changed, all := []string(nil), true
	if s.changed != nil {
		changed, all = s.changed()
	}
	var set *blueprint.Set
	var err error
	if hurry && !all && !s.failed {
		set, err = s.reader.Refresh(ctx, s.paths, changed)
	} else {
		set, err = s.reader.Read(ctx, s.paths)
	}
	s.failed = err != nil
	if err != nil {
		return nil, err
	}
	if s.onInputs != nil {
		s.onInputs(set.Inputs().Files)
	}
	if s.last != nil && slices.Equal(set.Files, s.files) && slices.Equal(set.Empty, s.last.Empty) {
		return s.last, nil
	}
	s.files, s.last = set.Files, gather(s.options.Schema, set)
	s.last.Empty = set.Empty
	s.last.Bare = slices.DeleteFunc(slices.Clone(set.Empty), func(folder string) bool {
		return !slices.ContainsFunc(s.paths, func(path string) bool { return filepath.ToSlash(path) == folder })
	})
	return s.last, nil
}

// gather sums up what the files say.
func gather(s *schema.Schema, set *blueprint.Set) *sync.Blueprints {
	read := &sync.Blueprints{Unmanaged: map[string]int{}, Why: map[string]string{}, Files: make([]sync.Blueprint, 0, len(set.Files))}
	ordered, missing, warnings := set.Ordered()
	entries := 0
	for _, file := range set.Files {
		entries += len(file.Entries)
		own := slices.DeleteFunc(slices.Clone(warnings), func(w tree.Problem) bool {
			return w.Place.File != file.Path && !slices.Contains(file.Parts, w.Place.File)
		})
		read.Files = append(read.Files, sync.Blueprint{
			Path: file.Path, State: file.Status, Name: file.Name(), Parts: file.Parts, Problems: file.Problems, Warnings: slices.Concat(file.Warnings, own),
		})
	}
	for _, apply := range missing {
		read.Applies = append(read.Applies, sync.Instance{Model: apply.Model, Place: apply.Place, Path: apply.Path, By: apply.By})
	}
	read.Entries = make([]*tree.Entry, 0, entries)
	for _, file := range ordered {
		switch file.Status {
		case tree.Valid:
			read.Entries = append(read.Entries, file.Entries...)
		case tree.Invalid:
			read.Frozen = append(read.Frozen, file.Entries...)
			read.Incomplete = true
		case tree.Disabled:
		}
		read.Silent = append(read.Silent, file.Silent...)
		for model, count := range file.Unmanaged {
			read.Unmanaged[model] += count
		}
	}
	for model := range read.Unmanaged {
		if kind := s.Kind(model); kind != nil {
			read.Why[model] = kind.Why
		}
	}
	return read
}

// client makes the API client that the flags describe.
func (f *serverFlags) client(log zerolog.Logger, observe func(authentik.Request)) (*authentik.Client, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return authentik.New(authentik.Config{
		URL:         f.url,
		Token:       f.token(),
		CAFile:      f.caFile,
		ClientCert:  f.clientCert,
		ClientKey:   f.clientKey,
		Insecure:    f.insecure,
		Timeout:     f.timeout,
		Parallelism: f.parallelism,
		RateLimit:   f.rateLimit,
		UserAgent:   "aksync/" + thisBuild().version,
		Observe:     observe,
		Logger:      log,
	})
}

// passFlags are the flags of all commands that make passes.
type passFlags struct {
	server serverFlags
	read   readFlags
	guard  guardFlags
	logs   logFlags
	// writeSecrets sends what can't be compared.
	writeSecrets bool
}

func (f *passFlags) register(cmd *cobra.Command) {
	f.server.register(cmd.Flags())
	f.read.register(cmd.Flags())
	f.guard.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.writeSecrets, "write-secrets", false, "send declared values that authentik does not show, such as passwords, also where nothing says whether they differ")
	f.logs.register(cmd)
}

// passes is everything that a command needs to make passes.
type passes struct {
	*sync.Reconciler
	source *source
	client *authentik.Client
}

// passes puts together what the flags describe. The client has to be closed.
func (f *passFlags) passes(log zerolog.Logger, args []string, observe func(authentik.Request)) (*passes, error) {
	guards, err := f.guard.guards()
	if err != nil {
		return nil, err
	}
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	read := f.read
	read.own = []string{f.server.clientKey}
	source, err := newSource(s, read, f.server.tokenFile, paths(args))
	if err != nil {
		return nil, err
	}
	client, err := f.server.client(log, observe)
	if err != nil {
		return nil, err
	}
	return &passes{
		Reconciler: &sync.Reconciler{
			Schema: s, Source: source, API: client, Parallelism: f.server.parallelism, Guards: guards,
			SendUnshown: f.writeSecrets,
			ReadOwn:     func(text string) []*tree.Entry { return blueprint.Spoken(s, text) },
		},
		source: source, client: client,
	}, nil
}
