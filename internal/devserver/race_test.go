package devserver_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
)

// emptyError tells whether an answer is the empty 405 by which the server
// reports its own unhandled exceptions.
func (a answer) emptyError() bool {
	return a.status == http.StatusMethodNotAllowed && a.body == "" && a.header.Get("Content-Type") == "text/html; charset=utf-8"
}

// Of several POSTs of one name at once exactly one wins (race-post-8-loser,
// race-post-2-loser).
func TestRaceForAName(t *testing.T) {
	server := newServer(t, devserver.Config{})
	const rounds, writers = 20, 8
	for range rounds {
		answers := make([]answer, writers)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = call(t, server, http.MethodPost, stages, stage("one")) })
		}
		group.Wait()
		won := 0
		for _, a := range answers {
			switch {
			case a.status == http.StatusCreated:
				won++
			case a.status != http.StatusBadRequest && !a.emptyError():
				t.Errorf("a loser is told %d %s", a.status, a.body)
			}
		}
		left := server.All(stageModel)
		if won != 1 || len(left) != 1 {
			t.Fatalf("%d of %d won, and %d stages are there", won, writers, len(left))
		}
		server.Remove(stageModel, left[0]["pk"].(string))
	}
}

// Everything at once: reads see whole objects and whole lists.
func TestReadersAndWriters(t *testing.T) {
	server := seeded(t)
	flow, _ := server.All(flowModel)[0]["pk"].(string)
	var group sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			for range 20 {
				pk := made(t, server, stages, stage(name))
				if err := server.Bind(stageModel, pk, flow, 0); err != nil {
					t.Error(err)
				}
				if put := call(t, server, http.MethodPut, stages+pk+"/", stage(name+" renamed")); put.status != http.StatusOK {
					t.Errorf("PUT: %d %s", put.status, put.body)
				}
				if deleted := call(t, server, http.MethodDelete, stages+pk+"/", ""); deleted.status != http.StatusNoContent {
					t.Errorf("DELETE: %d %s", deleted.status, deleted.body)
				}
			}
		})
		group.Go(func() {
			for range 20 {
				results, pagination := listed(t, server, nil)
				if len(results) != int(pagination["count"]) {
					t.Errorf("%d results of %v", len(results), pagination)
				}
				server.All(stageModel)
			}
		})
	}
	group.Wait()
	if left := server.All(stageModel); len(left) != 1 {
		t.Errorf("%d stages are left", len(left))
	}
}

// What comes in between the check of a body and its write is not seen by the
// check. AUTHENTIK.md has these under Races.
func TestInBetween(t *testing.T) {
	const target = "5b6ec7a8-0000-4000-8000-000000000001"
	const flow = "5b6ec7a8-0000-4000-8000-000000000002"
	put := func(t *testing.T, server *devserver.Server, pk, name string) {
		t.Helper()
		if _, err := server.Put(stageModel, pk, map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}}); err != nil {
			t.Error(err)
		}
	}
	// sketch is what is left of the stages.
	type sketch struct {
		Name   string
		Failed int
		Shows  bool
		Users  int
	}
	for _, tt := range []struct {
		name               string
		method, path, body string
		between            func(t *testing.T, server *devserver.Server)
		status             int // 405 is the empty one
		left               []sketch
	}{
		{
			name:   "POST, and the name is taken",
			method: http.MethodPost, path: stages, body: stage("new"),
			between: func(t *testing.T, server *devserver.Server) { put(t, server, "", "new") },
			status:  http.StatusMethodNotAllowed,
			left:    []sketch{{"new", 5, false, 0}, {"old", 5, false, 1}},
		},
		{
			name:   "PUT, and the name is taken",
			method: http.MethodPut, path: stages + target + "/", body: stage("new"),
			between: func(t *testing.T, server *devserver.Server) { put(t, server, "", "new") },
			status:  http.StatusMethodNotAllowed,
			left:    []sketch{{"new", 5, false, 0}, {"old", 5, false, 1}},
		},
		{
			name:   "POST, and the flow is deleted",
			method: http.MethodPost, path: stages,
			body:    `{"name": "new", "backends": ["authentik.core.auth.InbuiltBackend"], "configure_flow": "` + flow + `"}`,
			between: func(_ *testing.T, server *devserver.Server) { server.Remove(flowModel, flow) },
			status:  http.StatusMethodNotAllowed,
			left:    []sketch{{"old", 5, false, 0}},
		},
		{
			name:   "PATCH, and another field is patched: that write is lost",
			method: http.MethodPatch, path: stages + target + "/", body: `{"allow_show_password": true}`,
			between: func(t *testing.T, server *devserver.Server) {
				server.BeforeWrite(nil)
				call(t, server, http.MethodPatch, stages+target+"/", `{"failed_attempts_before_cancel": 9}`)
			},
			status: http.StatusOK,
			left:   []sketch{{"old", 5, true, 1}},
		},
		{
			name:   "PUT, and the object is deleted: it comes back, without its bindings",
			method: http.MethodPut, path: stages + target + "/", body: stage("new"),
			between: func(_ *testing.T, server *devserver.Server) { server.Remove(stageModel, target) },
			status:  http.StatusOK,
			left:    []sketch{{"new", 5, false, 0}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newServer(t, devserver.Config{})
			put(t, server, target, "old")
			if _, err := server.Put(flowModel, flow, map[string]any{"slug": "flow", "name": "Flow"}); err != nil {
				t.Fatal(err)
			}
			if err := server.Bind(stageModel, target, flow, 0); err != nil {
				t.Fatal(err)
			}
			server.BeforeWrite(func() { tt.between(t, server) })
			got := call(t, server, tt.method, tt.path, tt.body)
			if got.status != tt.status || got.status == http.StatusMethodNotAllowed && !got.emptyError() {
				t.Errorf("it is told %d %s", got.status, got.body)
			}
			var left []sketch
			results, _ := listed(t, server, nil)
			for _, object := range results {
				left = append(left, sketch{
					Name: object["name"].(string), Failed: int(object["failed_attempts_before_cancel"].(float64)),
					Shows: object["allow_show_password"].(bool), Users: len(object["flow_set"].([]any)),
				})
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("what is left (-want +got):\n%s", diff)
			}
		})
	}
}
