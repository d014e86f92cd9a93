package deploy_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// serviceMonitor has the keys that are used here of
// https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
type serviceMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector  metav1.LabelSelector `json:"selector"`
		Endpoints []struct {
			Port        string `json:"port"`
			HonorLabels bool   `json:"honorLabels"`
		} `json:"endpoints"`
	} `json:"spec"`
}

// kustomization has the keys that are used here of
// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string   `json:"namespace"`
	Resources       []string `json:"resources"`
}

// newObject gives an empty object of a kind, nil for an unknown one.
func newObject(kind metav1.TypeMeta) any {
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 Service":
		return &corev1.Service{}
	case "v1 ServiceAccount":
		return &corev1.ServiceAccount{}
	case "rbac.authorization.k8s.io/v1 Role":
		return &rbacv1.Role{}
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return &rbacv1.RoleBinding{}
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return &serviceMonitor{}
	case "kustomize.config.k8s.io/v1beta1 Kustomization":
		return &kustomization{}
	}
	return nil
}

// manifests are the objects of all files, by file. A key that Kubernetes does
// not know, or a value of another type, is an error.
func manifests(t *testing.T) map[string][]any {
	t.Helper()
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("the manifests are %v, %v", files, err)
	}
	objects := map[string][]any{}
	for _, file := range files {
		for document := range bytes.SplitSeq(read(t, file), []byte("\n---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			object := newObject(kind)
			if object == nil {
				t.Fatalf("%s: %s %q is no kind that is checked", file, kind.APIVersion, kind.Kind)
			}
			decodeText(t, file, document, object)
			objects[filepath.Base(file)] = append(objects[filepath.Base(file)], object)
		}
	}
	return objects
}

// first gives the first object of its type in a file.
func first[T any](t *testing.T, objects map[string][]any, file string) T {
	t.Helper()
	for _, object := range objects[file] {
		if found, ok := object.(T); ok {
			return found
		}
	}
	t.Fatalf("%s has no %T", file, *new(T))
	panic("unreachable")
}

// Each pod fits the restricted Pod Security Standard, takes nothing that it
// does not need, and finds what it mounts and names.
func TestPods(t *testing.T) {
	objects := manifests(t)
	for _, file := range []string{"deployment.yaml", "sidecar.yaml"} {
		pod := first[*appsv1.Deployment](t, objects, file).Spec.Template.Spec
		checkRights(t, file, pod)
		checkMounts(t, file, pod, objects)
	}
}

func checkRights(t *testing.T, file string, pod corev1.PodSpec) {
	t.Helper()
	yes, no, user := true, false, int64(65532)
	want := corev1.SecurityContext{
		RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	for _, container := range pod.Containers {
		got := *container.SecurityContext
		// What the container does not say, the pod does.
		if p := pod.SecurityContext; p != nil {
			got.RunAsNonRoot, got.RunAsUser, got.RunAsGroup, got.SeccompProfile = p.RunAsNonRoot, p.RunAsUser, p.RunAsGroup, p.SeccompProfile
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: rights of %s (-want +got):\n%s", file, container.Name, diff)
		}
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Memory().IsZero() {
			t.Errorf("%s: %s may take all of the node's memory", file, container.Name)
		}
		if container.LivenessProbe == nil || container.LivenessProbe.HTTPGet.Port.String() != container.Ports[0].Name {
			t.Errorf("%s: the probe of %s asks nobody", file, container.Name)
		}
	}
}

func checkMounts(t *testing.T, file string, pod corev1.PodSpec, objects map[string][]any) {
	t.Helper()
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if !mount.ReadOnly || !slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
				t.Errorf("%s: %s can be written, or has no volume", file, mount.Name)
			}
		}
	}
	blueprints := first[*corev1.ConfigMap](t, objects, "blueprints.yaml").Name
	for _, volume := range pod.Volumes {
		if volume.ConfigMap != nil && volume.ConfigMap.Name != blueprints {
			t.Errorf("%s: there is no ConfigMap %s", file, volume.ConfigMap.Name)
		}
	}
}

// A sidecar that is part of the pod's readiness waits for authentik, and in
// authentik's server authentik would wait for it.
func TestSidecarHasNoReadinessProbe(t *testing.T) {
	for _, container := range first[*appsv1.Deployment](t, manifests(t), "sidecar.yaml").Spec.Template.Spec.Containers {
		if container.ReadinessProbe != nil {
			t.Errorf("%s has one", container.Name)
		}
	}
}

// The patch leaves authentik's own container and volumes as they are.
func TestSidecarIsAPatch(t *testing.T) {
	worker := []byte(`{"metadata": {"name": "authentik-worker"}, "spec": {"template": {"spec": {
		"containers": [{"name": "worker", "image": "authentik", "ports": [{"name": "metrics", "containerPort": 9300}]}],
		"volumes": [{"name": "media", "emptyDir": {}}]}}}}`)
	patch, err := yaml.YAMLToJSON(read(t, "kubernetes/sidecar.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := strategicpatch.StrategicMergePatch(worker, patch, appsv1.Deployment{})
	if err != nil {
		t.Fatal(err)
	}
	var patched appsv1.Deployment
	if err := json.Unmarshal(text, &patched); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, container := range patched.Spec.Template.Spec.Containers {
		for _, port := range container.Ports {
			got = append(got, container.Name+" "+container.Image+" "+port.Name)
		}
	}
	for _, volume := range patched.Spec.Template.Spec.Volumes {
		got = append(got, volume.Name)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"aksync aksync aksync-metrics", "aksync-blueprints", "aksync-token", "media", "worker authentik metrics"}, got); diff != "" {
		t.Errorf("containers and volumes (-want +got):\n%s", diff)
	}
}

// Service, ServiceMonitor and NetworkPolicy select the pods, and the port is
// the one that the container serves on.
func TestSelectors(t *testing.T) {
	objects := manifests(t)
	deployment := first[*appsv1.Deployment](t, objects, "deployment.yaml")
	service := first[*corev1.Service](t, objects, "service.yaml")
	monitor := first[*serviceMonitor](t, objects, "servicemonitor.yaml")
	policy := first[*networkingv1.NetworkPolicy](t, objects, "networkpolicy.yaml")
	for who, pair := range map[string][2]map[string]string{
		"the Deployment":     {deployment.Spec.Selector.MatchLabels, deployment.Spec.Template.Labels},
		"the Service":        {service.Spec.Selector, deployment.Spec.Template.Labels},
		"the NetworkPolicy":  {policy.Spec.PodSelector.MatchLabels, deployment.Spec.Template.Labels},
		"the ServiceMonitor": {monitor.Spec.Selector.MatchLabels, service.Labels},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s selects others:\n%s", who, diff)
		}
	}
	port := deployment.Spec.Template.Spec.Containers[0].Ports[0].Name
	got := []string{service.Spec.Ports[0].TargetPort.String(), monitor.Spec.Endpoints[0].Port, policy.Spec.Ingress[0].Ports[0].Port.String()}
	if diff := cmp.Diff([]string{port, service.Spec.Ports[0].Name, port}, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if !monitor.Spec.Endpoints[0].HonorLabels {
		t.Error("the label endpoint of aksync's metrics is lost")
	}
}

// The replicas may do with the Lease what the election does, and nothing else.
func TestRights(t *testing.T) {
	objects := manifests(t)
	deployment := first[*appsv1.Deployment](t, objects, "deployment.yaml")
	role := first[*rbacv1.Role](t, objects, "rbac.yaml")
	want := []rbacv1.PolicyRule{
		// A name can't be asked for here: the object is not there yet.
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"aksync"}, Verbs: []string{"get", "update"}},
	}
	if diff := cmp.Diff(want, role.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	binding := first[*rbacv1.RoleBinding](t, objects, "rbac.yaml")
	account := first[*corev1.ServiceAccount](t, objects, "rbac.yaml").Name
	got := []string{binding.RoleRef.Name, binding.Subjects[0].Name, deployment.Spec.Template.Spec.ServiceAccountName}
	if diff := cmp.Diff([]string{role.Name, account, account}, got); diff != "" {
		t.Errorf("who is bound (-want +got):\n%s", diff)
	}
}

// Every file is used: by kustomize, or one of those that are applied by hand.
func TestKustomization(t *testing.T) {
	objects := manifests(t)
	used := slices.Concat(first[*kustomization](t, objects, "kustomization.yaml").Resources,
		[]string{"kustomization.yaml", "sidecar.yaml", "servicemonitor.yaml", "networkpolicy.yaml"})
	var files []string
	for file := range objects {
		files = append(files, file)
	}
	slices.Sort(used)
	slices.Sort(files)
	if diff := cmp.Diff(files, used); diff != "" {
		t.Errorf("(-files +used):\n%s", diff)
	}
}
