package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	gosync "sync"
	"testing"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// emptyAnswer is the empty 405 of a server that fails and undoes what it did.
type emptyAnswer struct{ unknownOutcome }

func (emptyAnswer) Error() string  { return "empty 405" }
func (emptyAnswer) Rejected() bool { return true }
func (emptyAnswer) NoAnswer() bool { return false }

// racing is an API that fails deletions beside others, as authentik does where they let
// go of the same object: the first ones are held until all of them are under way.
type racing struct {
	sync.API
	first    *gosync.WaitGroup // nil: none is held
	mutex    gosync.Mutex
	underWay int
	tried    map[string]int
	// fails reports whether a deletion fails, by how many are under way and how often it
	// was tried.
	fails func(underWay, tried int) bool
}

func (r *racing) Delete(ctx context.Context, path, key string) error {
	r.mutex.Lock()
	r.underWay++
	r.tried[key]++
	tried := r.tried[key]
	r.mutex.Unlock()
	if r.first != nil && tried == 1 {
		r.first.Done()
		r.first.Wait()
	}
	r.mutex.Lock()
	fails := r.fails(r.underWay, tried)
	r.underWay--
	r.mutex.Unlock()
	if fails {
		return emptyAnswer{}
	}
	return r.API.Delete(ctx, path, key)
}

// deletions plans to delete so many stages, all at a time.
func deletions(t *testing.T, count int) (*sync.Reconciler, *racing, func() int) {
	t.Helper()
	s := withIdentification(t)
	text := head
	for i := range count {
		text += entry(fmt.Sprintf("name: d%d", i), inbuilt, "state: absent")
	}
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
	for i := range count {
		if _, err := server.Put(stageModel, fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1), map[string]any{
			"name": fmt.Sprintf("d%d", i), "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
			t.Fatal(err)
		}
	}
	api := &racing{API: reconciler.API, tried: map[string]int{}}
	reconciler.API, reconciler.Parallelism = api, count
	left := func() int {
		return len(slices.DeleteFunc(server.All(stageModel), func(o schema.Object) bool {
			name, _ := o["name"].(string)
			return !strings.HasPrefix(name, "d") || len(name) != 2
		}))
	}
	return reconciler, api, left
}

// What fails beside other deletions is deleted once those have ended.
func TestDeleteAgainAlone(t *testing.T) {
	const count = 8
	reconciler, api, left := deletions(t, count)
	api.first = &gosync.WaitGroup{}
	api.first.Add(count)
	api.fails = func(underWay, _ int) bool { return underWay > 1 }
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Err != nil || pass.Report == nil || pass.Report.Count(sync.Done) != count || left() != 0 {
		t.Fatalf("%d stages are left: %v %v", left(), pass.Err, pass.Problems())
	}
	for key, tried := range api.tried {
		if tried > 2 {
			t.Errorf("%s was tried %d times", key, tried)
		}
	}
}

// A deletion that fails for another reason is not tried for ever, and is reported.
func TestDeleteFails(t *testing.T) {
	reconciler, api, left := deletions(t, 2)
	api.fails = func(int, int) bool { return true }
	pass := reconciler.Apply(context.Background(), sync.TriggerInterval)
	if pass.Err != nil || pass.Report.Count(sync.Failed) != 2 || left() != 2 {
		t.Fatalf("%d stages are left: %v %v", left(), pass.Err, pass.Problems())
	}
	if got := outcomes(pass.Report)[0]; got != "delete d0 failed: empty 405" {
		t.Error(got)
	}
	for key, tried := range api.tried {
		if tried != 3 {
			t.Errorf("%s was tried %d times", key, tried)
		}
	}
}

// The wait for other deletions ends when what is under way is let go of.
func TestDeleteWaitEnds(t *testing.T) {
	reconciler, api, _ := deletions(t, 2)
	ctx, end := context.WithCancel(context.Background())
	now, failed := make(chan struct{}), make(chan struct{})
	reconciler.StopNow = now
	api.first = &gosync.WaitGroup{}
	api.first.Add(2)
	api.fails = func(int, int) bool { return true }
	reconciler.API = &held{racing: api, key: pk1, until: failed, looked: func() { end(); close(now) }}
	reconciler.OnResult = func(result sync.Result) {
		if result.Change.PK != pk1 {
			close(failed)
		}
	}
	pass := reconciler.Apply(ctx, sync.TriggerInterval)
	if got := outcomes(pass.Report)[1]; got != "delete d1 failed: empty 405" || api.tried[pk1] != 1 || len(api.tried) != 2 {
		t.Errorf("the outcome is %s, after %v", got, api.tried)
	}
}

// held is an API that holds the deletion of one object.
type held struct {
	*racing
	key    string
	until  <-chan struct{}
	looked func()
}

func (h *held) Delete(ctx context.Context, path, key string) error {
	err := h.racing.Delete(ctx, path, key)
	if key == h.key {
		<-h.until
	}
	return err
}

func (h *held) Retrieve(ctx context.Context, path, key string) (schema.Object, error) {
	object, err := h.racing.Retrieve(ctx, path, key)
	if key != h.key {
		h.looked()
	}
	return object, err
}
