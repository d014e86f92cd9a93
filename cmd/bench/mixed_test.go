package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/schema"
)

// TestMixedFormsSayTheSame holds the forms of mixed objects together: they are valid,
// and declare the same.
func TestMixedFormsSayTheSame(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := 2 * len(mixedKinds)
	var first []string
	for _, form := range mixedForms {
		t.Run(form, func(t *testing.T) {
			m, err := newMixed(n, form)
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			if err := writeFiles(folder, m.files()); err != nil {
				t.Fatal(err)
			}
			set, err := blueprint.NewReader(blueprint.Options{Schema: s, EvaluationTime: time.Hour}).Read(context.Background(), []string{folder})
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range set.Problems() {
				t.Error(problem)
			}
			entries := texts(t, set)
			if len(entries) != n {
				t.Errorf("%d entries, want %d", len(entries), n)
			}
			if first == nil {
				first = entries
			}
			if !slices.Equal(entries, first) {
				t.Errorf("not as in the first form:\n%q\n%q", entries, first)
			}
		})
	}
}
