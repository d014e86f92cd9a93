package leader

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// ServiceAccount is what Kubernetes gives a pod to reach its API with:
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
type ServiceAccount struct {
	Folder     string // holds token, ca.crt and namespace
	Host, Port string // of the API
}

// podAccount is the one of the pod that the process runs in.
func podAccount() ServiceAccount {
	return ServiceAccount{
		Folder: "/var/run/secrets/kubernetes.io/serviceaccount",
		Host:   os.Getenv("KUBERNETES_SERVICE_HOST"),
		Port:   os.Getenv("KUBERNETES_SERVICE_PORT"),
	}
}

func (s ServiceAccount) address() string { return net.JoinHostPort(s.Host, s.Port) }

func (s ServiceAccount) namespace() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.Folder, "namespace"))
	if err != nil {
		return "", fmt.Errorf("the Lease's namespace is not set, and the pod's can't be read: %w", err)
	}
	name := strings.TrimSpace(string(text))
	if name == "" {
		return "", fmt.Errorf("the Lease's namespace is not set, and %s is empty", filepath.Join(s.Folder, "namespace"))
	}
	return name, nil
}

// keys are what the API is trusted by, and what it trusts.
type keys struct {
	token string
	ca    *x509.CertPool
}

// keys reads what the files hold now.
func (s ServiceAccount) keys() (keys, error) {
	if s.Host == "" || s.Port == "" {
		return keys{}, errors.New("--leader-elect needs to run in a pod of Kubernetes: " +
			"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; leave it out where there is one replica only")
	}
	token, err := s.read("token")
	if err != nil {
		return keys{}, err
	}
	ca, err := s.read("ca.crt")
	if err != nil {
		return keys{}, err
	}
	k := keys{token: token, ca: x509.NewCertPool()}
	if !k.ca.AppendCertsFromPEM([]byte(ca)) {
		return keys{}, fmt.Errorf("--leader-elect: %s holds no certificate in PEM form", filepath.Join(s.Folder, "ca.crt"))
	}
	return k, nil
}

func (s ServiceAccount) read(name string) (string, error) {
	file := filepath.Join(s.Folder, name)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--leader-elect needs the pod's service account "+
			"(is automountServiceAccountToken false, or the file not readable for this user?): %w", err)
	}
	trimmed := strings.TrimSpace(string(text))
	if trimmed == "" {
		return "", fmt.Errorf("--leader-elect needs the pod's service account: %s is empty", file)
	}
	return trimmed, nil
}
