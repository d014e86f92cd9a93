//go:build kubernetes

package main

import (
	"context"
	"io"
	"strconv"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/aksync/aksync/internal/leader"
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

// Replicas elect by a Lease as they do by another lock.
func TestElectedByALease(t *testing.T) {
	api := &leases{}
	testElected(t, func(name string) lease {
		return leaseOf(leader.Config{
			Namespace: "test", Name: "aksync", Identity: name, Client: api, Logger: zerolog.Nop(),
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
