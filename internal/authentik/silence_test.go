package authentik

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock goes forward when it is told to.
type clock struct{ elapsed atomic.Int64 }

func (c *clock) now() time.Time           { return time.Unix(0, c.elapsed.Load()) }
func (c *clock) advance(d time.Duration)  { c.elapsed.Add(int64(d)) }
func (c *clock) use(_ *Config, t *tuning) { t.now = c.now }

func unanswered(t *testing.T, c *Client, want time.Duration) {
	t.Helper()
	if got := c.Unanswered(); got != want {
		t.Errorf("asked for %s without an answer, want %s", got, want)
	}
}

// TestUnanswered goes through a call whose attempts get no answer, a half one,
// and a whole one.
func TestUnanswered(t *testing.T) {
	clock := new(clock)
	var c *Client
	attempt := 0
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		attempt++
		switch attempt {
		case 1: // asked since now; 3 s without an answer, and no answer after them
			unanswered(t, c, 0)
			clock.advance(3 * time.Second)
			unanswered(t, c, 3*time.Second)
			panic(http.ErrAbortHandler)
		case 2: // 5 s of waiting have gone by; half an answer is none
			unanswered(t, c, 8*time.Second)
			_, _ = io.WriteString(w, `{"pk":`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case 3: // a whole one is, whatever it says
			unanswered(t, c, 13*time.Second)
			text(503, typeJSON, `{}`, "Retry-After", "1")(w, r)
		case 4: // and the wait after it is what the server has asked for
			unanswered(t, c, 0)
			clock.advance(time.Second)
			unanswered(t, c, time.Second)
			answerJSON(w, 200, `{}`)
		}
	})
	c = newTestClient(t, srv.URL, clock.use, func(_ *Config, tune *tuning) {
		tune.jitter = func(d time.Duration) time.Duration { clock.advance(5 * time.Second); return d }
	})
	unanswered(t, c, 0)
	if _, err := c.Retrieve(t.Context(), stages, key); err != nil || attempt != 4 {
		t.Errorf("error %v after %d attempts", err, attempt)
	}
	clock.advance(time.Hour)
	unanswered(t, c, 0)
}

// TestUnansweredBeside has a call that gets no answer beside others that do,
// and ends without one.
func TestUnansweredBeside(t *testing.T) {
	clock := new(clock)
	hangs, asked := make(chan struct{}), make(chan struct{}, 1)
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "hangs") {
			asked <- struct{}{}
			<-hangs
			text(404, typeJSON, `{}`)(w, r)
			return
		}
		answerJSON(w, 200, `{}`)
	})
	c := newTestClient(t, srv.URL, clock.use)
	ended := make(chan error)
	go func() {
		_, err := c.Retrieve(context.Background(), stages, "hangs")
		ended <- err
	}()
	<-asked
	clock.advance(20 * time.Second)
	unanswered(t, c, 20*time.Second)
	if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
		t.Fatal(err)
	}
	unanswered(t, c, 0)
	clock.advance(7 * time.Second)
	unanswered(t, c, 7*time.Second)
	close(hangs)
	if err := <-ended; err == nil {
		t.Error("no error")
	}
	unanswered(t, c, 0)
}

// TestUnansweredQueue has a call that waits for --rate-limit: authentik has not
// been asked.
func TestUnansweredQueue(t *testing.T) {
	clock := new(clock)
	srv := serve(t, text(200, typeJSON, `{}`))
	c := newTestClient(t, srv.URL, clock.use)
	queued := make(chan struct{})
	c.http.HTTPClient.Transport.(*attempts).limit = func(ctx context.Context) error {
		close(queued)
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := c.Retrieve(ctx, stages, key)
		ended <- err
	}()
	<-queued
	clock.advance(time.Minute)
	unanswered(t, c, 0)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestHungServer has a server that takes requests and answers nothing: a call
// is given up when it has lasted twice --timeout. One that answers, and asks to
// be asked later, is repeated as often as ever.
func TestHungServer(t *testing.T) {
	const timeout = 100 * time.Millisecond
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   int64
	}{
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 2},
		{"its proxy gives up", text(504, typeHTML, page1), 2},
		{"starts", text(503, typeJSON, `{}`, "Retry-After", "1"), often},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := new(clock)
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				clock.advance(timeout)
				tt.answer(w, r)
			})
			c := newTestClient(t, srv.URL, clock.use, func(cfg *Config, _ *tuning) { cfg.Timeout = timeout })
			_, err := c.Retrieve(t.Context(), stages, key)
			e, ok := errors.AsType[*Error](err)
			if n := srv.seen.Load(); !ok || n != tt.want || int64(e.Attempts) != tt.want {
				t.Errorf("%d requests, want %d; error %v", n, tt.want, err)
			}
		})
	}
}

// TestSlowQueue has a rate limit that lets a call wait for longer than twice
// --timeout: that is not the server's doing.
func TestSlowQueue(t *testing.T) {
	clock := new(clock)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { reset(w) })
	c := newTestClient(t, srv.URL, clock.use)
	first := true
	c.http.HTTPClient.Transport.(*attempts).limit = func(context.Context) error {
		if first {
			clock.advance(time.Hour)
		}
		first = false
		return nil
	}
	if _, err := c.Retrieve(t.Context(), stages, key); err == nil || srv.seen.Load() != often {
		t.Errorf("error %v after %d requests", err, srv.seen.Load())
	}
}
