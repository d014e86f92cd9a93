package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	gosync "sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/leader"
	"github.com/aksync/aksync/internal/metrics"
	akschema "github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// leases is a Lease API in memory, with the refusal of stale writes that an
// election rests on.
type leases struct {
	coordination.LeaseInterface // what an election does not call
	mutex                       gosync.Mutex
	lease                       *coordinationv1.Lease
	version                     int
}

func (l *leases) Leases(string) coordination.LeaseInterface { return l }

func (l *leases) Get(_ context.Context, name string, _ meta.GetOptions) (*coordinationv1.Lease, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.lease == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, name)
	}
	return l.lease.DeepCopy(), nil
}

func (l *leases) Create(_ context.Context, lease *coordinationv1.Lease, _ meta.CreateOptions) (*coordinationv1.Lease, error) {
	return l.put(lease, l.lease != nil)
}

func (l *leases) Update(_ context.Context, lease *coordinationv1.Lease, _ meta.UpdateOptions) (*coordinationv1.Lease, error) {
	return l.put(lease, l.lease == nil || lease.ResourceVersion != l.lease.ResourceVersion)
}

func (l *leases) put(lease *coordinationv1.Lease, stale bool) (*coordinationv1.Lease, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if stale {
		return nil, apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, lease.Name, nil)
	}
	l.version++
	l.lease = lease.DeepCopy()
	l.lease.ResourceVersion = strconv.Itoa(l.version)
	return l.lease.DeepCopy(), nil
}

// replica is one of several aksyncs.
type replica struct {
	view *view
	end  func()
}

func startReplica(t *testing.T, name string, api *leases, folder, url string) *replica {
	t.Helper()
	flags := passFlags{server: serverFlags{url: url, fixedToken: devserver.DevToken, timeout: 10 * time.Second, parallelism: 2}}
	passes, err := flags.passes(zerolog.Nop(), []string{folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(passes.client.Close)
	r := &replica{view: newView(io.Discard, zerolog.Nop(), metrics.New("", ""), passes.schema, metrics.Status{})}
	passes.OnPlan, passes.OnResult = r.view.planned, r.view.changed
	replica := &elected{
		lease: &leader.Config{
			Namespace: "test", Name: "aksync", Identity: name, Client: api, Logger: zerolog.Nop(),
			LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 50 * time.Millisecond,
		},
		daemon: &sync.Daemon{Reconciler: passes.Reconciler, Interval: 50 * time.Millisecond, OnPass: r.view.passed},
		view:   r.view,
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := replica.run(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	r.end = gosync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.end)
	return r
}

func (r *replica) writes() bool { return !r.view.status().DryRun }
func (r *replica) ready() bool  { return r.view.health().NotReady() == "" }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(awaitAtMost); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came true that %s", what)
		}
	}
}

// Of two replicas one writes and both are ready; when the one ends, the other
// takes over.
func TestElected(t *testing.T) {
	server, url := embedded(t)
	folder := t.TempDir()
	const blueprint = "version: 1\nentries:\n- {model: authentik_stages_password.passwordstage, identifiers: {name: a}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n"
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(blueprint), 0o600); err != nil {
		t.Fatal(err)
	}
	stages := func() []akschema.Object { return server.All("authentik_stages_password.passwordstage") }
	api := &leases{}
	first := startReplica(t, "first", api, folder, url)
	eventually(t, "the first writes", func() bool { return first.writes() && len(stages()) == 1 })
	second := startReplica(t, "second", api, folder, url)
	eventually(t, "both are ready", func() bool { return first.ready() && second.ready() })
	if second.writes() {
		t.Error("the second writes, too")
	}
	first.end()
	server.Remove("authentik_stages_password.passwordstage", stages()[0]["pk"].(string))
	eventually(t, "the second writes", func() bool { return second.writes() && len(stages()) == 1 })
	if first.writes() {
		t.Error("the first still writes")
	}
}
