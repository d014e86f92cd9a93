package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// versionFlags name a version of authentik that blueprints are for, and the one that they
// were written for.
type versionFlags struct {
	to, from string
	// flag is the name of the flag that sets to.
	flag string
}

func (f *versionFlags) register(cmd *cobra.Command, flag, words string) {
	f.flag = flag
	cmd.Flags().StringVar(&f.to, flag, "", words)
}

// registerFrom registers the flag that sets from.
func (f *versionFlags) registerFrom(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.from, "from", "", "version of authentik that the blueprints were written for (default: the oldest that aksync knows)")
}

// check refuses what is no version.
func (f *versionFlags) check(s *schema.Schema) error {
	for _, given := range []struct{ flag, version string }{{f.flag, f.to}, {"from", f.from}} {
		if err := checkVersion(s, given.flag, given.version); err != nil {
			return err
		}
	}
	if f.to != "" && f.from != "" && schema.Before(f.to, f.from) {
		return &usageError{fmt.Errorf("--%s is %s, which comes before --from %s", f.flag, f.to, f.from)}
	}
	return nil
}

// checkVersion refuses a flag's value that is no version; it may be empty.
func checkVersion(s *schema.Schema, flag, version string) error {
	if version != "" && !schema.Known(version) {
		return &usageError{fmt.Errorf("--%s is %q: want one such as %s", flag, version, s.Newest())}
	}
	return nil
}

// findingsFor returns what the version has otherwise than the valid blueprints have it,
// but for what is so already in the version that they run on.
func findingsFor(s *schema.Schema, read *sync.Blueprints, from, version string) []schema.Finding {
	type place struct {
		tree.Place
		path string
	}
	already := map[place]bool{}
	if from != "" {
		for _, finding := range s.AllFindings(read.Entries, read.Skipped(), from, from) {
			already[place{finding.Place, finding.Path}] = true
		}
	}
	var found []schema.Finding
	for _, finding := range s.AllFindings(read.Entries, read.Skipped(), from, version) {
		if !already[place{finding.Place, finding.Path}] {
			found = append(found, finding)
		}
	}
	return found
}

// addTo adds findings to the errors and the warnings of a plan; ahead is the version that
// they are of, where that is not the plan's.
func addTo(plan *sync.Plan, found []schema.Finding, ahead string) {
	for _, finding := range found {
		problem := finding.Problem
		if ahead != "" {
			problem.Message = "with authentik " + ahead + ": " + schema.Ahead(problem.Message, ahead)
		}
		if finding.Wrong {
			plan.Problems = append(plan.Problems, problem)
		} else {
			plan.Warnings = append(plan.Warnings, problem)
		}
	}
	plan.Problems = plan.Problems.Sort()
}
