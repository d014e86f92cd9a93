package authentik

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRedirectElsewhere points at a second server: it never sees a request,
// and so never the token.
func TestRedirectElsewhere(t *testing.T) {
	var other atomic.Int64
	count := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		other.Add(1)
		answerJSON(w, 200, `{"pk":"x"}`)
	})
	plain, secure := httptest.NewServer(count), httptest.NewTLSServer(count)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{plain.URL, secure.URL} {
			for _, tls := range []bool{false, true} {
				for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
					srv := &server{}
					handler := srv.count(text(status, "", "", "Location", target+"/api/v3/stages/password/?secret=1"))
					if srv.Server = httptest.NewServer(handler); tls {
						srv.Server.Close()
						srv.Server = httptest.NewTLSServer(handler)
					}
					c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.Insecure = true })
					err := calls(t.Context(), c)[method]()
					want := "redirected to " + target + ", where the token is not sent: set --url (AUTHENTIK_URL)"
					if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || mayHaveHappened(err) {
						t.Errorf("%s %d: error %v, want one with %q", method, status, err, want)
					}
					if e, ok := errors.AsType[*Error](err); !ok || e.Status != status || srv.seen.Load() != 1 {
						t.Errorf("%s %d: %d requests, %#v", method, status, srv.seen.Load(), err)
					}
					c.Close()
					srv.Close()
				}
			}
		}
	}
	if n := other.Load(); n != 0 {
		t.Errorf("the other servers saw %d requests", n)
	}
}

func TestRedirectSameServer(t *testing.T) {
	const moved = "/sub/api/v3/moved/"
	tests := []struct {
		name, method, target string
		requests             int64
		want                 string
	}{
		{"a read is followed", "GET", moved, 2, ""},
		{"a write is not", "POST", moved, 1, "redirected to /sub/api/v3/moved/ on the same server"},
		{"nor an update", "PUT", moved, 1, "redirected to /sub/api/v3/moved/ on the same server"},
		{"nor a delete", "DELETE", moved, 1, "redirected to /sub/api/v3/moved/ on the same server"},
		{"not out of the API", "GET", "/login?next=secret", 1, "redirected to /login on the same server"},
		{"not out of the sub-path", "GET", "/sub/api/v3/../../../other/", 1, "redirected to /other/ on the same server"},
		{"not in circles", "GET", ".", 6, "at most 5 times"},
		{"nowhere", "GET", "", 1, "leads nowhere"},
		{"to no address", "GET", "http://[", 1, "failed to parse Location header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == moved {
					answerJSON(w, 200, `{"pk":"x"}`)
					return
				}
				text(302, "", "", "Location", tt.target)(w, r)
			})
			var seen observed
			c := newTestClient(t, srv.URL+"/sub", func(cfg *Config, _ *tuning) { cfg.Observe = seen.add })
			err := calls(t.Context(), c)[tt.method]()
			if tt.want == "" && err != nil {
				t.Error(err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if n := srv.seen.Load(); n != tt.requests || int64(len(seen.all)) != n {
				t.Errorf("%d requests, observed %q, want %d", n, seen.all, tt.requests)
			}
		})
	}
}

// TestTokenStays asks the lowest layer for another server, as no caller can:
// it is refused there too.
func TestTokenStays(t *testing.T) {
	srv := serve(t, http.NotFound)
	c := newTestClient(t, "https://auth.example.com")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/v3/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.HTTPClient.Transport.RoundTrip(req.WithContext(withExchange(req.Context(), &exchange{})))
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "the token is not sent there") || srv.seen.Load() != 0 {
		t.Errorf("error %v, %d requests", err, srv.seen.Load())
	}
}

func TestWithin(t *testing.T) {
	for address, want := range map[string]bool{
		"https://auth.example.com/api/v3/x/":      true,
		"https://AUTH.example.com:443/api/v3/x/":  true,
		"https://auth.example.com:8443/api/v3/x/": false,
		"http://auth.example.com:443/api/v3/x/":   false,
		"https://auth.example.com.evil/api/v3/x/": false,
		"https://auth.example.com/api/v30/":       false,
	} {
		base, err := apiBase("https://auth.example.com")
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := within(base, u); got != want {
			t.Errorf("%s: %t, want %t", address, got, want)
		}
	}
}
