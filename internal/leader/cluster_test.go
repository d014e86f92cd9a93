//go:build kubernetes

package leader

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// pod gives the service account of a pod whose API is the server.
func pod(t *testing.T, server *httptest.Server) serviceAccount {
	t.Helper()
	host, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	account := serviceAccount{folder: t.TempDir(), host: host, port: port}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, text := range map[string]string{"token": "secret-of-the-pod", "ca.crt": string(ca), "namespace": "auth\n"} {
		if err := os.WriteFile(filepath.Join(account.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return account
}

func TestThePodsOwnClientAndNamespace(t *testing.T) {
	var got *http.Request
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "an old version"`)
		io.WriteString(w, `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","spec":{"holderIdentity":"other"}}`)
	}))
	defer server.Close()
	defer klog.CaptureState().Restore()
	log := new(synchronized)
	cfg := Config{Name: "aksync", Logger: zerolog.New(log)}
	if err := cfg.completeFrom(pod(t, server)); err != nil {
		t.Fatal(err)
	}
	if cfg.Namespace != "auth" {
		t.Errorf("the namespace is %q, want auth", cfg.Namespace)
	}
	lease, err := cfg.Client.Leases(cfg.Namespace).Get(context.Background(), cfg.Name, meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *lease.Spec.HolderIdentity != "other" {
		t.Errorf("the holder is %q, want other", *lease.Spec.HolderIdentity)
	}
	if got.URL.Path != "/apis/coordination.k8s.io/v1/namespaces/auth/leases/aksync" || got.ProtoMajor != 1 {
		t.Errorf("asked for %s by %s", got.URL.Path, got.Proto)
	}
	if got.Header.Get("Authorization") != "Bearer secret-of-the-pod" {
		t.Error("the request does not carry the service account's token")
	}
	klog.Info("from a place without a context")
	if text := log.String(); !strings.Contains(text, "from a place without a context") || !strings.Contains(text, `"level":"debug"`) {
		t.Errorf("klog's output did not come at debug level: %s", text)
	}
	if strings.Contains(log.String(), "secret-of-the-pod") {
		t.Error("the token is in the log")
	}
}

func TestAServiceAccountThatLacksSomething(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	tests := map[string]struct {
		spoil func(t *testing.T, account *serviceAccount)
		want  string
	}{
		"no host":      {func(_ *testing.T, s *serviceAccount) { s.host = "" }, "needs to run in a pod of Kubernetes"},
		"no port":      {func(_ *testing.T, s *serviceAccount) { s.port = "" }, "needs to run in a pod of Kubernetes"},
		"no token":     {remove("token"), "automountServiceAccountToken"},
		"no CA":        {remove("ca.crt"), "automountServiceAccountToken"},
		"a broken CA":  {write("ca.crt", "no PEM"), "making a client of the Kubernetes API"},
		"no namespace": {remove("namespace"), "namespace is not set, and the pod's can't be read"},
		"an empty one": {write("namespace", "\n"), "namespace is empty"},
	}
	defer klog.CaptureState().Restore()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			account := pod(t, server)
			test.spoil(t, &account)
			cfg := Config{Name: "aksync", Logger: zerolog.Nop()}
			err := cfg.completeFrom(account)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func remove(name string) func(*testing.T, *serviceAccount) {
	return func(t *testing.T, s *serviceAccount) {
		if err := os.Remove(filepath.Join(s.folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func write(name, text string) func(*testing.T, *serviceAccount) {
	return func(t *testing.T, s *serviceAccount) {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// synchronized is a buffer for many writers.
type synchronized struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (s *synchronized) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.buffer.Write(p)
}

func (s *synchronized) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.buffer.String()
}
