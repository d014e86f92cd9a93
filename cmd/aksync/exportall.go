package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	gosync "sync"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// exportAll writes a whole server as a folder.
func (f *exportFlags) exportAll(cmd *cobra.Command, s *schema.Schema, server sync.API, o export.Options) error {
	if err := export.CanSave(f.all); err != nil { // said before a long list is read
		return err
	}
	api := &onceListed{API: server} // with --update, a plan asks for the same
	objects, problems, err := f.everything(cmd, s, api, &o)
	if cmd.Context().Err() != nil {
		return errors.New("ended before everything was listed: nothing was written")
	}
	if err != nil {
		return err
	}
	if f.terraform != "" {
		o.Full = true // what Terraform keeps is somebody's own
	}
	folder, err := f.save(cmd, s, api, objects, o)
	if err != nil {
		return err
	}
	folder.Problems = append(problems, folder.Problems...)
	return f.sumUp(cmd, folder, o)
}

// everything lists all objects of a server, and what goes along with them in options. The
// problems are what could not be had.
func (f *exportFlags) everything(cmd *cobra.Command, s *schema.Schema, api sync.Reader, o *export.Options) (objects map[string][]schema.Object, problems []error, err error) {
	needs, err := export.NeedsAll(s)
	if err != nil {
		return nil, nil, err
	}
	bar := newBar(cmd.ErrOrStderr(), "listing")
	bar.expectLists(len(needs))
	live, unread, err := readAll(cmd.Context(), s, &counted{Reader: api, bar: bar}, needs, o)
	bar.finish()
	if err != nil {
		return nil, nil, err
	}
	objects, problems = listed(s, live)
	if unread != nil {
		problems = append(problems, unread)
	}
	if f.terraform != "" {
		missing, err := f.fromTerraform(s, objects, o)
		if err != nil {
			return nil, nil, err
		}
		problems = append(problems, missing...)
	}
	return objects, problems, nil
}

// save writes the folder, or brings it up to date.
func (f *exportFlags) save(cmd *cobra.Command, s *schema.Schema, api sync.API, objects map[string][]schema.Object, o export.Options) (*export.Folder, error) {
	if f.update {
		return f.updateAll(cmd, s, api, objects, o)
	}
	folder, err := export.MakeFolder(s, objects, o)
	if err != nil {
		return nil, err
	}
	if err := folder.Save(f.all, f.force); err != nil {
		return nil, err
	}
	w := cmd.ErrOrStderr()
	fmt.Fprintf(w, "Wrote %s into %s in %s.\n", things(folder.Entries, "object"), things(len(folder.Files), "file"), f.all)
	left, err := folder.Leftovers(f.all)
	for _, name := range left {
		fmt.Fprintf(w, "%s was there before and is no part of this export: look whether it says the same twice.\n", name)
	}
	return folder, err
}

// fromTerraform wants the objects of a state alone, and says which are not there.
func (f *exportFlags) fromTerraform(s *schema.Schema, objects map[string][]schema.Object, o *export.Options) (missing []error, err error) {
	text, err := os.ReadFile(f.terraform)
	if err != nil {
		return nil, err
	}
	resources, err := export.ReadTerraform(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.terraform, err)
	}
	o.Want, missing = export.WantTerraform(s, objects, resources)
	return missing, nil
}

// readAll lists all objects, what is granted to them, and who is permitted what with
// them: unread is why that could not be had.
func readAll(ctx context.Context, s *schema.Schema, api sync.Reader, needs []string, o *export.Options) (live *sync.Live, unread, err error) {
	if live, err = sync.ReadListed(ctx, s, api, needs); err != nil {
		return nil, nil, err
	}
	if err := live.ReadGrants(ctx, s, api); err != nil {
		return nil, nil, err
	}
	o.Granted = live.Grants
	o.Permitted, unread = live.ReadPermits(ctx, s, api)
	return live, unread, ctx.Err()
}

// listed returns the objects of the kinds that could be listed, and says which could
// not be.
func listed(s *schema.Schema, live *sync.Live) (map[string][]schema.Object, []error) {
	objects := map[string][]schema.Object{}
	var problems []error
	for _, model := range slices.Sorted(maps.Keys(live.Kinds)) {
		listing := live.Kinds[model]
		if listing.Err != nil {
			problems = append(problems, fmt.Errorf("%s is left out: %w", s.Kind(model).Model, listing.Err))
			continue
		}
		objects[model] = listing.Objects
	}
	for grant, granted := range live.Grants {
		if granted.Err != nil {
			problems = append(problems, fmt.Errorf("%s of a %s can't be read: %w", grant.Field, s.Kind(grant.Model).Title, granted.Err))
			break // most likely it is the same for all
		}
	}
	return objects, problems
}

// sumUp says what was written, and what was not.
func (f *exportFlags) sumUp(cmd *cobra.Command, folder *export.Folder, o export.Options) error {
	w := cmd.ErrOrStderr()
	switch {
	case folder.LeftOut > 0 && o.Full:
		fmt.Fprintf(w, "Left out %s that only authentik itself can make.\n", things(folder.LeftOut, "object"))
	case folder.LeftOut > 0:
		fmt.Fprintf(w, "Left out %s that authentik brings itself; --full takes them along.\n", things(folder.LeftOut, "object"))
	}
	if count := len(folder.Missing); count > 0 {
		fmt.Fprintf(w, "authentik brings %s that this server has not: %s.\n", things(count, "object"), someOf(folder.Missing))
	}
	if folder.Guessed {
		fmt.Fprintf(w, "What authentik %s brings is not known: it was told by what another version does, and more may be in the files than somebody made.\n", o.Server)
	}
	switch {
	case folder.Secrets > 0 && f.all == "":
		fmt.Fprintf(w, "Left out %s: a line of the blueprint is ready for each.\n", things(folder.Secrets, "secret"))
	case folder.Secrets > 0:
		fmt.Fprintf(w, "Left out %s: secrets.env.example lists them.\n", things(folder.Secrets, "secret"))
	}
	for _, note := range folder.Notes {
		fmt.Fprintln(w, note)
	}
	return sayProblems(w, folder.Problems)
}

// someOf names the first of many.
func someOf(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// sayProblems says what could not be exported; the error is that there is anything.
func sayProblems(w io.Writer, problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	for _, problem := range problems {
		fmt.Fprintf(w, "aksync: %s\n", problem)
	}
	fmt.Fprintf(w, "aksync: %d things could not be exported.\n", len(problems))
	return &statusError{exitError}
}

// counted tells a bar of each list that was read.
type counted struct {
	sync.Reader
	bar  *bar
	step gosync.Mutex
}

// List is that of the API.
func (c *counted) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	objects, err := c.Reader.List(ctx, path, id, query, most)
	c.step.Lock()
	defer c.step.Unlock()
	c.bar.step()
	return objects, err
}

// onceListed asks for each list once, and gives what it was answered again.
type onceListed struct {
	sync.API
	lists gosync.Map
}

// List is that of the API.
func (o *onceListed) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	list, _ := o.lists.LoadOrStore([3]string{path, id, query.Encode()}, gosync.OnceValues(func() ([]schema.Object, error) {
		return o.API.List(ctx, path, id, query, most)
	}))
	return list.(func() ([]schema.Object, error))()
}

// expectLists says how many lists there will be, at least.
func (b *bar) expectLists(count int) {
	if b != nil {
		b.total = count
	}
}

// things is a number of them.
func things(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
