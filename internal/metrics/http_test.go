package metrics

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/report"
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
		{"GET", "/objects", 200, "text/html; charset=utf-8", "<h1>Objects</h1>"},
		{"GET", "/object", 404, "text/html; charset=utf-8", "No such object"},
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
		"/-/sync": "POST", "/": "GET, HEAD", "/objects": "GET, HEAD", "/object": "GET, HEAD", "/metrics": "GET, HEAD", "/-/healthy": "GET, HEAD", "/-/ready": "GET, HEAD",
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

// shownStatus has something of all that the page shows.
func shownStatus() Status {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return Status{
		Version: "1.2.3", Revision: "abcdef0", Started: start, DryRun: true, Interval: 5 * time.Minute,
		Watched: []string{"blueprints"},
		Health:  Health{PassEnded: true, Server: Server{URL: "https://me:secret@auth.example.com", Version: "2025.10.4", Error: "connection refused"}},
		Passes: []Pass{
			{Trigger: sync.TriggerFile, Result: sync.Partial, Start: start, Duration: 1234567 * time.Microsecond,
				Created: 11, Updated: 12, Deleted: 13, Unchanged: 14, Failed: 15},
			{Trigger: sync.TriggerInterval, Result: sync.Unmade, Start: start, Error: "one folder is gone", More: 18, Since: start.Add(-time.Hour)},
		},
		Problems: []string{"the plan is refused"}, Warnings: []string{"the server is odd"}, Contested: []string{"somebody else keeps changing title"},
		Blueprints: []Blueprint{
			{File: "off.yaml", State: tree.Disabled}, {File: "fine.yaml", State: tree.Valid, Warnings: []string{"fine.yaml:9:1: twice"}},
			{File: "bad.yaml", State: tree.Invalid, Errors: []string{"bad.yaml:7:9: unknown attribute", "bad.yaml:8:1: no name"}},
		},
		Kinds: []Kind{{Model: model, Title: "password stage", Tally: sync.Tally{InSync: 71, Drifted: 72, Amiss: 73}}},
		Objects: []Object{
			{Model: model, Title: "password stage", Name: "broken", State: sync.Amiss, Error: "500 Internal Server Error"},
			{Model: model, Title: "password stage", Name: "adrift", State: sync.Drifted, Changes: []report.Line{{Sign: "~", Text: "title: 1 -> 2"}}, Source: tree.Place{File: "fine.yaml", Line: 3, Column: 5}},
			{Model: model, Title: "password stage", Name: "calm", State: sync.InSync},
		},
		Looked:    start.Add(time.Minute),
		Unmanaged: map[string]int{model: 321, "authentik_core.none": 0},
	}
}

// What is wrong comes first, then what drifted, then all there is.
func TestPageShowsTheStatus(t *testing.T) {
	h, _ := newTestHTTP(t, shownStatus())
	text := body(t, do(h.Handler(), "GET", "/"))
	inOrder(t, text,
		"1.2.3", "abcdef0", "not ready, 1 file with errors, 1 object failed, 1 field fought over, 1 object drifted", "3 objects", "2026-01-02 03:05:05 UTC", "Dry run",
		"What is wrong", "Not ready", "connection refused", "the plan is refused",
		"bad.yaml", "invalid", "bad.yaml:7:9: unknown attribute", "bad.yaml:8:1: no name",
		"broken", "failed", "500 Internal Server Error", "somebody else keeps changing title",
		"not as declared", "/object?model="+model+"&amp;name=adrift", "drifted", "title: 1 -&gt; 2", "fine.yaml:3:5",
		"Objects by kind", "/objects?model="+model, "password stage", "71", "72", "73",
		`action="/-/sync"`, "2026-01-02 03:04:05 UTC", "partial", "file", "created 11", "updated 12", "deleted 13", "failed 15", "unchanged 14", "1.23s",
		"and 18 passes like it since 2026-01-02 02:04:05 UTC", "failure", "one folder is gone",
		"3 files", "2 warnings", "the server is odd", "fine.yaml", "fine.yaml:9:1: twice", "off.yaml", "disabled",
		"Declared nowhere", model, "321",
		"https://auth.example.com", "2025.10.4", "not reached", "blueprints", "5m0s")
	for _, not := range []string{"authentik_core.none", "calm", "secret", "<script", "http://", "@import", "url(", "src=", "http-equiv"} {
		if strings.Contains(text, not) {
			t.Errorf("the page holds %q", not)
		}
	}
	if refreshed := body(t, do(h.Handler(), "GET", "/?refresh")); !strings.Contains(refreshed, `http-equiv="refresh" content="30"`) {
		t.Error("it does not refresh where that is asked for")
	}
}

// Where all is well the page says so, and nothing of what is wrong.
func TestPageOfPeace(t *testing.T) {
	status := shownStatus()
	status.Problems, status.Contested, status.Blueprints, status.Objects = nil, nil, status.Blueprints[:2], status.Objects[2:]
	status.Health, status.Passes = ready, nil
	h, _ := newTestHTTP(t, status)
	text := body(t, do(h.Handler(), "GET", "/"))
	inOrder(t, text, `<h1 class="summary success">all is as declared</h1>`, "Objects by kind", "None has ended yet")
	for _, not := range []string{"What is wrong", "not as declared"} {
		if strings.Contains(text, not) {
			t.Errorf("the page holds %q", not)
		}
	}
}

// The list is searched, by words, kind and state, and has pages.
func TestList(t *testing.T) {
	var objects []Object
	for i := range 250 {
		o := Object{Model: "a.b", Title: "group", Name: fmt.Sprintf("Name %03d", i), State: sync.InSync, Source: tree.Place{File: "x/one.yaml"}}
		if i%2 == 1 {
			o.Model, o.Title, o.Source.File = "a.c", "flow", "x/two.yaml"
		}
		if i == 7 {
			o.State = sync.Drifted
		}
		objects = append(objects, o)
	}
	tests := []struct {
		query         string
		first         string
		count         string
		before, after bool
	}{
		{"", "Name 000", "1 to 100 of 250 objects", false, true},
		{"page=2", "Name 100", "101 to 200 of 250 objects", true, true},
		{"page=3", "Name 200", "201 to 250 of 250 objects", true, false},
		{"page=99", "Name 200", "201 to 250 of 250 objects", true, false},
		{"page=-5", "Name 000", "1 to 100 of 250 objects", false, true},
		{"page=x", "Name 000", "1 to 100 of 250 objects", false, true},
		{"q=NAME+24", "Name 024", "13 objects", false, false},
		{"q=two.yaml+01", "Name 001", "8 objects", false, false},
		{"model=a.c&page=2", "Name 201", "101 to 125 of 125 objects", true, false},
		{"state=drifted", "Name 007", "1 object", false, false},
		{"model=a.c&state=drifted&q=flow+7", "Name 007", "1 object", false, false},
		{"q=nothing", "", "No object is so.", false, false},
		{"q=%3Cscript%3E%22", "", "No object is so.", false, false},
	}
	h, _ := newTestHTTP(t, Status{Health: ready, Objects: objects, Kinds: []Kind{{Model: "a.b", Title: "group"}, {Model: "a.c", Title: "flow"}}})
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			text := body(t, do(h.Handler(), "GET", "/objects?"+tt.query))
			inOrder(t, text, "<form", tt.count)
			if tt.first != "" {
				inOrder(t, text, tt.count, "<tbody>", ">"+tt.first+"</a>")
			}
			if before, after := strings.Contains(text, `rel="prev"`), strings.Contains(text, `rel="next"`); before != tt.before || after != tt.after {
				t.Errorf("a page before: %v, after: %v", before, after)
			}
			if strings.Contains(text, "<script") {
				t.Error("a word was taken for HTML")
			}
		})
	}
	text := body(t, do(h.Handler(), "GET", "/objects?model=a.c&q=name"))
	inOrder(t, text, `<option value="a.c" selected>flow (a.c)</option>`)
	if !strings.Contains(text, `href="/objects?model=a.c&amp;page=2&amp;q=name"`) {
		t.Error("the next page forgets what was asked for")
	}
}

// An object is found by its key, or by its name where it is new or has another key now.
func TestObject(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	objects := []Object{
		{Model: "a.b", Title: "group", Name: "same", PK: "1", State: sync.InSync}, {Model: "a.b", Title: "group", Name: "same", PK: "2", State: sync.Drifted, Error: "held"},
		{Model: "a.b", Title: "group", Name: evil, State: sync.Amiss, Error: evil, Source: tree.Place{File: evil}, Path: evil, Elsewhere: []string{evil}},
		{Model: "a.c", Title: "flow", Name: "same", PK: "1", State: sync.InSync},
	}
	status := Status{Health: ready, Objects: objects}
	h, err := NewHTTP(Config{
		Metrics: exercised(), Health: func() Health { return status.Health }, Status: func() Status { return status }, Logger: zerolog.Nop(),
		Detail: func(o Object) Detail {
			return Detail{
				Diff: []report.Line{{Sign: "+", Text: evil}}, Users: []string{evil}, Warnings: []string{evil}, PictureNote: evil, EventsNote: evil,
				Fields: []Field{{Name: evil, Declared: []string{evil, "second"}, Live: []string{evil}}, {Name: "calm", Declared: []string{"5"}, Same: true}},
				Events: []Event{{Action: "update", Why: evil, Trigger: sync.TriggerFile, Commit: evil, Uncommitted: true, Error: evil, Lines: []report.Line{{Sign: "-", Text: evil}}}},
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		query  url.Values
		status int
		holds  string
	}{
		{url.Values{"model": {"a.b"}, "pk": {"2"}, "name": {"same"}}, 200, "held"},
		{url.Values{"model": {"a.b"}, "pk": {"2"}, "name": {"renamed"}}, 200, "held"},
		{url.Values{"model": {"a.b"}, "pk": {"3"}, "name": {"same"}}, 200, "2 objects"},
		{url.Values{"model": {"a.c"}, "pk": {"9"}, "name": {"same"}}, 200, "What this daemon did to it"},
		{url.Values{"model": {"a.b"}, "name": {"no"}}, 404, "No such object"},
		{url.Values{}, 404, "No such object"},
		{url.Values{"model": {"a.b"}, "name": {evil}}, 200, "What this daemon did to it"},
	}
	for _, tt := range tests {
		r := do(h.Handler(), "GET", "/object?"+tt.query.Encode())
		text := body(t, r)
		if r.StatusCode != tt.status || !strings.Contains(text, tt.holds) {
			t.Errorf("%v: %d, or it does not hold %q", tt.query, r.StatusCode, tt.holds)
		}
		if strings.Contains(text, "<script") {
			t.Errorf("%v: a name was taken for HTML", tt.query)
		}
	}
	text := body(t, do(h.Handler(), "GET", "/object?"+tests[6].query.Encode()))
	if shown := strings.Count(text, "&lt;script&gt;"); shown < 17 {
		t.Errorf("%d escaped names, want all of them shown", shown)
	}
	inOrder(t, text, "What differs", "Declared and live", "second", "calm", "the same", "What this daemon did to it", "update", "(pass: file)", "and what is not committed")
	for _, o := range objects {
		if r := do(h.Handler(), "GET", linkTo(o)); r.StatusCode != http.StatusOK || strings.Contains(body(t, r), " objects</p>") {
			t.Errorf("%s does not lead to it", linkTo(o))
		}
	}
}

// Passes that came to the same and changed nothing are one; any other is shown.
func TestFold(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	calm := Pass{Result: sync.Success, Start: at}
	failed := Pass{Result: sync.Unmade, Start: at, Error: "no"}
	dry := Pass{Result: sync.Success, Start: at, Updated: 2, DryRun: true}
	tests := map[string]struct {
		pass, before Pass
		folds        bool
	}{
		"nothing":            {calm, calm, true},
		"the same failure":   {failed, failed, true},
		"the same drift":     {dry, dry, true},
		"other drift":        {dry, Pass{Result: sync.Success, Updated: 1, DryRun: true}, false},
		"a change":           {Pass{Result: sync.Success, Updated: 1}, Pass{Result: sync.Success, Updated: 1}, false},
		"after a change":     {calm, Pass{Result: sync.Success, Updated: 1}, false},
		"another failure":    {failed, Pass{Result: sync.Unmade, Error: "never"}, false},
		"after a failure":    {calm, failed, false},
		"one more that fail": {Pass{Result: sync.Partial, Failed: 2}, Pass{Result: sync.Partial, Failed: 1}, false},
	}
	for name, tt := range tests {
		if _, folds := tt.pass.Fold(tt.before); folds != tt.folds {
			t.Errorf("%s: folds %v", name, folds)
		}
	}
	folded := calm
	for i := range 3 {
		next := calm
		next.Start = at.Add(time.Duration(i+1) * time.Minute)
		folded, _ = next.Fold(folded)
	}
	if folded.More != 3 || !folded.Since.Equal(at) || !folded.Start.Equal(at.Add(3*time.Minute)) {
		t.Errorf("four passes are %+v", folded)
	}
}

// The first page has bounds whatever there is, and is made fast.
func TestManyObjects(t *testing.T) {
	status := Status{Health: ready}
	for i := range 10_000 {
		name := fmt.Sprintf("object %d", i)
		status.Objects = append(status.Objects, Object{Model: model, Title: "stage", Name: name, State: sync.ObjectStates()[i%3], Source: tree.Place{File: name}})
		status.Blueprints = append(status.Blueprints, Blueprint{File: name, State: tree.FileStates()[i%3], Errors: make([]string, i%50)})
	}
	h, _ := newTestHTTP(t, status)
	for path, most := range map[string]int{"/": 300_000, "/objects": 100_000, "/objects?q=9999": 100_000, "/object?model=" + model + "&name=object+9999": 20_000} {
		start := time.Now()
		text := body(t, do(h.Handler(), "GET", path))
		if took := time.Since(start); len(text) > most || took > 5*time.Second {
			t.Errorf("%s has %d bytes, made in %s", path, len(text), took)
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
		Health:   Health{Server: Server{URL: "https://auth.example.com", Version: name, Error: name}},
		Passes:   []Pass{{Trigger: name, Result: name, Error: name}},
		Problems: []string{name}, Warnings: []string{name}, Contested: []string{name},
		Blueprints: []Blueprint{{File: name, State: name, Errors: []string{name}, Warnings: []string{name}}},
		Kinds:      []Kind{{Model: name, Title: name}},
		Objects:    []Object{{Model: name, Title: name, Name: name, State: sync.Amiss, Source: tree.Place{File: name}, Error: name, Changes: []report.Line{{Text: name}}}},
		Unmanaged:  map[string]int{name: 1},
	})
	text := body(t, do(h.Handler(), "GET", "/"))
	if strings.Contains(text, "<script") || strings.Contains(text, `" onload`) {
		t.Errorf("a name was taken for HTML:\n%s", text)
	}
	if got := strings.Count(text, "&lt;script&gt;"); got < 18 {
		t.Errorf("%d escaped names, want all of them shown", got)
	}
}

// A style whose hash is not the policy's would not be shown by any browser.
func TestPageStyleIsTheOneThePolicyNames(t *testing.T) {
	h, _ := newTestHTTP(t, Status{})
	r := do(h.Handler(), "GET", "/")
	_, rest, _ := strings.Cut(body(t, r), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	if style != pageCSS+graph.Style {
		t.Error("the template changed the style")
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "style-src "+h.page.styleHash()) {
		t.Errorf("the policy %q does not name the style", csp)
	}
}

// A mark that turns the writing round is shown and does not work: what comes after it
// could be taken for something else.
func TestPageShowsWhatHides(t *testing.T) {
	status := shownStatus()
	status.Objects = []Object{{Model: model, Title: "stage", Name: "a\u202eb\u2066c\u200ddé", State: sync.InSync}}
	h, _ := newTestHTTP(t, status)
	text := body(t, do(h.Handler(), "GET", "/objects"))
	if !strings.Contains(text, `>a\u202eb\u2066c\u200ddé<`) || strings.ContainsAny(text, "\u202e\u2066\u200d") {
		t.Errorf("the list is\n%s", text)
	}
}
