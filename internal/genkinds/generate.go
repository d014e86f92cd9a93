// Package genkinds makes what aksync knows of authentik's kinds of objects: from
// what OpenAPI documents and schemas of blueprints say, which is kept as facts, and
// from what is kept by hand.
package genkinds

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/aksync/aksync/schema"
)

// Add distils the OpenAPI document and the schema of blueprints of a version into
// the facts of the schema in folder. Without a schema of blueprints the newest facts
// say what only blueprints have.
func Add(folder, version, openapi, blueprints string) error {
	if len(numbers(version)) != 2 || slices.Contains(numbers(version), 0) {
		return fmt.Errorf("%q is no version: want one such as 2026.5", version)
	}
	r, err := newPackages(folder, nil).rules()
	if err != nil {
		return err
	}
	before, err := readFacts(filepath.Join(folder, "facts"))
	if err != nil {
		return err
	}
	facts, err := distil(version, openapi, blueprints, before[len(before)-1], r.Lookups)
	if err != nil {
		return err
	}
	text, err := facts.encode()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "facts", version+".json"), text, 0o644)
}

// Generate makes the files of the schema in folder, by their names below it.
func Generate(folder string) (map[string][]byte, error) {
	g := &generator{folder: folder, made: map[string][]byte{}, apps: map[string][]*merged{}, quirks: map[string]given{}}
	for _, step := range []func() error{g.read, g.makeKinds, g.compile, g.digest, g.table} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return g.made, nil
}

// generator makes the files.
type generator struct {
	folder string
	made   map[string][]byte
	rules  *rules
	facts  []*Facts
	apps   map[string][]*merged
	quirks map[string]given
	kinds  []*schema.Kind
}

// read reads the facts and what is kept by hand.
func (g *generator) read() error {
	var err error
	if g.rules, err = newPackages(g.folder, nil).rules(); err != nil {
		return err
	}
	if g.facts, err = readFacts(filepath.Join(g.folder, "facts")); err != nil {
		return err
	}
	for _, kind := range merge(g.facts) {
		g.rules.refine(kind)
		name := app(kind.Model.Model)
		g.apps[name] = append(g.apps[name], kind)
	}
	quirks, err := filepath.Glob(filepath.Join(g.folder, "*", "quirks.cue"))
	if err != nil {
		return err
	}
	for _, file := range quirks {
		name := filepath.Base(filepath.Dir(file))
		if g.quirks[name], err = readQuirks(file); err != nil {
			return err
		}
		if g.apps[name] == nil {
			g.apps[name] = nil
		}
	}
	return nil
}

func (g *generator) makeKinds() error {
	for name, kinds := range g.apps {
		text, err := g.rules.kindsFile(name, kinds, g.quirks[name])
		if err != nil {
			return err
		}
		g.made[name+"/kinds.cue"] = text
	}
	return nil
}

// compile unifies each app's kinds with its quirks.
func (g *generator) compile() error {
	packages := newPackages(g.folder, g.made)
	for _, name := range slices.Sorted(keysOf(g.apps)) {
		v, err := packages.build(name)
		if err != nil {
			return err
		}
		all := v.LookupPath(cue.ParsePath("kinds"))
		if err := all.Validate(cue.Concrete(true)); err != nil {
			return fmt.Errorf("the kinds of %s: %s", name, errors.Details(err, nil))
		}
		kinds, err := schema.CompileKinds(all)
		if err != nil {
			return fmt.Errorf("the kinds of %s: %w", name, err)
		}
		for _, kind := range kinds {
			g.order(kind, g.apps[name])
		}
		g.kinds = append(g.kinds, kinds...)
		definitions, err := definitionsFile(name, kinds)
		if err != nil {
			return err
		}
		if definitions != nil {
			g.made[name+"/definitions.cue"] = definitions
		}
	}
	slices.SortFunc(g.kinds, func(a, b *schema.Kind) int { return cmp.Compare(a.Model, b.Model) })
	return nil
}

// order puts the fields into the order of the facts: that of CUE is one of the
// files that are unified.
func (g *generator) order(kind *schema.Kind, merged []*merged) {
	if kind.Fields.Fields == nil {
		kind.Fields.Fields = []*schema.Field{} // none is no null in the digest
	}
	for _, m := range merged {
		if m.Model.Model == kind.Model {
			slices.SortStableFunc(kind.Fields.Fields, func(a, b *schema.Field) int { return place(m.Fields, a.Name) - place(m.Fields, b.Name) })
			slices.SortStableFunc(kind.ReadOnly, func(a, b *schema.ReadOnly) int { return place(m.ReadOnly, a.Name) - place(m.ReadOnly, b.Name) })
		}
	}
}

// place gives the place of a field; that of one that is not there is the last.
func place(facts []*Fact, name string) int {
	if at := slices.IndexFunc(facts, func(f *Fact) bool { return f.Name == name }); at >= 0 {
		return at
	}
	return len(facts)
}

// digest writes what Go reads.
func (g *generator) digest() error {
	root, err := newPackages(g.folder, g.made).build("")
	if err != nil {
		return err
	}
	versions := make([]string, len(g.facts))
	for i, facts := range g.facts {
		versions[i] = facts.Version
	}
	text, err := schema.DigestOf(root, g.kinds, versions)
	if err != nil {
		return err
	}
	g.made["kinds.jsonl"] = text
	return nil
}

// Check compares files with those in folder, and gives the names of those that
// differ, are missing, or are made no more.
func Check(folder string, made map[string][]byte) ([]string, error) {
	differ, err := left(folder, made)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(keysOf(made)) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		if !bytes.Equal(text, made[name]) {
			differ = append(differ, name)
		}
	}
	return differ, nil
}

// left gives the names of files in folder that were made once, and are not now.
func left(folder string, made map[string][]byte) ([]string, error) {
	var names []string
	for _, pattern := range []string{"kinds.cue", "definitions.cue"} {
		files, err := filepath.Glob(filepath.Join(folder, "*", pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := filepath.Base(filepath.Dir(file)) + "/" + pattern
			if made[name] == nil {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// Write writes files below folder, and takes away those that are made no more.
func Write(folder string, made map[string][]byte) error {
	names, err := left(folder, made)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	for name, text := range made {
		at := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
