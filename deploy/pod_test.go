package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// checkPods holds the manifests to the program.
func checkPods(t *testing.T, program string) {
	t.Helper()
	objects := manifests(t)
	t.Run("settings", func(t *testing.T) {
		var used []string
		for _, file := range []string{"deployment.yaml", "sidecar.yaml"} {
			for _, container := range first[*appsv1.Deployment](t, objects, file).Spec.Template.Spec.Containers {
				used = append(used, settings(container)...)
			}
		}
		checkSettings(t, program, used)
	})
	// The example is valid.
	t.Run("blueprints", func(t *testing.T) {
		folder := t.TempDir()
		for name, text := range first[*corev1.ConfigMap](t, objects, "blueprints.yaml").Data {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		output(t, program, "validate", folder)
	})
}

// settings are a container's variables and the flags of its command line.
func settings(container corev1.Container) (names []string) {
	for _, variable := range container.Env {
		names = append(names, variable.Name)
	}
	for _, arg := range container.Args {
		if strings.HasPrefix(arg, "-") {
			name, _, _ := strings.Cut(arg, "=")
			names = append(names, name)
		}
	}
	return names
}
