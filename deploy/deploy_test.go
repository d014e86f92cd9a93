// Package deploy_test holds what is deployed to what aksync is.
package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// A key that Kubernetes does not know, or a value of another type, is an error.
func TestManifests(t *testing.T) {
	kinds := map[string]func() any{
		"Deployment": func() any { return &appsv1.Deployment{} }, "ConfigMap": func() any { return &corev1.ConfigMap{} },
		"Service": func() any { return &corev1.Service{} }, "ServiceAccount": func() any { return &corev1.ServiceAccount{} },
		"Role": func() any { return &rbacv1.Role{} }, "RoleBinding": func() any { return &rbacv1.RoleBinding{} },
	}
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("the manifests are %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			var head struct {
				Kind      string   `json:"kind"`
				Resources []string `json:"resources"`
			}
			if err := yaml.Unmarshal(document, &head); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if head.Kind == "Kustomization" {
				for _, resource := range head.Resources {
					if !slices.Contains(files, filepath.Join("kubernetes", resource)) {
						t.Errorf("%s names %s, which is not there", file, resource)
					}
				}
				continue
			}
			make, known := kinds[head.Kind]
			if !known {
				t.Fatalf("%s: %q is no kind that is checked", file, head.Kind)
			}
			object := make()
			if err := yaml.UnmarshalStrict(document, object); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if deployment, isDeployment := object.(*appsv1.Deployment); isDeployment {
				checkContainers(t, file, deployment.Spec.Template.Spec)
			}
		}
	}
}

// checkContainers wants each container to have no rights it does not need, and
// each mount to have its volume.
func checkContainers(t *testing.T, file string, pod corev1.PodSpec) {
	t.Helper()
	for _, container := range pod.Containers {
		if c := container.SecurityContext; c == nil || c.ReadOnlyRootFilesystem == nil || !*c.ReadOnlyRootFilesystem ||
			c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation || len(c.Capabilities.Drop) == 0 {
			t.Errorf("%s: the container %s has rights that it does not need", file, container.Name)
		}
		for _, mount := range container.VolumeMounts {
			if !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
				t.Errorf("%s: there is no volume %s", file, mount.Name)
			}
		}
	}
}

// The compose file has the keys that the compose specification has for them.
func TestCompose(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Name     string `json:"name"`
		Services map[string]struct {
			Image           string            `json:"image"`
			Build           string            `json:"build"`
			Restart         string            `json:"restart"`
			Environment     map[string]string `json:"environment"`
			Volumes         []string          `json:"volumes"`
			Secrets         []string          `json:"secrets"`
			Ports           []string          `json:"ports"`
			Networks        []string          `json:"networks"`
			ReadOnly        bool              `json:"read_only"`
			User            string            `json:"user"`
			CapDrop         []string          `json:"cap_drop"`
			SecurityOpt     []string          `json:"security_opt"`
			StopGracePeriod string            `json:"stop_grace_period"`
		} `json:"services"`
		Secrets  map[string]struct{ File string }
		Networks map[string]struct {
			Name     string
			External bool
		}
	}
	if err := yaml.UnmarshalStrict(text, &compose); err != nil {
		t.Fatal(err)
	}
	service := compose.Services["aksync"]
	if !service.ReadOnly || service.User != "65532:65532" || len(service.CapDrop) != 1 {
		t.Errorf("the service has rights that it does not need: %+v", service)
	}
	for _, secret := range service.Secrets {
		if compose.Secrets[secret].File == "" {
			t.Errorf("there is no secret %s", secret)
		}
	}
}

// exported runs the daemon with its embedded server and gives what it exports:
// the names of metrics, and of labels with their values.
func exported(t *testing.T) (names map[string]bool, labels map[string]map[string]bool) {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "aksync")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/aksync").CombinedOutput(); err != nil {
		t.Fatalf("building aksync: %v: %s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	daemon := exec.CommandContext(ctx, program, "run", "--dev", "--listen", address, "../blueprints")
	daemon.Cancel = func() error { return daemon.Process.Signal(os.Interrupt) }
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		if err := daemon.Wait(); err != nil && ctx.Err() == nil {
			t.Errorf("the daemon ended with %v", err)
		}
	}()
	text := ""
	for end := time.Now().Add(30 * time.Second); !strings.Contains(text, "aksync_sync_duration_seconds_count 1"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the daemon made no pass: %s", text)
		}
		text = get(t, "http://"+address+"/metrics")
	}
	names, labels = map[string]bool{}, map[string]map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-zA-Z_:]+)(?:\{(.*)\})? `).FindAllStringSubmatch(text, -1) {
		names[match[1]] = true
		for _, label := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(match[2], -1) {
			if labels[label[1]] == nil {
				labels[label[1]] = map[string]bool{}
			}
			labels[label[1]][label[2]] = true
		}
	}
	return names, labels
}

func get(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "" // it does not listen yet
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ruleFile is a file of alerts or recording rules.
type ruleFile struct {
	Groups []struct {
		Rules []struct{ Alert, Record, Expr string }
	}
}

// queries gives every query of the rules and of the dashboard, and the names
// that the recording rules make.
func queries(t *testing.T) (list []string, recorded map[string]bool) {
	t.Helper()
	recorded = map[string]bool{}
	for _, file := range []string{"prometheus/alerts.yaml", "prometheus/recording.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rules ruleFile
		if err := yaml.Unmarshal(text, &rules); err != nil {
			t.Fatal(err)
		}
		for _, group := range rules.Groups {
			for _, rule := range group.Rules {
				list = append(list, rule.Expr)
				recorded[rule.Record] = true
			}
		}
	}
	text, err := os.ReadFile("grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("the panel %q has no query", panel.Title)
		}
		for _, target := range panel.Targets {
			list = append(list, target.Expr)
		}
	}
	return list, recorded
}

var (
	metricName  = regexp.MustCompile(`\b(?:aksync|go|process)_\w+|\bjob:\w+:\w+`)
	matcher     = regexp.MustCompile(`(\w+)(=~?|!=|!~)"([^"]*)"`)
	grouping    = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
	promqlLabel = []string{"job", "instance", "le"} // what Prometheus itself adds
)

// Each metric, label and value that a query names is one that a daemon exports.
func TestQueries(t *testing.T) {
	names, labels := exported(t)
	list, recorded := queries(t)
	if len(list) < 30 {
		t.Fatalf("only %d queries were found", len(list))
	}
	for _, query := range list {
		for _, name := range metricName.FindAllString(query, -1) {
			if !names[name] && !recorded[name] {
				t.Errorf("nobody exports %s: %s", name, query)
			}
		}
		for _, match := range matcher.FindAllStringSubmatch(query, -1) {
			if label, operator, value := match[1], match[2], match[3]; label != "code" && !slices.Contains(promqlLabel, label) {
				checkValue(t, query, label, operator, value, labels[label])
			}
		}
		for _, match := range grouping.FindAllStringSubmatch(query, -1) {
			for label := range strings.SplitSeq(match[1], ",") {
				if label = strings.TrimSpace(label); labels[label] == nil && !slices.Contains(promqlLabel, label) {
					t.Errorf("nothing has the label %s: %s", label, query)
				}
			}
		}
	}
}

func checkValue(t *testing.T, query, label, operator, value string, known map[string]bool) {
	t.Helper()
	alternatives := []string{value}
	if strings.HasSuffix(operator, "~") {
		alternatives = strings.Split(value, "|")
	}
	for _, alternative := range alternatives {
		if !known[alternative] {
			t.Errorf("%s is never %q: %s", label, alternative, query)
		}
	}
}
