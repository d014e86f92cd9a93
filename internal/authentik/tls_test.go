package authentik

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pemFiles writes a test server's certificate, which is its own authority, and
// its key.
func pemFiles(t *testing.T, srv *httptest.Server) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(srv.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: srv.Certificate().Raw},
		key:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func serveTLS(t *testing.T, config *tls.Config) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(s.count(func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, `{"pk":"x"}`) }))
	s.TLS = config
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what is tested
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTLS(t *testing.T) {
	open := serveTLS(t, nil)
	cert, key := pemFiles(t, open.Server)
	closed := serveTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, `{"pk":"x"}`) })

	tests := []struct {
		name   string
		srv    *server
		url    string
		change func(*Config)
		want   string
	}{
		{"authority from a file", open, open.URL, func(cfg *Config) { cfg.CAFile = cert }, ""},
		{"insecure", open, open.URL, func(cfg *Config) { cfg.Insecure = true }, ""},
		{"unknown authority", open, open.URL, func(*Config) {}, "give the authority that signed it with --ca-file, or switch the check off with --insecure"},
		{"another name", open, strings.Replace(open.URL, "127.0.0.1", "localhost", 1), func(cfg *Config) { cfg.CAFile = cert },
			"the certificate is for another name: is --url right?"},
		{"client certificate", closed, closed.URL, func(cfg *Config) { cfg.CAFile, cfg.ClientCert, cfg.ClientKey = cert, cert, key }, ""},
		{"server without TLS", plain, strings.Replace(plain.URL, "http:", "https:", 1), func(*Config) {}, "does --url begin with http://"},
		{"server with TLS", open, strings.Replace(open.URL, "https:", "http:", 1), func(*Config) {}, "Client sent an HTTP request to an HTTPS server."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.srv.seen.Load()
			c := newTestClient(t, tt.url, func(cfg *Config, _ *tuning) { tt.change(cfg) })
			_, err := c.Create(t.Context(), stages, Object{})
			seen := tt.srv.seen.Load() - before
			if tt.want == "" {
				if err != nil || seen != 1 {
					t.Errorf("error %v, %d requests", err, seen)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(err.Error(), tt.want) || mayHaveHappened(err) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			if seen != 0 || e.Attempts != 1 {
				t.Errorf("%d requests, %d attempts", seen, e.Attempts)
			}
		})
	}
}

// TestNoClientCertificate has a server that wants one. Over a network its
// refusal races with the reset that follows it; over a pipe it always arrives.
func TestNoClientCertificate(t *testing.T) {
	srv := serveTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.Insecure = true })
	if _, err := c.Retrieve(t.Context(), stages, key); err == nil || srv.seen.Load() != 0 {
		t.Errorf("error %v, %d requests", err, srv.seen.Load())
	}

	here, there := net.Pipe()
	done := make(chan error)
	go func() {
		err := tls.Server(there, &tls.Config{Certificates: srv.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert}).Handshake()
		_ = there.Close()
		done <- err
	}()
	_, err := tls.Client(here, &tls.Config{InsecureSkipVerify: true}).Read(make([]byte, 1))
	_ = here.Close()
	if serverErr := <-done; serverErr == nil || err == nil {
		t.Fatalf("the server's error is %v, the client's %v", serverErr, err)
	}
	failure := (&exchange{method: http.MethodPost}).failed(&attemptError{sent: true, err: err})
	if !strings.Contains(failure.Error(), "--client-cert and --client-key") || mayHaveHappened(failure) || failure.repeatable() {
		t.Errorf("error is %v", failure)
	}
}

// TestBrokenRecord breaks off TLS in the middle of an answer: that is no
// failed handshake, and the write may have happened.
func TestBrokenRecord(t *testing.T) {
	failure := (&exchange{method: http.MethodPost}).failed(&attemptError{sent: true, err: tls.RecordHeaderError{Msg: "broken"}})
	if !mayHaveHappened(failure) || failure.repeatable() {
		t.Errorf("error is %v", failure)
	}
}
