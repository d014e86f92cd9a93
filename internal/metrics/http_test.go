package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// ready is the health of a daemon at work.
var ready = Health{PassEnded: true, Server: Server{URL: "https://auth.example.com", Version: "2025.10.4", Reached: true}}

// newTestHTTP serves a status; the counter is how often a pass was asked for.
func newTestHTTP(t *testing.T, s Status) (*HTTP, *atomic.Int32) {
	t.Helper()
	var syncs atomic.Int32
	h, err := NewHTTP(Config{
		Metrics: exercised(),
		Health:  func() Health { return s.Health },
		Status:  func() Status { return s },
		Sync:    func() { syncs.Add(1) },
		Logger:  zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, &syncs
}

func do(h http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "http://aksync.example.com:9180"+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPaths(t *testing.T) {
	h, _ := newTestHTTP(t, Status{Health: ready})
	tests := []struct {
		method, path string
		status       int
		contentType  string
		holds        string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8", "<!DOCTYPE html>"},
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "aksync_build_info{"},
		{"GET", "/-/healthy", 200, "text/plain; charset=utf-8", "aksync is healthy.\n"},
		{"GET", "/-/ready", 200, "text/plain; charset=utf-8", "aksync is ready.\n"},
		{"POST", "/-/sync", 202, "text/plain; charset=utf-8", "A pass has been asked for.\n"},
		{"GET", "/index.html", 404, "text/plain; charset=utf-8", "not found"},
		{"GET", "/-/", 404, "text/plain; charset=utf-8", "not found"},
		{"GET", "/debug/pprof/", 404, "text/plain; charset=utf-8", "not found"},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			r := do(h.Handler(), tt.method, tt.path)
			if r.StatusCode != tt.status || r.Header.Get("Content-Type") != tt.contentType {
				t.Errorf("%d %q, want %d %q", r.StatusCode, r.Header.Get("Content-Type"), tt.status, tt.contentType)
			}
			if text := body(t, r); !strings.Contains(text, tt.holds) {
				t.Errorf("%q not in %q", tt.holds, text)
			}
			got := [2]string{r.Header.Get("X-Content-Type-Options"), r.Header.Get("Referrer-Policy")}
			if diff := cmp.Diff([2]string{"nosniff", "no-referrer"}, got); diff != "" {
				t.Error(diff)
			}
			if csp := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
				t.Errorf("Content-Security-Policy: %q", csp)
			}
		})
	}
}

func TestOpenMetrics(t *testing.T) {
	h, _ := newTestHTTP(t, Status{})
	r := do(h.Handler(), "GET", "/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0") {
		t.Errorf("Content-Type %q", got)
	}
	if text := body(t, r); !strings.HasSuffix(text, "# EOF\n") {
		t.Error("the answer is no whole OpenMetrics text")
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	h, syncs := newTestHTTP(t, Status{Health: ready})
	for path, allow := range map[string]string{
		"/-/sync": "POST", "/": "GET, HEAD", "/metrics": "GET, HEAD", "/-/healthy": "GET, HEAD", "/-/ready": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS"} {
			if strings.Contains(allow, method) {
				continue
			}
			r := do(h.Handler(), method, path)
			if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != allow {
				t.Errorf("%s %s: %d with Allow %q, want 405 with %q", method, path, r.StatusCode, r.Header.Get("Allow"), allow)
			}
		}
	}
	if n := syncs.Load(); n != 0 {
		t.Errorf("%d passes were asked for", n)
	}
}

func TestReady(t *testing.T) {
	const url = "https://auth.example.com"
	tests := map[string]struct {
		health Health
		want   string
	}{
		"at work":          {ready, ""},
		"no pass yet":      {Health{Server: ready.Server}, "no pass has ended yet"},
		"nothing yet":      {Health{Server: Server{URL: url}}, "no pass has ended yet"},
		"never reached":    {Health{Server: Server{URL: url, Error: "connection refused"}}, "authentik at https://auth.example.com: connection refused"},
		"out of reach":     {Health{PassEnded: true, Server: Server{URL: url, Error: "connection refused"}}, "authentik at https://auth.example.com: connection refused"},
		"refuses":          {Health{PassEnded: true, Server: Server{URL: url, Error: "403: Token invalid/expired"}}, "authentik at https://auth.example.com: 403: Token invalid/expired"},
		"hangs":            {Health{PassEnded: true, Server: Server{URL: url, Reached: true, Unanswered: 12345 * time.Millisecond}}, "authentik at https://auth.example.com has been asked for 12s without an answer"},
		"hangs at first":   {Health{Server: Server{URL: url, Unanswered: time.Minute}}, "authentik at https://auth.example.com has been asked for 1m0s without an answer"},
		"hangs again":      {Health{Server: Server{URL: url, Error: "connection refused", Unanswered: time.Minute}}, "authentik at https://auth.example.com has been asked for 1m0s without an answer"},
		"takes its time":   {Health{PassEnded: true, Server: Server{URL: url, Reached: true, Unanswered: 10 * time.Second}}, ""},
		"no reason given":  {Health{PassEnded: true, Server: Server{URL: url}}, "authentik at https://auth.example.com has not answered yet"},
		"password in URL":  {Health{Server: Server{URL: "https://me:secret@auth.example.com", Error: "no"}}, "authentik at https://auth.example.com: no"},
		"a URL that isn't": {Health{Server: Server{URL: "https://me:secret@%zz", Error: "no"}}, "authentik at (an invalid URL): no"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, _ := newTestHTTP(t, Status{Health: tt.health})
			r := do(h.Handler(), "GET", "/-/ready")
			status, line := http.StatusServiceUnavailable, "aksync is not ready: "+tt.want+"\n"
			if tt.want == "" {
				status, line = http.StatusOK, "aksync is ready.\n"
			}
			if got := body(t, r); r.StatusCode != status || got != line {
				t.Errorf("%d %q, want %d %q", r.StatusCode, got, status, line)
			}
			if r := do(h.Handler(), "GET", "/-/healthy"); r.StatusCode != http.StatusOK {
				t.Errorf("healthy: %d", r.StatusCode)
			}
		})
	}
}

func TestSyncIsRefusedToOtherSites(t *testing.T) {
	tests := map[string]struct {
		headers []string
		taken   bool
	}{
		"curl":                       {nil, true},
		"the page's own button":      {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://aksync.example.com:9180"}, true},
		"an old browser, own page":   {[]string{"Origin", "http://aksync.example.com:9180"}, true},
		"another site":               {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.org"}, false},
		"a neighbour":                {[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://other.example.com"}, false},
		"an old browser, other site": {[]string{"Origin", "https://evil.example.org"}, false},
		"a sandboxed frame":          {[]string{"Origin", "null"}, false},
		"another port":               {[]string{"Origin", "http://aksync.example.com:8080"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, syncs := newTestHTTP(t, Status{})
			r := do(h.Handler(), "POST", "/-/sync", tt.headers...)
			want, status := int32(0), http.StatusForbidden
			if tt.taken {
				want, status = 1, http.StatusAccepted
			}
			if r.StatusCode != status || syncs.Load() != want {
				t.Errorf("%d, %d passes asked for; want %d, %d", r.StatusCode, syncs.Load(), status, want)
			}
		})
	}
}

func TestPageShowsTheStatus(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h, _ := newTestHTTP(t, Status{
		Version: "1.2.3", Revision: "abcdef0", Started: start, DryRun: true, Interval: 5 * time.Minute,
		Watched: []string{"blueprints"},
		Health:  Health{PassEnded: true, Server: Server{URL: "https://me:secret@auth.example.com", Version: "2025.10.4", Error: "connection refused"}},
		Passes: []Pass{{Trigger: sync.TriggerFile, Result: sync.Partial, Start: start, Duration: 1234567 * time.Microsecond,
			Created: 11, Updated: 12, Deleted: 13, Unchanged: 14, Failed: 15, Error: "one object failed"}},
		Blueprints: []Blueprint{
			{File: "off.yaml", State: tree.Disabled}, {File: "fine.yaml", State: tree.Valid},
			{File: "bad.yaml", State: tree.Invalid, Errors: []string{"bad.yaml:7:9: unknown attribute", "bad.yaml:8:1: no name"}, Warnings: []string{"bad.yaml:9:1: twice"}},
		},
		Objects: []Object{
			{Model: model, Name: "calm", State: sync.InSync, Source: "fine.yaml:3:5"},
			{Model: model, Name: "adrift", State: sync.Drifted},
			{Model: model, Name: "broken", State: sync.Amiss, Error: "500 Internal Server Error"},
		},
		Unmanaged: map[string]int{model: 321, "authentik_core.none": 0},
	})
	text := body(t, do(h.Handler(), "GET", "/"))
	inOrder(t, text,
		"1.2.3", "abcdef0", "Not ready", "connection refused", "https://auth.example.com", "2025.10.4", "not reached",
		"blueprints", "5m0s", "dry run", "2026-01-02 03:04:05 UTC", `action="/-/sync"`,
		"file", "partial", "one object failed", "1.23s", "11", "12", "13", "14", "15",
		"bad.yaml", "invalid", "bad.yaml:7:9: unknown attribute", "bad.yaml:8:1: no name", "fine.yaml", "valid", "off.yaml", "disabled",
		"broken", "failed", "500 Internal Server Error", "adrift", "drifted", "calm", "in sync", model, "fine.yaml:3:5",
		"Declared nowhere", model, "321")
	for _, not := range []string{"authentik_core.none", "secret", "<script", "http://", "@import", "url(", "src="} {
		if strings.Contains(text, not) {
			t.Errorf("the page holds %q", not)
		}
	}
}

func TestPageShowsSilence(t *testing.T) {
	silent := ready
	silent.Server.Unanswered = 11 * time.Second
	h, _ := newTestHTTP(t, Status{Health: silent})
	text := body(t, do(h.Handler(), "GET", "/"))
	inOrder(t, text, "Not ready", "has been asked for 11s without an answer", "2025.10.4", `class="failure">not answering`)
	if strings.Contains(text, ">reached<") {
		t.Error("authentik is shown as reached")
	}
}

func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	_, rest, _ := strings.Cut(text, "</style>")
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("%q is missing, or not in its place", part)
		}
		rest = after
	}
}

func TestPageEscapesWhatOthersNamed(t *testing.T) {
	const name = `<script>alert(1)</script>" onload="x`
	h, _ := newTestHTTP(t, Status{
		Version: name, Watched: []string{name},
		Health:     Health{Server: Server{URL: "https://auth.example.com", Version: name, Error: name}},
		Passes:     []Pass{{Trigger: name, Result: name, Error: name}},
		Blueprints: []Blueprint{{File: name, State: name, Errors: []string{name}, Warnings: []string{name}}},
		Objects:    []Object{{Model: name, Name: name, State: name, Source: name, Error: name}},
	})
	text := body(t, do(h.Handler(), "GET", "/"))
	if strings.Contains(text, "<script") || strings.Contains(text, `" onload`) {
		t.Errorf("a name was taken for HTML:\n%s", text)
	}
	if got := strings.Count(text, "&lt;script&gt;"); got < 10 {
		t.Errorf("%d escaped names, want all of them shown", got)
	}
}

// A style whose hash is not the policy's would not be shown by any browser.
func TestPageStyleIsTheOneThePolicyNames(t *testing.T) {
	h, _ := newTestHTTP(t, Status{})
	r := do(h.Handler(), "GET", "/")
	_, rest, _ := strings.Cut(body(t, r), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	if style != pageCSS {
		t.Error("the template changed the style")
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "style-src "+h.page.styleHash()) {
		t.Errorf("the policy %q does not name the style", csp)
	}
}

func TestPageLeavesTheCallersOrderAlone(t *testing.T) {
	objects := []Object{{Name: "b", State: sync.InSync}, {Name: "a", State: sync.InSync}}
	h, _ := newTestHTTP(t, Status{Objects: objects})
	inOrder(t, body(t, do(h.Handler(), "GET", "/")), "<td>a</td>", "<td>b</td>")
	if objects[0].Name != "b" {
		t.Error("the page sorted the caller's slice")
	}
}
