package authentik

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	a.pem, a.key, a.cert = certify(t, nil, name)
	return a
}

// certify makes a certificate for this machine, signed by an authority, or by
// itself as one.
func certify(t *testing.T, by *authority, name string) ([]byte, *ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: by == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key, cert
}

// pair makes a certificate and its key in PEM form.
func (a *authority) pair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	cert, private, _ := certify(t, a, name)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// mutual is a server that wants a client certificate. What it trusts and what it
// shows can be changed while it runs.
type mutual struct {
	*httptest.Server
	config atomic.Pointer[tls.Config]
	client atomic.Value // name in the certificate of the latest request
	opened atomic.Int64
	closed atomic.Int64
}

func serveMutual(t *testing.T, by *authority, http2 bool) *mutual {
	t.Helper()
	m := &mutual{}
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.client.Store(r.TLS.PeerCertificates[0].Subject.CommonName)
		answerJSON(w, 200, `{}`)
	}))
	m.EnableHTTP2 = http2
	m.Config.ErrorLog = log.New(io.Discard, "", 0)
	m.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			m.opened.Add(1)
		case http.StateClosed:
			m.closed.Add(1)
		}
	}
	m.use(t, by)
	m.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return m.config.Load(), nil }}
	m.StartTLS()
	t.Cleanup(m.Close)
	return m
}

// use makes the server one of an authority, whose clients it takes.
func (m *mutual) use(t *testing.T, by *authority) {
	t.Helper()
	cert, err := tls.X509KeyPair(by.pair(t, "server"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(by.cert)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	if m.EnableHTTP2 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	m.config.Store(config)
}

// mount is a folder as Kubernetes mounts it: the files are links into a folder
// behind one link, which is replaced as a whole.
type mount struct {
	dir  string
	next int
}

const caFile, certFile, keyFile = "ca.crt", "tls.crt", "tls.key"

func newMount(t *testing.T) *mount {
	t.Helper()
	m := &mount{dir: t.TempDir()}
	for _, name := range []string{caFile, certFile, keyFile} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *mount) path(name string) string { return filepath.Join(m.dir, name) }

// put replaces all files; one without contents is missing.
func (m *mount) put(t *testing.T, files map[string][]byte) {
	t.Helper()
	m.next++
	version := "..version" + strings.Repeat("I", m.next)
	if err := os.Mkdir(m.path(version), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if data == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(m.dir, version, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(version, m.path("..new")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(m.path("..new"), m.path("..data")); err != nil {
		t.Fatal(err)
	}
}

// issue makes the files of a client of an authority.
func (a *authority) issue(t *testing.T, name string) map[string][]byte {
	t.Helper()
	cert, key := a.pair(t, name)
	return map[string][]byte{caFile: a.pem, certFile: cert, keyFile: key}
}

// newMounted makes a client of the files in a mount, and what gathers its log.
func newMounted(t *testing.T, url string, m *mount) (*Client, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	return newTestClient(t, url, func(cfg *Config, _ *tuning) {
		cfg.CAFile, cfg.ClientCert, cfg.ClientKey = m.path(caFile), m.path(certFile), m.path(keyFile)
		cfg.Logger = zerolog.New(&logged)
	}), &logged
}

func (m *mutual) greets(t *testing.T, c *Client, name string) {
	t.Helper()
	if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
		t.Fatal(err)
	}
	if got := m.client.Load(); got != name {
		t.Fatalf("the server was asked by %s, want %s", got, name)
	}
}

// TestRotation replaces the certificates of both sides while the client lives,
// by another authority's, and then by one of the same authority.
func TestRotation(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		name := map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[http2]
		t.Run(name, func(t *testing.T) {
			older, newer := newAuthority(t, "older"), newAuthority(t, "newer")
			srv, files := serveMutual(t, older, http2), newMount(t)
			files.put(t, older.issue(t, "first"))
			c, logged := newMounted(t, srv.URL, files)
			srv.greets(t, c, "first")
			srv.greets(t, c, "first")

			files.put(t, newer.issue(t, "second"))
			srv.use(t, newer)
			srv.greets(t, c, "second")
			srv.greets(t, c, "second")
			files.put(t, newer.issue(t, "third"))
			srv.greets(t, c, "third")
			if n := srv.opened.Load(); n != 3 {
				t.Errorf("%d connections, want one for each identity", n)
			}
			c.Close()
			waitFor(t, "all connections are closed", func() bool { return srv.closed.Load() == 3 })
			if n := strings.Count(logged.String(), "taken up"); n != 2 || strings.Contains(logged.String(), "warn") {
				t.Errorf("logged %s", logged)
			}
		})
	}
}

// waitFor waits for something that other goroutines bring about.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for ended := t.Context().Done(); !done(); {
		select {
		case <-ended:
			t.Fatalf("never came: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestRotationInPlace rewrites a file with others of the same size and time:
// only the contents tell.
func TestRotationInPlace(t *testing.T) {
	ca := newAuthority(t, "ca")
	srv, files := serveMutual(t, ca, true), newMount(t)
	files.put(t, ca.issue(t, "first"))
	c, _ := newMounted(t, srv.URL, files)
	srv.greets(t, c, "first")
	before, err := os.Stat(files.path(certFile))
	if err != nil {
		t.Fatal(err)
	}
	again := ca.issue(t, "other")
	for int64(len(again[certFile])) != before.Size() { // signatures differ in length
		again = ca.issue(t, "other")
	}
	for _, name := range []string{certFile, keyFile} {
		if err := os.WriteFile(files.path(name), again[name], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(files.path(name), before.ModTime(), before.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	srv.greets(t, c, "other")
}

// TestRotationTouched has files that are written again as they were: the
// connection stays.
func TestRotationTouched(t *testing.T) {
	ca := newAuthority(t, "ca")
	srv, files := serveMutual(t, ca, true), newMount(t)
	same := ca.issue(t, "first")
	files.put(t, same)
	c, logged := newMounted(t, srv.URL, files)
	srv.greets(t, c, "first")
	files.put(t, same)
	srv.greets(t, c, "first")
	if n := srv.opened.Load(); n != 1 || logged.Len() != 0 {
		t.Errorf("%d connections, logged %s", n, logged)
	}
}

// TestRotationBroken goes through files that are of no use: what was good is
// kept, the log says so once, and what is good again is taken up.
func TestRotationBroken(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	good := ca.issue(t, "first")
	half := func(data []byte) []byte { return data[:len(data)/2] }
	with := func(name string, data []byte) map[string][]byte {
		files := map[string][]byte{caFile: good[caFile], certFile: good[certFile], keyFile: good[keyFile]}
		files[name] = data
		return files
	}
	for name, tt := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"no authority":             {with(caFile, nil), "--ca-file"},
		"no certificate":           {with(certFile, nil), "--client-cert"},
		"no key":                   {with(keyFile, nil), "--client-key"},
		"nothing":                  {nil, "--ca-file"},
		"half an authority":        {with(caFile, half(ca.pem)), "--ca-file"},
		"half of two authorities":  {with(caFile, slices.Concat(other.pem, half(ca.pem))), "breaks off"},
		"half a certificate":       {with(certFile, half(good[certFile])), "--client-cert"},
		"half a chain":             {with(certFile, slices.Concat(good[certFile], half(ca.pem))), "breaks off"},
		"half a key":               {with(keyFile, half(good[keyFile])), "--client-key"},
		"an empty key":             {with(keyFile, []byte{}), "--client-key"},
		"another's key":            {with(keyFile, other.issue(t, "x")[keyFile]), "private key does not match"},
		"garbage for an authority": {with(caFile, []byte("garbage")), "no certificate in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, files := serveMutual(t, ca, true), newMount(t)
			files.put(t, good)
			c, logged := newMounted(t, srv.URL, files)
			srv.greets(t, c, "first")
			files.put(t, tt.files)
			for range 3 {
				c.Close() // so that a connection is made
				srv.greets(t, c, "first")
			}
			if lines := strings.Split(strings.TrimSpace(logged.String()), "\n"); len(lines) != 1 ||
				!strings.Contains(lines[0], `"level":"warn"`) || !strings.Contains(lines[0], tt.want) || !strings.Contains(lines[0], files.dir) {
				t.Errorf("logged %q, want one warning with %q", lines, tt.want)
			}
			if strings.Contains(logged.String(), "PRIVATE") {
				t.Errorf("the log shows a key: %s", logged)
			}
			files.put(t, ca.issue(t, "second"))
			srv.greets(t, c, "second")
		})
	}
}

// TestRotationInFlight rotates while a request is under way: it ends as it
// began, and its connection is not kept.
func TestRotationInFlight(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[http2], func(t *testing.T) {
			ca := newAuthority(t, "ca")
			srv, files := serveMutual(t, ca, http2), newMount(t)
			files.put(t, ca.issue(t, "first"))
			c, _ := newMounted(t, srv.URL, files)
			arrived, leave := make(chan string), make(chan struct{})
			srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived <- r.TLS.PeerCertificates[0].Subject.CommonName
				<-leave
				answerJSON(w, 200, `{}`)
			})
			ended := make(chan error)
			ask := func() {
				go func() {
					_, err := c.Retrieve(t.Context(), stages, key)
					ended <- err
				}()
			}
			ask()
			if got := <-arrived; got != "first" {
				t.Errorf("asked by %s", got)
			}
			files.put(t, ca.issue(t, "second"))
			ask()
			if got := <-arrived; got != "second" {
				t.Errorf("asked by %s", got)
			}
			close(leave)
			for range 2 {
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
			waitFor(t, "the connection of the first is closed", func() bool { return srv.closed.Load() == 1 })
		})
	}
}
