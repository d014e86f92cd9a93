package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// TestFormsSayTheSame holds the forms of a company together: they are valid, and
// declare the same objects.
func TestFormsSayTheSame(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const n = 5 // all kinds of providers, and an application with everything
	for _, says := range []wanted{{}, {changed: 2}, {changed: 2, absent: true}} {
		c, err := newCompany(n, says)
		if err != nil {
			t.Fatal(err)
		}
		var first []string
		for _, form := range companyForms {
			t.Run(fmt.Sprintf("%s, %+v", form, says), func(t *testing.T) {
				folder := t.TempDir()
				if err := writeFiles(folder, c.files(form)); err != nil {
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
				if len(entries) != c.objects() {
					t.Errorf("%d entries, want %d", len(entries), c.objects())
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
}

// texts gives the entries in an order that does not depend on the form.
func texts(t *testing.T, set *blueprint.Set) []string {
	t.Helper()
	var all []string
	for _, file := range set.Files {
		for _, entry := range file.Entries {
			text, err := json.Marshal([]any{entry.Model, entry.State.Plain(), plain(t, entry.Identifiers), plain(t, entry.Attrs)})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}

// plain gives fields with what references ask for in their place.
func plain(t *testing.T, fields tree.Map) any {
	t.Helper()
	value, err := tree.Value{Data: fields}.Resolve(func(r tree.Reference) (tree.Value, error) {
		text := r.Model
		for _, condition := range r.Where {
			text += fmt.Sprintf(" %s=%v", condition.Field, condition.Value.Plain())
		}
		return tree.Value{Data: text}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value.Plain()
}
