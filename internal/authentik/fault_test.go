package authentik

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// calls makes one call of each method; each is one request where all is well.
func calls(ctx context.Context, c *Client) map[string]func() error {
	return map[string]func() error{
		http.MethodGet: func() error { _, err := c.Retrieve(ctx, stages, key); return err },
		http.MethodPost: func() error {
			_, err := c.Create(ctx, stages, Object{"name": "n"})
			return err
		},
		http.MethodPut: func() error {
			_, err := c.Update(ctx, stages, key, Object{"name": "n"})
			return err
		},
		http.MethodPatch: func() error {
			_, err := c.Patch(ctx, stages, key, Object{"name": "n"})
			return err
		},
		http.MethodDelete: func() error { return c.Delete(ctx, stages, key) },
	}
}

// text answers with a status, a type and a body.
func text(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
	page1    = "<!DOCTYPE html><html><title>secret page</title></html>"
	often    = 5 // the first attempt and four more
)

func TestFaults(t *testing.T) {
	later := time.Now().Add(2 * time.Hour).UTC().Format(http.TimeFormat)
	tests := []struct {
		name   string
		handle http.HandlerFunc
		reads  int64  // how often a GET is seen
		writes int64  // how often a POST, PUT, PATCH or DELETE is seen
		maybe  bool   // whether a write may have happened
		code   string // as observed
		want   string // in the error
	}{
		{"reset", func(w http.ResponseWriter, _ *http.Request) { reset(w) }, often, 1, true, "error", "reset by peer"},
		{"closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, often, 1, true, "error", "EOF"},
		{"stall before the head", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			often, 1, true, "error", "no complete answer within 100ms (--timeout)"},
		{"stall in the body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"pk":`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, often, 1, true, "error", "no complete answer within 100ms (--timeout)"},
		{"shorter than its Content-Length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			answerJSON(w, 200, `{"pk":"x"}`)
		}, often, 1, true, "error", "unexpected EOF"},
		{"broken chunk", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, 200, `{"pk":"x"}`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, often, 1, true, "error", "unexpected EOF"},
		{"truncated JSON", text(200, typeJSON, `{"pk":"x","na`), often, 1, true, "200", "not the API's JSON: unexpected EOF"},
		{"garbage", text(200, typeJSON, "\x00\xffgarbage"), 1, 1, true, "200", "not the API's JSON"},
		{"two values", text(200, typeJSON, `{} {}`), 1, 1, true, "200", "something stands after its end"},
		{"too large", text(200, typeJSON, `"`+strings.Repeat("x", 2000)+`"`), 1, 1, true, "error", "too large: more than 1000 bytes"},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, buf, _ := http.NewResponseController(w).Hijack()
			_, _ = buf.WriteString("SSH-2.0-" + testToken + "\r\n")
			_ = buf.Flush()
			_ = conn.Close()
		}, often, 1, true, "error", "malformed HTTP"},
		{"login page", text(200, typeHTML, page1), 1, 1, true, "200", "an HTML page and not authentik's API: is --url"},
		{"login page without a type", text(200, "", page1), 1, 1, true, "200", "an HTML page and not authentik's API"},
		{"400", text(400, typeJSON, `{"name":["No."]}`), 1, 1, false, "400", "400 Bad Request: name: No."},
		{"404 in plain text", text(404, "text/plain", "404 page not found\n"), 1, 1, false, "404", "not the API's JSON: 404 page not found: is --url (AUTHENTIK_URL) right?"},
		{"400 in plain text", text(400, "text/plain", "To an\nHTTPS server.\n"), 1, 1, false, "400", "not the API's JSON: To an HTTPS server."},
		{"403", text(403, typeJSON, `{"detail":"Token invalid/expired"}`), 1, 1, false, "403", "403 Forbidden: Token invalid/expired"},
		{"403 page", text(403, typeHTML, page1), 1, 1, false, "403", "an HTML page and not authentik's API"},
		{"404 page", text(404, typeHTML, page1), 1, 1, false, "404", "no such path there, is --url"},
		{"empty 405", text(405, typeHTML, ""), 1, 1, true, "405", "an empty answer"},
		{"405", text(405, typeJSON, `{"detail":"Method \"PUT\" not allowed."}`), 1, 1, false, "405", `Method "PUT" not allowed.`},
		{"413 without a body", text(413, typeHTML, ""), 1, 1, false, "413", "413 Request Entity Too Large"},
		{"429", text(429, typeJSON, `{"detail":"Slower."}`), often, often, false, "429", "Slower. (after 5 attempts)"},
		{"429 with seconds", text(429, "text/plain", "slower", "Retry-After", "3600"), often, often, false, "429", "429 Too Many Requests"},
		{"429 with a date", text(429, "text/plain", "slower", "Retry-After", later), often, often, false, "429", "429 Too Many Requests"},
		{"500", text(500, typeHTML, page1), often, 1, true, "500", "authentik's own log"},
		{"501", text(501, "text/plain", "no"), 1, 1, true, "501", "501 Not Implemented"},
		{"502", text(502, typeHTML, page1), often, 1, true, "502", "502 Bad Gateway: an HTML page"},
		{"503", text(503, "text/plain", "busy"), often, 1, true, "503", "503 Service Unavailable"},
		{"503 while starting", text(503, typeJSON, `{"error":"authentik starting"}`, "Retry-After", "5"),
			often, often, false, "503", "error: authentik starting (after 5 attempts)"},
		{"504", text(504, typeHTML, page1), often, 1, true, "504", "504 Gateway Timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				srv := serve(t, tt.handle)
				var seen observed
				c := newTestClient(t, srv.URL, func(cfg *Config, tune *tuning) {
					cfg.Observe, tune.maxBody = seen.add, 1000
					if strings.HasPrefix(tt.name, "stall") {
						cfg.Timeout = 100 * time.Millisecond
						tune.now = new(clock).now // it stands still: see TestHungServer
					}
				})
				err := calls(t.Context(), c)[method]()
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Method != method {
					t.Fatalf("%s: error is %#v", method, err)
				}
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: error %q, want one with %q", method, err, tt.want)
				}
				if strings.Contains(err.Error(), "secret page") || strings.Contains(err.Error(), testToken) || strings.ContainsAny(err.Error(), "\n\x00") {
					t.Errorf("%s: error %q holds what it must not", method, err)
				}
				want, maybe := tt.writes, tt.maybe
				if method == http.MethodGet {
					want, maybe = tt.reads, false
				}
				if n := srv.seen.Load(); n != want || int64(e.Attempts) != want {
					t.Errorf("%s: the server saw %d requests, the error %d, want %d", method, n, e.Attempts, want)
				}
				if mayHaveHappened(err) != maybe || strings.Contains(err.Error(), "may have been carried out") != maybe {
					t.Errorf("%s: MayHaveHappened is %t, want %t: %v", method, !maybe, maybe, err)
				}
				if int64(len(seen.all)) != want || !strings.HasSuffix(seen.all[0], " "+tt.code) {
					t.Errorf("%s: observed %q, want %d with code %s", method, seen.all, want, tt.code)
				}
			}
		})
	}
}

// TestRefused has no server: nothing was sent, and everything is repeated.
func TestRefused(t *testing.T) {
	srv := serve(t, http.NotFound)
	srv.Close()
	c := newTestClient(t, srv.URL)
	for method, call := range calls(t.Context(), c) {
		err := call()
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Attempts != often || e.Status != 0 || mayHaveHappened(err) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: error is %v", method, err)
		}
		if _, ok := errors.AsType[*net.OpError](err); !ok {
			t.Errorf("%s: the cause is not wrapped", method)
		}
	}
}

// TestUnknownHost has a name that never resolves (RFC 2606): nothing was sent.
func TestUnknownHost(t *testing.T) {
	c := newTestClient(t, "http://authentik.invalid")
	for method, call := range calls(t.Context(), c) {
		err := call()
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Attempts != often || e.Status != 0 || mayHaveHappened(err) || !strings.Contains(err.Error(), "authentik.invalid") {
			t.Errorf("%s: error is %v", method, err)
		}
		if _, ok := errors.AsType[*net.DNSError](err); !ok {
			t.Errorf("%s: the cause is not wrapped: %v", method, err)
		}
	}
}

// TestRecovers has a server that is well after some failed attempts.
func TestRecovers(t *testing.T) {
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		var bodies []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if len(bodies) < 3 {
				text(429, typeJSON, `{}`, "Retry-After", "1")(w, r)
				return
			}
			answerJSON(w, 200, `{"pk":"x"}`)
		}))
		t.Cleanup(srv.Close)
		c := newTestClient(t, srv.URL)
		if err := calls(t.Context(), c)[method](); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		body := `{"name":"n"}`
		if method == "GET" || method == "DELETE" {
			body = ""
		}
		if diff := cmp.Diff([]string{body, body, body}, bodies); diff != "" {
			t.Errorf("%s: bodies (-want +got):\n%s", method, diff)
		}
	}
}

// TestCancelled ends the context at three points of a write.
func TestCancelled(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		srv := serve(t, http.NotFound)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newTestClient(t, srv.URL).Create(ctx, stages, Object{})
		if !errors.Is(err, context.Canceled) || mayHaveHappened(err) || srv.seen.Load() != 0 {
			t.Errorf("error %v, %d requests", err, srv.seen.Load())
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		_, err := newTestClient(t, srv.URL).Create(ctx, stages, Object{})
		if !errors.Is(err, context.Canceled) || !mayHaveHappened(err) || srv.seen.Load() != 1 {
			t.Errorf("error %v, %d requests", err, srv.seen.Load())
		}
	})
	t.Run("between attempts", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		srv := serve(t, text(429, typeJSON, `{}`))
		c := newTestClient(t, srv.URL, func(_ *Config, tune *tuning) {
			tune.retryMin, tune.retryMax = time.Hour, time.Hour
			tune.jitter = func(d time.Duration) time.Duration { cancel(); return d }
		})
		_, err := c.Create(ctx, stages, Object{})
		if !errors.Is(err, context.Canceled) || mayHaveHappened(err) || srv.seen.Load() != 1 {
			t.Errorf("error %v, %d requests", err, srv.seen.Load())
		}
		if want := "429 Too Many Requests: context canceled while waiting to repeat it"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	})
	t.Run("in the queue", func(t *testing.T) {
		srv := serve(t, http.NotFound)
		for _, limit := range []func(context.Context) error{newLimiter(0), newLimiter(1e-9)} {
			c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.Parallelism = 1 })
			queue := c.http.HTTPClient.Transport.(*attempts)
			queue.limit = limit
			if _, err := queue.gate.enter(t.Context(), false); err != nil { // as if a request was in flight
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := c.Create(ctx, stages, Object{})
			if !errors.Is(err, context.Canceled) || mayHaveHappened(err) || !strings.Contains(err.Error(), "waiting for") {
				t.Errorf("error %v", err)
			}
		}
		if n := srv.seen.Load(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestClosedIdle has a server that closes each connection it keeps, just as
// the next request is on its way: a write is not sent twice.
func TestClosedIdle(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan string, 100)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reader := bufio.NewReader(conn)
			for i := range 2 {
				req, err := http.ReadRequest(reader)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, req.Body)
				requests <- req.Method
				if i == 0 {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
				}
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-stopped })
	c := newTestClient(t, "http://"+listener.Addr().String())
	t.Cleanup(c.Close)
	if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
		t.Fatal(err)
	}
	_, err = c.Create(t.Context(), stages, Object{})
	if !mayHaveHappened(err) {
		t.Errorf("error %v", err)
	}
	if a, b := <-requests, <-requests; a != "GET" || b != "POST" || len(requests) != 0 {
		t.Errorf("requests %s, %s and %d more", a, b, len(requests))
	}
}
