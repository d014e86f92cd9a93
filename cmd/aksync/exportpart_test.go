package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
)

// A flag is for each folder of files that objects have for themselves.
func TestExportPartFlags(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	var folders, flags []string
	for _, kind := range s.Managed() {
		if kind.File.Head {
			folders = append(folders, kind.File.Folder)
		}
	}
	for _, part := range (&exportFlags{application: "a", flow: "b", source: "c"}).parts() {
		flags = append(flags, part.Folder)
	}
	slices.Sort(folders)
	slices.Sort(flags)
	if diff := cmp.Diff(slices.Compact(folders), flags); diff != "" {
		t.Errorf("(-folders +flags):\n%s", diff)
	}
}
