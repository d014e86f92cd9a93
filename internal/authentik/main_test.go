package authentik

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "an-example-token-0001"
	stages    = "stages/password"
	key       = "0b87df47-35d8-4548-8e93-688d4548be55"
)

// server counts the requests that reach handle.
type server struct {
	*httptest.Server
	seen atomic.Int64
}

func serve(t *testing.T, handle http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(s.count(handle))
	t.Cleanup(s.Close)
	return s
}

func (s *server) count(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.seen.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // only then is the client's end noticed
		handle(w, r)
	}
}

// testTuning repeats as often as users' clients do, and does not wait for it.
func testTuning() tuning {
	tune := defaultTuning()
	tune.retryMin, tune.retryMax, tune.retryAfterMax = time.Microsecond, time.Millisecond, time.Millisecond
	return tune
}

func newTestClient(t *testing.T, url string, change ...func(*Config, *tuning)) *Client {
	t.Helper()
	cfg := Config{URL: url, Token: StaticToken(testToken), UserAgent: "aksync/test"}
	tune := testTuning()
	for _, f := range change {
		f(&cfg, &tune)
	}
	c, err := newClient(cfg, tune)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// reset ends the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// observed gathers what Observe is told.
type observed struct {
	mu  sync.Mutex
	all []string
}

func (o *observed) add(r Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Duration <= 0 {
		o.all = append(o.all, "no duration")
	}
	o.all = append(o.all, fmt.Sprintf("%s %s %s", r.Method, r.Endpoint, r.Code))
}

func is(err error, what func(*Error) bool) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && what(e)
}

func mayHaveHappened(err error) bool { return is(err, (*Error).MayHaveHappened) }
func isNotFound(err error) bool      { return is(err, (*Error).NotFound) }
func isUnauthorized(err error) bool  { return is(err, (*Error).Unauthorized) }
