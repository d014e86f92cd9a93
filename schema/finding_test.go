package schema

import (
	"slices"
	"testing"

	"github.com/aksync/aksync/internal/tree"
)

// Each field that is gone has something in its place, or words that say what to do, and what
// has its place is there.
func TestSuccessors(t *testing.T) {
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range s.Managed() {
		for _, field := range kind.Fields.Fields {
			if field.Until == "" {
				continue
			}
			place := kind.Model + "." + field.Name
			if field.WordsOfSuccessor() == "" {
				t.Errorf("%s is gone since %s, and nothing says what has its place", place, field.Until)
				continue
			}
			if name := field.Successor.Field; name != "" {
				other := kind.Fields.Field(name)
				if other == nil || !other.Has(field.Until) {
					t.Errorf("%s has the place of %s, and is not there from %s on", name, place, field.Until)
				} else if isList := other.Type == List; isList != (field.Type == List || field.Successor.Listed) || other.Refers != field.Refers {
					t.Errorf("%s does not take what %s took", name, place)
				}
			}
		}
	}
}

// What a variant says is right for its field: its default is taken, and what is written of it
// later.
func TestVariants(t *testing.T) {
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, kind := range s.Managed() {
		for _, field := range kind.Fields.Fields {
			for _, variant := range field.Variants {
				count++
				if variant.Words() == "" {
					t.Errorf("a variant of %s.%s is there in all versions", kind.Model, field.Name)
				}
				if variant.Now == "" {
					continue
				}
				value := tree.Value{Data: int64(45)}
				if now := field.rewritten(value, variant.Until); now == "" || field.CheckPlain(now) != "" {
					t.Errorf("%s.%s: 45 becomes %q", kind.Model, field.Name, now)
				}
			}
			for _, version := range s.Versions {
				at := s.At(version).Kind(kind.Model)
				if at == nil || at.Fields.Field(field.Name) == nil {
					continue
				}
				if own := at.Fields.Field(field.Name); own.HasDefault && !own.Required && own.Default != nil && len(field.CheckVariant(field.Name, tree.FromJSON(own.Default), version)) > 0 {
					t.Errorf("%s.%s: %s does not take the default %v", kind.Model, field.Name, version, own.Default)
				}
			}
		}
	}
	if count == 0 {
		t.Error("there are no variants")
	}
}

// TestFindings says of an entry what a version has otherwise, and what another one has not.
func TestFindings(t *testing.T) {
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string, data any) tree.Map {
		return tree.Map{tree.Member(tree.Place{}, name, tree.Value{Data: data})}
	}
	for name, test := range map[string]struct {
		entry         tree.Entry
		from, version string
		want          []string
		wrong         bool
	}{
		"a kind":              {tree.Entry{Model: "authentik_lifecycle.lifecyclerule"}, "", "2025.12", []string{"authentik_lifecycle.lifecyclerule needs authentik 2026.2: this one is 2025.12"}, true},
		"a kind that it has":  {tree.Entry{Model: "authentik_lifecycle.lifecyclerule"}, "", "2026.2", nil, false},
		"an identifier":       {tree.Entry{Model: "authentik_core.group", Identifiers: field("parent", nil)}, "", "2025.12", []string{"parent is gone since authentik 2025.12: this one is 2025.12; parents, a list, has its place"}, true},
		"a dropped field":     {tree.Entry{Model: "authentik_rbac.initialpermissions", Attrs: field("mode", "role")}, "", "2025.12", []string{"mode is gone since authentik 2025.12: this one is 2025.12; the role alone gets the permissions, as with mode role"}, false},
		"not before":          {tree.Entry{Model: "authentik_rbac.initialpermissions", Attrs: field("mode", "role")}, "", "2025.10", nil, false},
		"a path of a picture": {tree.Entry{Model: "authentik_flows.flow", Attrs: field("background", "/a.png")}, "", "2025.12", []string{`"/a.png" is not taken by authentik 2025.12: want an address, fa:// and the name of an icon, a path below /static, or the name of a file in authentik's own storage`}, true},
		"a meaning":           {tree.Entry{Model: "authentik_rbac.role", Attrs: field("permissions", tree.List{})}, "2025.10", "2026.2", []string{"means something else from authentik 2025.12 on: they are added to those that the role has; before, the role lost all others"}, false},
		"the same meaning":    {tree.Entry{Model: "authentik_rbac.role", Attrs: field("permissions", tree.List{})}, "2025.12", "2026.2", nil, false},
		"nobody manages it":   {tree.Entry{Model: "authentik_events.event", Attrs: field("user", nil)}, "", "2026.2", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var messages []string
			for _, finding := range s.Findings(&test.entry, test.from, test.version) {
				messages = append(messages, finding.Message)
				if finding.Wrong != test.wrong {
					t.Errorf("that it is wrong is %v", finding.Wrong)
				}
			}
			if !slices.Equal(messages, test.want) {
				t.Errorf("found %q, want %q", messages, test.want)
			}
		})
	}
}
