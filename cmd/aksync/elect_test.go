package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/leader"
	"github.com/aksync/aksync/internal/leader/leasetest"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/observe"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// replica is one of several aksyncs.
type replica struct {
	page *observe.Page
	end  func()
}

func startReplica(t *testing.T, name string, lease lease, folder, url string) *replica {
	t.Helper()
	flags := passFlags{server: serverFlags{url: url, fixedToken: devserver.DevToken, timeout: 10 * time.Second, parallelism: 2}}
	passes, err := flags.passes(zerolog.Nop(), []string{folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(passes.client.Close)
	r := &replica{page: observe.NewPage(metrics.Status{}, passes.client.Unanswered)}
	replica := &elected{
		lease:  lease,
		daemon: &sync.Daemon{Reconciler: passes.Reconciler, Interval: 50 * time.Millisecond, OnPass: r.page.Passed},
		leads:  r.page.Leads,
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

func (r *replica) writes() bool { return !r.page.DryRun() }
func (r *replica) ready() bool  { return r.page.Health().NotReady() == "" }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(awaitAtMost); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came true that %s", what)
		}
	}
}

// mutex is a lease among the replicas of one process, which none of them loses.
type mutex chan struct{}

func (m mutex) hold(ctx context.Context, lead func(context.Context, <-chan struct{}) error) error {
	select {
	case <-ctx.Done():
		return nil
	case m <- struct{}{}:
	}
	defer func() { <-m }()
	return lead(ctx, nil)
}

func TestElected(t *testing.T) {
	one := make(mutex, 1)
	testElected(t, func(string) lease { return one.hold })
}

// Replicas elect by a Lease as they do by another lock.
func TestElectedByALease(t *testing.T) {
	cluster := leasetest.Start(t)
	testElected(t, func(name string) lease {
		return leaseOf(leader.Config{
			Account: leader.ServiceAccount{Folder: cluster.Folder, Host: cluster.Host, Port: cluster.Port},
			Name:    leasetest.Name, Identity: name, Logger: zerolog.Nop(),
			LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 50 * time.Millisecond,
		})
	})
}

// The flags reach the election, which there is none of outside of Kubernetes.
func TestLeaderElectWithoutACluster(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	var stderr strings.Builder
	status := execute(t.Context(), []string{"run", "--leader-elect", "--dev", "--listen", "127.0.0.1:0", t.TempDir()}, io.Discard, &stderr)
	if status != exitError || !strings.Contains(stderr.String(), "needs to run in a pod of Kubernetes") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
}

// testElected wants of two replicas that one writes and both are ready, and
// that the other takes over when the one ends.
func testElected(t *testing.T, leaseFor func(name string) lease) {
	t.Helper()
	server, url := embedded(t)
	folder := t.TempDir()
	const blueprint = "version: 1\nentries:\n- {model: authentik_stages_password.passwordstage, identifiers: {name: a}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n"
	if err := os.WriteFile(filepath.Join(folder, "a.yaml"), []byte(blueprint), 0o600); err != nil {
		t.Fatal(err)
	}
	stages := func() []schema.Object { return server.All("authentik_stages_password.passwordstage") }
	first := startReplica(t, "first", leaseFor("first"), folder, url)
	eventually(t, "the first writes", func() bool { return first.writes() && len(stages()) == 1 })
	second := startReplica(t, "second", leaseFor("second"), folder, url)
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
