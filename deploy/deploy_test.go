// Package deploy_test holds what is deployed to what aksync, Kubernetes, compose
// and Prometheus take.
package deploy_test

import (
	"errors"
	"os"
	"testing"

	"sigs.k8s.io/json"
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
	decodeText(t, file, read(t, file), into)
}

// decodeText is as strict as Kubernetes' API: it takes no key that is not
// known, is there twice, or is known in other letters, as encoding/json would.
func decodeText(t *testing.T, file string, text []byte, into any) {
	t.Helper()
	text, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	problems, err := json.UnmarshalStrict(text, into)
	if err := errors.Join(append(problems, err)...); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
