package authentik

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exchanged is what a server saw of a request.
type exchanged struct {
	Method, URI, Body, Auth, Accept, Language, Agent, Type string
}

func TestRequests(t *testing.T) {
	var got exchanged
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		got = exchanged{r.Method, r.RequestURI, string(body), h.Get("Authorization"), h.Get("Accept"), h.Get("Accept-Language"), h.Get("User-Agent"), h.Get("Content-Type")}
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answerJSON(w, http.StatusOK, `{"pk":"x","failed_attempts_before_cancel":2147483647}`)
	}))
	t.Cleanup(srv.Close)
	var seen observed
	c := newTestClient(t, srv.URL+"/sub/", func(cfg *Config, _ *tuning) { cfg.Observe = seen.add })
	object := Object{"pk": "x", "failed_attempts_before_cancel": json.Number("2147483647")}

	tests := []struct {
		name     string
		call     func() (Object, error)
		want     exchanged
		object   Object
		observed string
	}{
		{"retrieve", func() (Object, error) { return c.Retrieve(t.Context(), stages, key) },
			exchanged{Method: "GET", URI: "/sub/api/v3/stages/password/" + key + "/"}, object, "GET /stages/password/{pk}/ 200"},
		{"retrieve escapes the key", func() (Object, error) { return c.Retrieve(t.Context(), stages, "a/b?c#d é%") },
			exchanged{Method: "GET", URI: "/sub/api/v3/stages/password/a%2Fb%3Fc%23d%20%C3%A9%25/"}, object, "GET /stages/password/{pk}/ 200"},
		{"create", func() (Object, error) { return c.Create(t.Context(), stages, Object{"name": "n"}) },
			exchanged{Method: "POST", URI: "/sub/api/v3/stages/password/", Body: `{"name":"n"}`, Type: "application/json"}, object, "POST /stages/password/ 200"},
		{"update", func() (Object, error) { return c.Update(t.Context(), stages, key, Object{"name": nil}) },
			exchanged{Method: "PUT", URI: "/sub/api/v3/stages/password/" + key + "/", Body: `{"name":null}`, Type: "application/json"}, object, "PUT /stages/password/{pk}/ 200"},
		{"patch", func() (Object, error) { return c.Patch(t.Context(), stages, key, Object{"name": nil}) },
			exchanged{Method: "PATCH", URI: "/sub/api/v3/stages/password/" + key + "/", Body: `{"name":null}`, Type: "application/json"}, object, "PATCH /stages/password/{pk}/ 200"},
		{"delete", func() (Object, error) { return nil, c.Delete(t.Context(), stages, key) },
			exchanged{Method: "DELETE", URI: "/sub/api/v3/stages/password/" + key + "/"}, nil, "DELETE /stages/password/{pk}/ 204"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen.all = nil
			object, err := tt.call()
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Auth, tt.want.Accept, tt.want.Language, tt.want.Agent = "Bearer "+testToken, "application/json", "en", "aksync/test"
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.object, object); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{tt.observed}, seen.all); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingSent has what is wrong before a request: the server sees none,
// and no write may have happened.
func TestNothingSent(t *testing.T) {
	tests := []struct {
		name  string
		key   string
		body  Object
		token string
		want  string
	}{
		{"no key", "", Object{}, testToken, `"" is no key`},
		{"dot", ".", Object{}, testToken, `"." is no key`},
		{"two dots", "..", Object{}, testToken, `".." is no key`},
		{"body", key, Object{"x": math.NaN()}, testToken, "the body cannot be written as JSON: x is NaN"},
		{"empty token", key, Object{}, "", "AUTHENTIK_TOKEN_FILE"},
		{"line break", key, Object{}, "secret\nsecret", "line break at byte 7"},
		{"blank", key, Object{}, "secret secret", "blank at byte 7"},
		{"not ASCII", key, Object{}, "sécret", "no printable ASCII at byte 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, `{}`) })
			var seen observed
			c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) {
				cfg.Token, cfg.Observe = StaticToken(tt.token), seen.add
			})
			_, err := c.Update(t.Context(), stages, tt.key, tt.body)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if tt.token != "" && strings.Contains(err.Error(), tt.token) {
				t.Errorf("the token is in the error: %v", err)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Endpoint != "/stages/password/{pk}/" || mayHaveHappened(err) {
				t.Errorf("error is %#v", err)
			}
			if n := srv.seen.Load(); n != 0 || seen.all != nil {
				t.Errorf("the server saw %d requests, %q were observed", n, seen.all)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	for body, want := range map[string]string{
		`{"version_current":"2025.10.4","outdated":false}`: "",
		`{"version_current":20}`:                           "no version_current",
		`{}`:                                               "no version_current",
		`[]`:                                               "a list where an object is expected",
	} {
		t.Run(body, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.RequestURI != "/api/v3/admin/version/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				answerJSON(w, 200, body)
			})
			version, err := newTestClient(t, srv.URL).Version(t.Context())
			if want == "" && (err != nil || version != "2025.10.4") {
				t.Errorf("version %q, error %v", version, err)
			}
			if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("error %v, want one with %q", err, want)
			}
			if n := srv.seen.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestParallelism has many callers at once: no more than allowed are in flight.
func TestParallelism(t *testing.T) {
	var inFlight, most atomic.Int64
	full := make(chan struct{})
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n := inFlight.Add(1)
		defer inFlight.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == 3 {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full // nobody is answered before three are there
		answerJSON(w, 200, `{}`)
	})
	c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.Parallelism = 3 })
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := c.Retrieve(t.Context(), stages, key)
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := most.Load(); n != 3 {
		t.Errorf("%d requests at once, want 3", n)
	}
}

func TestRateLimit(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, `{}`) })
	c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.RateLimit = 100 })
	began := time.Now()
	for range 6 {
		if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 45*time.Millisecond {
		t.Errorf("6 requests at 100 a second took %s", took)
	}
}
