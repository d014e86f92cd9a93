package sync_test

import (
	"context"
	"errors"
	"net/url"
	gosync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// sourceOf gives the same blueprints until they are replaced.
type sourceOf struct {
	mutex gosync.Mutex
	read  *sync.Blueprints
}

func (s *sourceOf) Read(context.Context, bool) (*sync.Blueprints, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.read, nil
}

func (s *sourceOf) replace(read *sync.Blueprints) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.read = read
}

// emptyServer holds nothing, and fails as long as it is down.
type emptyServer struct {
	sync.API
	mutex gosync.Mutex
	down  bool
}

func (s *emptyServer) setDown(down bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.down = down
}

func (s *emptyServer) Version(context.Context) (string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.down {
		return "", errors.New("down")
	}
	return "2025.10.4", nil
}

func (s *emptyServer) List(context.Context, string, string, url.Values, int) ([]schema.Object, error) {
	return nil, nil
}

func (s *emptyServer) Retrieve(context.Context, string, string) (schema.Object, error) {
	return nil, errors.New("not here")
}

func (s *emptyServer) UsedBy(context.Context, string, string) ([]schema.Object, error) {
	return nil, nil
}

// passLog is what the daemon made of its time: the trigger of each pass, its
// verdict, and when it was, in seconds from the start.
type passLog struct {
	began time.Time
	lines []string
}

func (l *passLog) add(pass *sync.Pass) {
	l.lines = append(l.lines, string(pass.Trigger)+" "+string(pass.Verdict())+" "+time.Since(l.began).Round(time.Second).String())
}

func TestDaemon(t *testing.T) {
	s := withIdentification(t)
	tests := []struct {
		name string
		down bool
		play func(files, requests chan<- struct{}, source *sourceOf, server *emptyServer)
		want []string
	}{
		{
			name: "a pass at the start and at each interval",
			play: func(_, _ chan<- struct{}, _ *sourceOf, _ *emptyServer) { time.Sleep(150 * time.Second) },
			want: []string{"start success 0s", "interval success 1m0s", "interval success 2m0s"},
		},
		{
			name: "a pass on request, and the interval counts from it",
			play: func(_, requests chan<- struct{}, _ *sourceOf, _ *emptyServer) {
				time.Sleep(30 * time.Second)
				requests <- struct{}{}
				time.Sleep(70 * time.Second)
			},
			want: []string{"start success 0s", "request success 30s", "interval success 1m30s"},
		},
		{
			name: "files that say what they said before cause no pass and put none off",
			play: func(files, _ chan<- struct{}, source *sourceOf, _ *emptyServer) {
				time.Sleep(30 * time.Second)
				files <- struct{}{}
				time.Sleep(31 * time.Second)
				source.replace(&sync.Blueprints{})
				files <- struct{}{}
				time.Sleep(time.Second)
			},
			want: []string{"start success 0s", "interval success 1m0s", "file success 1m1s"},
		},
		{
			name: "a server that is down is tried again soon, and then less and less",
			down: true,
			play: func(_, _ chan<- struct{}, _ *sourceOf, server *emptyServer) {
				time.Sleep(10 * time.Second)
				server.setDown(false)
				time.Sleep(70 * time.Second)
			},
			want: []string{
				"start failure 0s", "interval failure 1s", "interval failure 3s", "interval failure 7s",
				"interval success 15s", "interval success 1m15s",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source, server := &sourceOf{read: &sync.Blueprints{}}, &emptyServer{down: tt.down}
				files, requests := make(chan struct{}), make(chan struct{})
				log := &passLog{began: time.Now()}
				daemon := &sync.Daemon{
					Reconciler: &sync.Reconciler{Schema: s, Source: source, API: server, Parallelism: 1},
					Interval:   time.Minute, Jitter: func() float64 { return 0 }, Changes: files, Requests: requests, OnPass: log.add,
				}
				ctx, stop := context.WithCancel(t.Context())
				var running gosync.WaitGroup
				running.Go(func() { daemon.Run(ctx) })
				tt.play(files, requests, source, server)
				stop()
				running.Wait()
				if diff := cmp.Diff(tt.want, log.lines); diff != "" {
					t.Errorf("the passes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// contested is a server with one stage, which somebody changes back before
// each pass.
type contested struct {
	emptyServer
	value int64
	puts  []time.Time
	last  schema.Object
}

func (c *contested) List(context.Context, string, string, url.Values, int) ([]schema.Object, error) {
	c.value = 9
	return []schema.Object{stage(pk1, "a", map[string]any{"failed_attempts_before_cancel": c.value})}, nil
}

func (c *contested) Update(_ context.Context, _, _ string, body schema.Object) (schema.Object, error) {
	c.puts = append(c.puts, time.Now())
	c.last = body
	return stage(pk1, "a", body), nil
}

// daemonPuts plays a daemon with a contested stage and gives the minutes and the
// bodies of its PUTs. play is given the source to change.
func daemonPuts(t *testing.T, first *sync.Blueprints, play func(*sourceOf)) (minutes []float64, server *contested) {
	s := withIdentification(t)
	server = &contested{}
	synctest.Test(t, func(t *testing.T) {
		source := &sourceOf{read: first}
		began := time.Now()
		daemon := &sync.Daemon{
			Reconciler: &sync.Reconciler{Schema: s, Source: source, API: server, Parallelism: 1},
			Interval:   5 * time.Minute, Jitter: func() float64 { return 0 }, OnPass: func(*sync.Pass) {},
		}
		ctx, stop := context.WithCancel(t.Context())
		var running gosync.WaitGroup
		running.Go(func() { daemon.Run(ctx) })
		play(source)
		stop()
		running.Wait()
		for _, put := range server.puts {
			minutes = append(minutes, put.Sub(began).Minutes())
		}
	})
	return minutes, server
}

// blueprintsOf reads a blueprint of one stage with the attrs.
func blueprintsOf(t *testing.T, attrs string) *sync.Blueprints {
	t.Helper()
	return &sync.Blueprints{Desired: read(t, withIdentification(t), map[string]string{"a.yaml": head + entry("name: a", attrs)})}
}

// What an edit of a blueprint causes is no repair: after it, as after any start,
// the fourth drift is the one that is left alone.
func TestAnEditIsNoRepair(t *testing.T) {
	minutes, _ := daemonPuts(t, blueprintsOf(t, inbuilt), func(source *sourceOf) {
		time.Sleep(4 * time.Minute)
		source.replace(blueprintsOf(t, inbuilt+", failed_attempts_before_cancel: 3"))
		time.Sleep(30 * time.Minute)
	})
	// The edit's own at the interval, three repairs, and one after ten minutes.
	if diff := cmp.Diff([]float64{5, 10, 15, 20, 30}, minutes); diff != "" {
		t.Errorf("the minutes of the PUTs (-want +got):\n%s", diff)
	}
}

// A field that is fought over holds nothing of its object but itself.
func TestAFightHoldsOneField(t *testing.T) {
	minutes, server := daemonPuts(t, blueprintsOf(t, inbuilt+", failed_attempts_before_cancel: 3"), func(source *sourceOf) {
		time.Sleep(12 * time.Minute)
		source.replace(blueprintsOf(t, inbuilt+", failed_attempts_before_cancel: 3, allow_show_password: true"))
		time.Sleep(4 * time.Minute)
	})
	if diff := cmp.Diff([]float64{0, 5, 10, 15}, minutes); diff != "" {
		t.Errorf("the minutes of the PUTs (-want +got):\n%s", diff)
	}
	want := schema.Object{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}, "allow_show_password": true}
	if diff := cmp.Diff(want, server.last); diff != "" {
		t.Errorf("the body of the last PUT (-want +got):\n%s", diff)
	}
}

// A field that somebody else keeps changing is put right less and less often,
// and said to be fought over; a blueprint that is changed is none of that.
func TestDaemonSeesFights(t *testing.T) {
	s := withIdentification(t)
	wants := func(attempts string) *sync.Blueprints {
		return &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": head + entry("name: a", inbuilt+", failed_attempts_before_cancel: "+attempts)})}
	}
	three, four := wants("3"), wants("4")
	synctest.Test(t, func(t *testing.T) {
		source, server := &sourceOf{read: three}, &contested{}
		began := time.Now()
		fought := 0
		daemon := &sync.Daemon{
			Reconciler: &sync.Reconciler{Schema: s, Source: source, API: server, Parallelism: 1},
			Interval:   5 * time.Minute, Jitter: func() float64 { return 0 },
			OnPass: func(pass *sync.Pass) { fought += len(pass.Fought) },
		}
		ctx, stop := context.WithCancel(t.Context())
		var running gosync.WaitGroup
		running.Go(func() { daemon.Run(ctx) })
		time.Sleep(2*time.Hour + time.Minute)
		source.replace(four)
		time.Sleep(5 * time.Minute)
		stop()
		running.Wait()
		var minutes []float64
		for _, put := range server.puts {
			minutes = append(minutes, put.Sub(began).Minutes())
		}
		// Three times at the interval; after 10, 20, 40 minutes; and at once
		// when the blueprint wants something else.
		if diff := cmp.Diff([]float64{0, 5, 10, 20, 40, 80, 125}, minutes); diff != "" {
			t.Errorf("the minutes of the PUTs (-want +got):\n%s", diff)
		}
		if want := 22; fought != want {
			t.Errorf("%d passes told of the fight, want %d", fought, want)
		}
	})
}
