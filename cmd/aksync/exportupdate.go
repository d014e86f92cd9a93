package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// updateAll brings an existing folder up to date with the objects.
func (f *exportFlags) updateAll(cmd *cobra.Command, s *schema.Schema, api sync.API, objects map[string][]schema.Object, o export.Options) (*export.Folder, error) {
	plan, err := f.planFolder(cmd.Context(), s, api)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.all)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	read := func(path string) ([]byte, error) {
		text, err := root.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return text, err
	}
	update, err := export.MakeUpdate(s, objects, o, f.all, plan, read)
	if err != nil {
		return nil, err
	}
	if err := update.Folder.Save(f.all, true); err != nil {
		return nil, err
	}
	w := cmd.ErrOrStderr()
	fmt.Fprintf(w, "Changed %s and added %d in %s of %s.\n", things(update.Changed, "object"), update.Added, things(len(update.Folder.Files), "file"), f.all)
	for _, gone := range update.Gone {
		fmt.Fprintf(w, "%s is not there any more: take it out, or have it made again.\n", gone)
	}
	for _, left := range update.ByHand {
		fmt.Fprintf(w, "%s\n", left)
	}
	return update.Folder, nil
}

// planFolder plans the blueprints of the folder, none of which may be wrong.
func (f *exportFlags) planFolder(ctx context.Context, s *schema.Schema, api sync.API) (*sync.Plan, error) {
	source, err := newSource(s, readFlags{own: []string{f.server.clientKey}}, f.server.tokenFile, []string{f.all})
	if err != nil {
		return nil, err
	}
	reconciler := &sync.Reconciler{
		Schema: s, Source: source, API: api, Parallelism: f.server.parallelism,
		Guards: sync.Guards{AllowInUse: true, AllowSelf: true},
	}
	pass := reconciler.Plan(ctx, sync.TriggerStart)
	if pass.Err != nil {
		return nil, pass.Err
	}
	var problems []error
	for _, problem := range pass.Problems() {
		problems = append(problems, errors.New(problem.Error()))
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the blueprints have to be put right first:\n%w", errors.Join(problems...))
	}
	return pass.Plan, nil
}
