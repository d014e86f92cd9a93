// Package leasetest is an API of Kubernetes that has one Lease and nothing else,
// with the service account of a pod that may write it. It reads and answers with
// Kubernetes' own types, and takes no more than they have.
package leasetest

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	strict "sigs.k8s.io/json"
)

// Token is the service account's at first.
const Token = "secret-of-the-pod"

// The namespace of the pod, and the name of its Lease.
const (
	Namespace = "auth"
	Name      = "aksync"
)

// Cluster is the API.
type Cluster struct {
	Folder, Host, Port string // of the service account

	server *httptest.Server
	mutex  sync.Mutex
	token  string
	lease  *coordination.Lease
	writes int
	asked  []string
}

// Start serves the API until the test ends.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{Folder: t.TempDir(), token: Token}
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	c.server.EnableHTTP2 = true // as Kubernetes' own does
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	var err error
	if c.Host, c.Port, err = net.SplitHostPort(c.server.Listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	c.Put(t, "token", Token)
	c.Put(t, "ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.server.Certificate().Raw})))
	c.Put(t, "namespace", Namespace+"\n")
	return c
}

// Put writes a file of the service account.
func (c *Cluster) Put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Folder, file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Remove deletes a file of the service account.
func (c *Cluster) Remove(t testing.TB, file string) {
	t.Helper()
	if err := os.Remove(filepath.Join(c.Folder, file)); err != nil {
		t.Fatal(err)
	}
}

// Accept has the API take that token only.
func (c *Cluster) Accept(token string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.token = token
}

// Lease gives a copy of the Lease as it is, nil where there is none.
func (c *Cluster) Lease() *coordination.Lease {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.lease.DeepCopy()
}

// Edit changes the Lease as a person with kubectl would.
func (c *Cluster) Edit(change func(*coordination.Lease)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	change(c.lease)
	c.store(c.lease)
}

// Asked gives the requests so far: method, path and protocol.
func (c *Cluster) Asked() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return append([]string(nil), c.asked...)
}

func (c *Cluster) serve(w http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.asked = append(c.asked, r.Method+" "+r.URL.Path+" "+r.Proto)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Warning", `299 - "an old version"`)
	lease, err := c.answer(r)
	if err != nil {
		status := err.Status()
		status.Kind, status.APIVersion = "Status", "v1"
		w.WriteHeader(int(status.Code))
		_ = json.NewEncoder(w).Encode(status) // who does not listen any more needs no answer
		return
	}
	_ = json.NewEncoder(w).Encode(lease)
}

// answer does what is asked for; the mutex is held.
func (c *Cluster) answer(r *http.Request) (*coordination.Lease, *apierrors.StatusError) {
	resource := schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	const all = "/apis/coordination.k8s.io/v1/namespaces/" + Namespace + "/leases"
	switch {
	case r.Header.Get("Authorization") != "Bearer "+c.token:
		return nil, apierrors.NewUnauthorized("Unauthorized")
	case r.URL.Path != all+"/"+Name && (r.URL.Path != all || r.Method != http.MethodPost):
		return nil, apierrors.NewForbidden(resource, Name, errors.New("the service account may not"))
	case r.Method == http.MethodGet && c.lease != nil:
		return c.lease, nil
	case r.Method == http.MethodGet:
		return nil, apierrors.NewNotFound(resource, Name)
	}
	sent, err := read(r.Body)
	switch {
	case err != nil:
		return nil, apierrors.NewBadRequest(err.Error())
	case r.Method == http.MethodPost && c.lease != nil:
		return nil, apierrors.NewAlreadyExists(resource, Name)
	case r.Method == http.MethodPost && sent.ResourceVersion != "":
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	case r.Method == http.MethodPut && c.lease == nil:
		return nil, apierrors.NewNotFound(resource, Name)
	case r.Method == http.MethodPut && sent.ResourceVersion != c.lease.ResourceVersion:
		return nil, apierrors.NewConflict(resource, Name, errors.New("the object has been modified"))
	}
	c.store(sent)
	return c.lease, nil
}

func (c *Cluster) store(lease *coordination.Lease) {
	c.writes++
	c.lease = lease
	c.lease.ResourceVersion = strconv.Itoa(c.writes)
}

// read takes what Kubernetes would: a Lease of that name with nothing in it that
// is not known, and within the bounds of its own validation.
func read(body io.Reader) (*coordination.Lease, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	lease := new(coordination.Lease)
	problems, err := strict.UnmarshalStrict(text, lease)
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	want := meta.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"}
	if lease.TypeMeta != want || lease.Name != Name || lease.Namespace != Namespace {
		return nil, errors.New("it is no Lease, or one of another name")
	}
	if *lease.Spec.LeaseDurationSeconds <= 0 || *lease.Spec.LeaseTransitions < 0 {
		return nil, errors.New("a number is too small")
	}
	return lease, nil
}
