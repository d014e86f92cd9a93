package metrics

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// serve runs the server until the test ends and returns its address.
func serve(t *testing.T, h *HTTP, webConfig string) string {
	t.Helper()
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx, listener, webConfig) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func webConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// get asks once, on a connection of its own.
func get(t *testing.T, url string, config *tls.Config, user, password string) int {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode
}

func TestServeWithoutWebConfig(t *testing.T) {
	h, _ := newTestHTTP(t, Status{Health: ready})
	if got := get(t, "http://"+serve(t, h, "")+"/-/ready", nil, "", ""); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
}

func TestServeWithBasicAuth(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("let me in"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	path := webConfig(t, "basic_auth_users:\n  prometheus: "+string(hash)+"\n")
	if err := CheckWebConfig(path); err != nil {
		t.Fatal(err)
	}
	h, _ := newTestHTTP(t, Status{Health: ready})
	url := "http://" + serve(t, h, path)
	for _, path := range []string{"/", "/metrics", "/-/healthy", "/-/ready"} {
		if got := get(t, url+path, nil, "", ""); got != http.StatusUnauthorized {
			t.Errorf("%s without a password: %d", path, got)
		}
		if got := get(t, url+path, nil, "prometheus", "wrong"); got != http.StatusUnauthorized {
			t.Errorf("%s with a wrong password: %d", path, got)
		}
		if got := get(t, url+path, nil, "prometheus", "let me in"); got != http.StatusOK {
			t.Errorf("%s with the password: %d", path, got)
		}
	}
}

func TestServeWithTLS(t *testing.T) {
	cert, pool := borrowedCertificate(t)
	path := webConfig(t, "tls_server_config:\n  cert_file: "+cert+"\n  key_file: "+cert+"\n")
	h, _ := newTestHTTP(t, Status{Health: ready})
	addr := serve(t, h, path)
	if got := get(t, "https://"+addr+"/-/ready", &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, "", ""); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := get(t, "http://"+addr+"/-/ready", nil, "", ""); got != http.StatusBadRequest {
		t.Errorf("without TLS: status %d", got)
	}
}

func TestServeRefusesABrokenWebConfig(t *testing.T) {
	for name, text := range map[string]string{
		"no YAML":            "{",
		"an unknown key":     "basic_auth: {}\n",
		"a plain password":   "basic_auth_users: {me: secret}\n",
		"no such key file":   "tls_server_config: {cert_file: nowhere.pem, key_file: nowhere.pem}\n",
		"no key beside cert": "tls_server_config: {cert_file: nowhere.pem}\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := webConfig(t, text)
			err := CheckWebConfig(path)
			if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
				t.Errorf("CheckWebConfig: %v", err)
			}
			h, _ := newTestHTTP(t, Status{})
			listener := listen(t)
			if err := h.Serve(context.Background(), listener, path); err == nil {
				t.Error("Serve took it")
			}
			if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the listener is still open: %v", err)
			}
		})
	}
	if err := CheckWebConfig(""); err != nil {
		t.Errorf("no file: %v", err)
	}
}

func TestListenOnAPortInUse(t *testing.T) {
	first := listen(t)
	defer func() { _ = first.Close() }()
	address := first.Addr().String()
	_, err := Listen(context.Background(), address)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), address) {
		t.Errorf("Listen: %v", err)
	}
}

// An answer under way is finished before Serve returns.
func TestServeEndsAfterTheAnswerUnderWay(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	h, _ := newTestHTTP(t, Status{})
	h.cfg.Health = func() Health {
		close(asked)
		<-release
		return ready
	}
	listener := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	done, late := make(chan error, 1), make(chan error, 1)
	go func() { done <- h.Serve(ctx, listener, "") }()
	go func() {
		<-asked
		cancel()
		_, err := listener.Accept() // returns once the server has stopped listening
		late <- err
		close(release)
	}()
	if got := get(t, "http://"+listener.Addr().String()+"/-/ready", nil, "", ""); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if err := <-late; !errors.Is(err, net.ErrClosed) {
		t.Errorf("a connection was taken while the server was to end: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeWithAContextThatHasEnded(t *testing.T) {
	h, _ := newTestHTTP(t, Status{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Serve(ctx, listen(t), ""); err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// borrowedCertificate is the one httptest has for 127.0.0.1, with its key in the
// same file.
func borrowedCertificate(t *testing.T) (path string, pool *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	pool = x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return writePEM(t, server.TLS.Certificates[0]), pool
}

func writePEM(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "server.pem")
	text := slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
