package main

import (
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
)

// parts are those that flags name, by the folder in which --all has their files.
func (f *exportFlags) parts() []export.Part {
	var named []export.Part
	for _, part := range []export.Part{
		{Folder: "applications", Name: f.application, Title: "application"},
		{Folder: "flows", Name: f.flow, Title: "flow"},
		{Folder: "sources", Name: f.source, Title: "source"},
	} {
		if part.Name != "" {
			named = append(named, part)
		}
	}
	return named
}

// exportPart prints an object with all that belongs to it.
func (f *exportFlags) exportPart(cmd *cobra.Command, s *schema.Schema, client *authentik.Client, part export.Part, o export.Options) error {
	objects, problems, err := f.everything(cmd, s, client, &o)
	if err != nil {
		return err
	}
	folder, err := export.MakePart(s, objects, o, part)
	if err != nil {
		return err
	}
	if _, err := cmd.OutOrStdout().Write(folder.Files[0].Text); err != nil {
		return err
	}
	folder.Problems = append(problems, folder.Problems...)
	return f.sumUp(cmd, folder, o)
}
