// Package deploy_test holds what is deployed to what aksync, Kubernetes, compose
// and Prometheus take.
package deploy_test

import (
	"os"
	"testing"

	"sigs.k8s.io/yaml"
)

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decode reads a YAML or JSON file in which every key has to be known.
func decode(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(read(t, file), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
