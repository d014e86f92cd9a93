package devserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

const stages = "stages/password/"

func loadSchema(t testing.TB, more ...fs.FS) *schema.Schema {
	t.Helper()
	s, err := schema.Load(more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newServer(t testing.TB, config devserver.Config) *devserver.Server {
	t.Helper()
	if config.Schema == nil {
		config.Schema = loadSchema(t)
	}
	server, err := devserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// answer is what the server said to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// call sends a request as the administrator; path is below /api/v3/.
func call(t testing.TB, server *devserver.Server, method, path, body string) answer {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "/api/v3/"+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+devserver.DevToken)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	return answer{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
}

// object gives the answer's body.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("%d is no object: %v: %s", a.status, err, a.body)
	}
	return object
}

// made creates an object and gives its pk.
func made(t testing.TB, server *devserver.Server, path, body string) string {
	t.Helper()
	created := call(t, server, http.MethodPost, path, body)
	if created.status != http.StatusCreated {
		t.Fatalf("creating %s: %d %s", body, created.status, created.body)
	}
	pk, _ := created.object(t)["pk"].(string)
	return pk
}

func stage(name string) string {
	text, _ := json.Marshal(map[string]any{"name": name, "backends": []string{"authentik.core.auth.InbuiltBackend"}})
	return string(text)
}

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config devserver.Config
		err    string
	}{
		{"no schema", devserver.Config{}, "needs a schema"},
		{"unknown version", devserver.Config{Schema: loadSchema(t), Version: "2019.1"}, "want 2024.12 or a later version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := devserver.New(tt.config); err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("the error is %v, want %q in it", err, tt.err)
			}
		})
	}
}

func TestRequestsAreCounted(t *testing.T) {
	server := newServer(t, devserver.Config{})
	call(t, server, http.MethodGet, stages, "")
	call(t, server, http.MethodGet, "nowhere/", "")
	call(t, server, http.MethodPost, stages, stage("a"))
	if diff := cmp.Diff(map[string]int{"GET": 2, "POST": 1}, server.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRequestsAreLogged(t *testing.T) {
	var log bytes.Buffer
	server := newServer(t, devserver.Config{Admin: "a-secret", Logger: zerolog.New(&log)})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v3/stages/password/", nil)
	request.Header.Set("Authorization", "Bearer a-secret")
	server.ServeHTTP(httptest.NewRecorder(), request)
	want := `{"level":"debug","method":"GET","path":"/api/v3/stages/password/","status":200,"message":"answered"}` + "\n"
	if diff := cmp.Diff(want, log.String()); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// A request takes as long as is said, and is carried out though the client has
// gone away.
func TestLatency(t *testing.T) {
	s := loadSchema(t)
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, devserver.Config{Schema: s, Latency: 80 * time.Millisecond})
		gone, leave := context.WithCancel(t.Context())
		leave()
		request := httptest.NewRequestWithContext(gone, http.MethodPost, "/api/v3/stages/password/", strings.NewReader(stage("late")))
		request.Header.Set("Authorization", "Bearer "+devserver.DevToken)
		request.Header.Set("Content-Type", "application/json")
		start := time.Now()
		server.ServeHTTP(httptest.NewRecorder(), request)
		if took := time.Since(start); took != 80*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if stages := server.All(stageModel); len(stages) != 1 || stages[0]["name"] != "late" {
			t.Errorf("the stages are %v", stages)
		}
	})
}

// Each path that is served says which methods it takes, and takes them.
func TestAllowedMethodsAreServed(t *testing.T) {
	server := seeded(t)
	pk, _ := server.All(stageModel)[0]["pk"].(string)
	for _, path := range []string{
		"root/config/", "admin/version/", stages, stages + pk + "/used_by/", stages + pk + "/",
		"flows/instances/", "flows/instances/default-authentication-flow/",
	} {
		allowed := call(t, server, http.MethodOptions, path, "").header.Get("Allow")
		for method := range strings.SplitSeq(allowed, ", ") {
			if method == http.MethodDelete {
				continue // taken by TestReplay, and nothing would be left to ask for
			}
			if got := call(t, server, method, path, "{}"); got.status == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is in Allow: %s, and answers %d %s", method, path, allowed, got.status, got.body)
			}
		}
		if got := call(t, server, "BREW", path, "{}"); got.status != http.StatusMethodNotAllowed || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("BREW %s answers %d %s", path, got.status, got.body)
		}
	}
}
