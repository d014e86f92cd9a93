//go:build kubernetes

package leader

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
)

var leases = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}

// api is a Lease API in memory. Unlike client-go's fake it refuses a write to a
// version that is not the newest, which is what an election rests on; and what
// it has received it carries out, even where the client has given up waiting.
type api struct {
	mutex   sync.Mutex
	lease   *coordinationv1.Lease
	version int
	pending sync.WaitGroup // what has been sent and has not been answered
}

// fault is what befalls one request. The zero value is none.
type fault struct {
	before, after time.Duration // on the way there and back
	refused       error         // the answer, in place of the deed
	lost          error         // the answer, after the deed
}

// client gives a client whose requests meet the faults.
func (a *api) client(faults func(verb string) fault) coordination.LeasesGetter {
	return &client{api: a, faults: faults}
}

type client struct {
	coordination.LeaseInterface // what the election never calls
	api                         *api
	faults                      func(verb string) fault
}

func (c *client) Leases(string) coordination.LeaseInterface { return c }

func (c *client) Get(ctx context.Context, name string, _ meta.GetOptions) (*coordinationv1.Lease, error) {
	return c.send(ctx, "get", func() (*coordinationv1.Lease, error) {
		if c.api.lease == nil {
			return nil, apierrors.NewNotFound(leases, name)
		}
		return c.api.lease.DeepCopy(), nil
	})
}

func (c *client) Create(ctx context.Context, lease *coordinationv1.Lease, _ meta.CreateOptions) (*coordinationv1.Lease, error) {
	lease = lease.DeepCopy()
	return c.send(ctx, "create", func() (*coordinationv1.Lease, error) {
		if c.api.lease != nil {
			return nil, apierrors.NewAlreadyExists(leases, lease.Name)
		}
		return c.api.put(lease), nil
	})
}

func (c *client) Update(ctx context.Context, lease *coordinationv1.Lease, _ meta.UpdateOptions) (*coordinationv1.Lease, error) {
	lease = lease.DeepCopy()
	return c.send(ctx, "update", func() (*coordinationv1.Lease, error) {
		if c.api.lease == nil {
			return nil, apierrors.NewNotFound(leases, lease.Name)
		}
		if c.api.lease.ResourceVersion != lease.ResourceVersion {
			return nil, apierrors.NewConflict(leases, lease.Name, errors.New("not the newest version"))
		}
		return c.api.put(lease), nil
	})
}

// send carries a request out with its fault; where ctx ends first, that goes on
// without the client.
func (c *client) send(ctx context.Context, verb string, do func() (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type answer struct {
		lease *coordinationv1.Lease
		err   error
	}
	answers := make(chan answer, 1)
	f := c.faults(verb)
	c.api.pending.Go(func() {
		time.Sleep(f.before)
		if f.refused != nil {
			answers <- answer{err: f.refused}
			return
		}
		lease, err := c.api.do(do)
		time.Sleep(f.after)
		if f.lost != nil {
			lease, err = nil, f.lost
		}
		answers <- answer{lease, err}
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answers:
		return a.lease, a.err
	}
}

func (a *api) do(f func() (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return f()
}

// put stores the lease; the mutex is held.
func (a *api) put(lease *coordinationv1.Lease) *coordinationv1.Lease {
	a.version++
	a.lease = lease.DeepCopy()
	a.lease.ResourceVersion = strconv.Itoa(a.version)
	return a.lease.DeepCopy()
}

func (a *api) holder() string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.lease == nil || a.lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *a.lease.Spec.HolderIdentity
}

// edit changes the Lease as a person with kubectl would; nil deletes it.
func (a *api) edit(holder *string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if holder == nil {
		a.lease = nil
		return
	}
	lease := a.lease.DeepCopy()
	lease.Spec.HolderIdentity = holder
	a.put(lease)
}
