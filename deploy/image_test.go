package deploy_test

import (
	"strings"
	"testing"
)

// What the manifests run elects a leader, which only a build with the tag can.
func TestTheImageHasLeaderElection(t *testing.T) {
	if !strings.Contains(string(read(t, "kubernetes/deployment.yaml")), "--leader-elect") {
		t.Fatal("the Deployment elects no leader")
	}
	if !strings.Contains(string(read(t, "../Dockerfile")), "go build -tags kubernetes ") {
		t.Error("the Dockerfile builds without the tag kubernetes")
	}
}
