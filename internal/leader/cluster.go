//go:build kubernetes

package leader

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// serviceAccount is what Kubernetes gives a pod to reach its API with:
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
type serviceAccount struct {
	folder     string // holds token, ca.crt and namespace
	host, port string // of the API
}

func podAccount() serviceAccount {
	return serviceAccount{
		folder: "/var/run/secrets/kubernetes.io/serviceaccount",
		host:   os.Getenv("KUBERNETES_SERVICE_HOST"),
		port:   os.Getenv("KUBERNETES_SERVICE_PORT"),
	}
}

func (s serviceAccount) namespace() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.folder, "namespace"))
	if err != nil {
		return "", fmt.Errorf("the Lease's namespace is not set, and the pod's can't be read: %w", err)
	}
	name := strings.TrimSpace(string(text))
	if name == "" {
		return "", fmt.Errorf("the Lease's namespace is not set, and %s is empty", filepath.Join(s.folder, "namespace"))
	}
	return name, nil
}

func (s serviceAccount) client(log zerolog.Logger) (coordination.LeasesGetter, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	// What has no context at hand, such as the reader of the token file, logs
	// through klog's one logger for the process, which is stderr by default.
	klog.SetLogger(clientLogger(log))
	client, err := coordination.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the Kubernetes API: %w", err)
	}
	return client, nil
}

// config is rest.InClusterConfig with errors that say what to do, and settings
// that fit the election.
func (s serviceAccount) config() (*rest.Config, error) {
	if s.host == "" || s.port == "" {
		return nil, errors.New("--leader-elect needs to run in a pod of Kubernetes: " +
			"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; leave it out where there is one replica only")
	}
	token, ca := filepath.Join(s.folder, "token"), filepath.Join(s.folder, "ca.crt")
	for _, file := range []string{token, ca} {
		if _, err := os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("--leader-elect needs the pod's service account "+
				"(is automountServiceAccountToken false, or the file not readable for this user?): %w", err)
		}
	}
	return &rest.Config{
		Host:            "https://" + net.JoinHostPort(s.host, s.port),
		BearerTokenFile: token,
		// One small request every other second needs no multiplexing; and of
		// a connection that has died, HTTP/1.1 is rid with the first timeout.
		TLSClientConfig: rest.TLSClientConfig{CAFile: ca, NextProtos: []string{"http/1.1"}},
		UserAgent:       "aksync/leader-election",
		WarningHandler:  rest.NoWarnings{},
	}, nil
}
