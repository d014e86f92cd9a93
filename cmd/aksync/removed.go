package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/checkout"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// registerRemovedSince makes the flag of the commands that compare with a revision.
func registerRemovedSince(flags *pflag.FlagSet, since *string) {
	flags.StringVar(since, "removed-since", "", "git revision, an ancestor of HEAD: delete what PATH declared present there and does not speak of now")
}

// compareWith makes the passes delete what the paths declared at a revision and do not
// any more; nothing is changed where there is no revision.
func (p *passes) compareWith(since string) {
	if since != "" {
		p.Reconciler.Source = &comparedSource{source: p.source, since: since}
	}
}

// comparedSource gives blueprints with what was removed from them since a revision.
type comparedSource struct {
	*source
	since string
}

// Read gives the blueprints as they are now. A folder without any declaration is an
// error: it is no wish to delete all that there was.
func (s *comparedSource) Read(ctx context.Context, hurry bool) (*sync.Blueprints, error) {
	now, err := s.source.Read(ctx, hurry)
	if err != nil {
		return nil, err
	}
	own := *now
	switch {
	case now.Incomplete:
		own.Warnings = tree.Problems{{Message: fmt.Sprintf("nothing that was removed since %s is deleted while a file has errors", s.since)}}
		return &own, nil
	case len(now.Bare) > 0:
		return nil, fmt.Errorf("--removed-since: %s holds no blueprint: want one that does, since an empty folder is no wish to delete", now.Bare[0])
	case len(now.Entries) == 0:
		return nil, errors.New("--removed-since: the blueprints declare nothing at all, which is no wish to delete all that they did: want one entry at least")
	}
	own.Removed, own.Warnings, err = s.before(ctx)
	if err != nil {
		return nil, fmt.Errorf("--removed-since: %w", err)
	}
	return &own, nil
}

// before reads the blueprints as they were, as far as they can be read still.
func (s *comparedSource) before(ctx context.Context) (removed []sync.Removed, warnings tree.Problems, err error) {
	then, err := checkout.Open(ctx, s.since, s.paths)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, then.Close()) }()
	paths := make([]string, len(then.Paths))
	for i, path := range then.Paths {
		paths[i] = path.Then
	}
	since := "removed since " + s.since
	options := s.options
	options.Sketch, options.StrictModels, options.NoLiteralSecrets = true, false, false
	options.NameOf = func(file string) string { return sync.RemovedFrom(since, then.Name(file)) }
	if len(options.FileRoots) == 0 {
		options.FileRoots = blueprint.Folders(s.paths)
	}
	set, err := blueprint.NewReader(options).Read(ctx, paths)
	if err != nil {
		return nil, nil, err
	}
	for _, left := range then.Left {
		warnings = append(warnings, unreadThen(tree.Problem{Place: tree.Place{File: sync.RemovedFrom(since, left.File)}, Message: left.Why}))
	}
	for _, file := range set.Files {
		for _, problem := range file.Problems {
			warnings = append(warnings, unreadThen(problem))
		}
		for _, entry := range file.Entries {
			removed = append(removed, sync.Removed{Entry: entry})
		}
	}
	return removed, warnings, nil
}

// unreadThen makes a warning of what is wrong with a file as it was.
func unreadThen(problem tree.Problem) tree.Problem {
	problem.Message = "can't be read any more, so nothing that it declared is deleted: " + problem.Message
	return problem
}
