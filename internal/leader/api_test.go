package leader

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// api is a Lease API in memory. It refuses a write to a version that is not the
// newest, which is what an election rests on; and what it has received it carries
// out, even where the client has given up waiting.
type api struct {
	mutex   sync.Mutex
	lease   lease // with no version there is none
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
func (a *api) client(faults func(verb string) fault) leases {
	return &faulty{api: a, faults: faults}
}

type faulty struct {
	api    *api
	faults func(verb string) fault
}

func (c *faulty) get(ctx context.Context) (lease, error) {
	return c.send(ctx, "get", func() (lease, error) {
		if c.api.lease.version == "" {
			return lease{}, &refusal{notFound, "there is none"}
		}
		return c.api.lease, nil
	})
}

func (c *faulty) put(ctx context.Context, old lease, r record) (lease, error) {
	if old.version == "" {
		return c.send(ctx, "create", func() (lease, error) {
			if c.api.lease.version != "" {
				return lease{}, &refusal{alreadyExists, "there is one"}
			}
			return c.api.put(r), nil
		})
	}
	return c.send(ctx, "update", func() (lease, error) {
		switch c.api.lease.version {
		case "":
			return lease{}, &refusal{notFound, "there is none"}
		case old.version:
			return c.api.put(r), nil
		}
		return lease{}, &refusal{conflict, "not the newest version"}
	})
}

// send carries a request out with its fault; where ctx ends first, that goes on
// without the client.
func (c *faulty) send(ctx context.Context, verb string, do func() (lease, error)) (lease, error) {
	if err := ctx.Err(); err != nil {
		return lease{}, err
	}
	type answer struct {
		lease lease
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
		got, err := c.api.do(do)
		time.Sleep(f.after)
		if f.lost != nil {
			got, err = lease{}, f.lost
		}
		answers <- answer{got, err}
	})
	select {
	case <-ctx.Done():
		return lease{}, ctx.Err()
	case a := <-answers:
		return a.lease, a.err
	}
}

func (a *api) do(f func() (lease, error)) (lease, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return f()
}

// put stores the record; the mutex is held.
func (a *api) put(r record) lease {
	a.version++
	a.lease = lease{record: r, version: strconv.Itoa(a.version)}
	return a.lease
}

func (a *api) holder() string { return a.record().Holder }

func (a *api) record() record {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.lease.record
}

// touch writes the Lease with the record that it has.
func (a *api) touch() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.put(a.lease.record)
}

// edit changes the Lease as a person with kubectl would; nil deletes it.
func (a *api) edit(holder *string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if holder == nil {
		a.lease = lease{}
		return
	}
	r := a.lease.record
	r.Holder = *holder
	a.put(r)
}
