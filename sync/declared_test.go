package sync_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	gosync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// memory is a Memory that is not kept, and may be full.
type memory struct {
	objects []sync.Declared
	full    bool
}

func (m *memory) Declared() []sync.Declared { return m.objects }

func (m *memory) Remember(objects []sync.Declared) error {
	if m.full {
		return errors.New("no space is left")
	}
	m.objects = objects
	return nil
}

// twoStages is a server with the stages a and b.
type twoStages struct {
	emptyServer
	used    bool
	b       string // what b is called
	deleted bool
}

func (s *twoStages) List(context.Context, string, string, url.Values, int) ([]schema.Object, error) {
	objects := []schema.Object{stage(pk1, "a", nil)}
	if !s.deleted {
		objects = append(objects, stage(pk2, s.b, nil))
	}
	return objects, nil
}

func (s *twoStages) UsedBy(context.Context, string, string) ([]schema.Object, error) {
	if !s.used {
		return nil, nil
	}
	return []schema.Object{{"app": "authentik_flows", "model_name": "flow", "pk": flowPK, "name": "login", "action": "cascade_many"}}, nil
}

func (s *twoStages) Delete(_ context.Context, _, key string) error {
	s.deleted = s.deleted || key == pk2
	return nil
}

// What is not declared any more is deleted once it has been so for a while, at a pass
// of its own, and is then forgotten; and what stays does not make passes come sooner.
func TestDaemonRemoves(t *testing.T) {
	s := withIdentification(t)
	b := sync.Declared{Model: stageModel, PK: pk2, By: map[string]string{"name": "b"}, File: "b.yaml", Line: 3, Column: 3}
	tests := []struct {
		name                     string
		keep, used, full, dryRun bool
		called                   string
		want                     []string
		deleted                  bool
		left                     []string // what is remembered in the end
	}{
		{name: "deleted", want: []string{"start success 0s", "interval success 30s", "interval success 1m30s"}, deleted: true, left: []string{pk1}},
		{name: "only told of", keep: true, want: []string{"start success 0s", "interval success 1m0s"}, left: []string{pk1}},
		{name: "in use", used: true, want: []string{"start success 0s", "interval partial 30s", "interval partial 1m30s"}, left: []string{pk1, pk2}},
		{name: "a dry run", dryRun: true, want: []string{"start success 0s", "interval success 30s", "interval success 1m30s"}, left: []string{pk1, pk2}},
		{name: "another object by its key", called: "c", want: []string{"start success 0s", "interval success 1m0s"}, left: []string{pk1, pk2}},
		{name: "the memory is full", full: true, want: []string{"start partial 0s", "interval partial 30s", "interval partial 1m30s"}, deleted: true, left: []string{pk2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read := &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt)})}
			synctest.Test(t, func(t *testing.T) {
				kept, server := &memory{objects: []sync.Declared{b}, full: tt.full}, &twoStages{used: tt.used, b: "b"}
				if tt.called != "" {
					server.b = tt.called
				}
				log := &passLog{began: time.Now()}
				daemon := &sync.Daemon{
					Reconciler: &sync.Reconciler{
						Schema: s, Source: &sourceOf{read: read}, API: server, Parallelism: 1, DryRun: tt.dryRun,
						Removals: &sync.Removals{Memory: kept, Delete: !tt.keep, Settle: sync.DefaultSettle},
					},
					Interval: time.Minute, Jitter: func() float64 { return 0 }, OnPass: log.add,
				}
				ctx, stop := context.WithCancel(t.Context())
				var running gosync.WaitGroup
				running.Go(func() { daemon.Run(ctx) })
				time.Sleep(100 * time.Second)
				stop()
				running.Wait()
				if diff := cmp.Diff(tt.want, log.lines); diff != "" {
					t.Errorf("the passes (-want +got):\n%s", diff)
				}
				var left []string
				for _, object := range kept.objects {
					left = append(left, object.PK)
				}
				if server.deleted != tt.deleted || !slices.Equal(left, tt.left) {
					t.Errorf("deleted is %t, want %t; left is %v, want %v", server.deleted, tt.deleted, left, tt.left)
				}
			})
		})
	}
}
