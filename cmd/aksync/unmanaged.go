package main

import (
	"fmt"
	"strconv"
	"strings"
	gosync "sync"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// unmanagedFlag is --unmanaged: alone for objects of every kind, or with the models
// whose objects are looked for.
type unmanagedFlag struct {
	set    bool
	models []string
}

// String, Set and Type make it a pflag.Value.
func (f *unmanagedFlag) String() string {
	if !f.set {
		return ""
	}
	if len(f.models) == 0 {
		return "true"
	}
	return strings.Join(f.models, ",")
}

// Set takes true, false, or models.
func (f *unmanagedFlag) Set(text string) error {
	if set, err := strconv.ParseBool(text); err == nil {
		*f = unmanagedFlag{set: set}
		return nil
	}
	f.set = true
	for model := range strings.SplitSeq(text, ",") {
		f.models = append(f.models, strings.ToLower(strings.TrimSpace(model)))
	}
	return nil
}

// Type is what the help calls the value.
func (f *unmanagedFlag) Type() string { return "MODEL,…" }

func (f *unmanagedFlag) register(cmd *cobra.Command) {
	flag := cmd.Flags().VarPF(f, "unmanaged", "", "name the live objects, of these models or of all, that no blueprint speaks of, and who made them")
	flag.NoOptDefVal = "true"
	completeModels(cmd, "unmanaged")
}

// survey is what the flag asks for; nil where it is not set.
func (f *unmanagedFlag) survey(s *schema.Schema) (*sync.Survey, error) {
	if !f.set {
		return nil, nil
	}
	for _, model := range f.models {
		if kind := s.Kind(model); kind == nil || !kind.Managed || !kind.Create {
			return nil, &usageError{fmt.Errorf("--unmanaged: %q is no model of which objects can be made: %s", model, schema.Suggest(model, managedModels()))}
		}
	}
	return &sync.Survey{List: true, Models: f.models, Brought: brought(s)}, nil
}

// brought gives what a fresh server of a version holds, as the embedded one has it.
func brought(s *schema.Schema) func(version string) map[string][]schema.Object {
	var mutex gosync.Mutex
	known := map[string]map[string][]schema.Object{}
	return func(version string) map[string][]schema.Object {
		mutex.Lock()
		defer mutex.Unlock()
		if _, has := known[version]; !has {
			known[version] = seededObjects(s, version)
		}
		return known[version]
	}
}

// seededObjects are those of a fresh embedded server; none where it does not know the
// version.
func seededObjects(s *schema.Schema, version string) map[string][]schema.Object {
	server, err := devserver.NewSeeded(devserver.Config{Schema: s, Version: version})
	if err != nil {
		return nil
	}
	objects := map[string][]schema.Object{}
	for _, kind := range s.At(version).Managed() {
		if all := server.All(kind.Model); len(all) > 0 {
			objects[kind.Model] = all
		}
	}
	return objects
}
