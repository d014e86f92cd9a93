//go:build !kubernetes

package main

import (
	"io"
	"strings"
	"testing"
)

// A build without leader election says so before anything else, and does not
// run as the only replica instead.
func TestLeaderElectInABuildWithout(t *testing.T) {
	const want = "this build has no leader election: use the container image or a release, " +
		"or build with go build -tags kubernetes ./cmd/aksync"
	refused := func(t *testing.T, args ...string) {
		var stderr strings.Builder
		status := execute(t.Context(), args, io.Discard, &stderr)
		if status != exitError || !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), `See "aksync run --help".`) {
			t.Errorf("status %d: %s", status, stderr.String())
		}
	}
	t.Run("flag", func(t *testing.T) { refused(t, "run", "--leader-elect") })
	t.Run("environment", func(t *testing.T) {
		t.Setenv("AKSYNC_LEADER_ELECT", "true")
		refused(t, "run")
	})
}
