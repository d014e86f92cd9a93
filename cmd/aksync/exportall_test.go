package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

// serveBehind has the commands of a test ask an embedded server by way of front.
func serveBehind(t *testing.T, front func(server http.Handler, w http.ResponseWriter, r *http.Request)) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := devserver.NewSeeded(devserver.Config{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { front(server, w, r) }))
	t.Cleanup(served.Close)
	t.Setenv("AUTHENTIK_URL", served.URL)
	t.Setenv("AUTHENTIK_TOKEN", devserver.DevToken)
}

// A kind that can't be listed is named and left out, and the status says so; what is
// known of the same from elsewhere is there.
func TestExportAllForbidden(t *testing.T) {
	lists := map[string]int{}
	serveBehind(t, func(server http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" || r.URL.Query().Get("page") == "" {
			lists[strings.TrimPrefix(r.URL.Path, "/api/v3/")]++
		}
		if r.URL.Path == "/api/v3/core/brands/" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"detail": "You do not have permission to perform this action."}`))
			return
		}
		server.ServeHTTP(w, r)
	})
	folder := filepath.Join(t.TempDir(), "all")
	var stdout, stderr bytes.Buffer
	status := execute(t.Context(), []string{"export", "--all", folder, "--full", "--parallelism", "1"}, &stdout, &stderr)
	if status != exitError || !strings.Contains(stderr.String(), "authentik_brands.brand is left out: ") || stdout.Len() > 0 {
		t.Errorf("the status is %d:\n%s", status, &stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "flows", "default-authentication-flow.yaml")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "brands.yaml")); err == nil {
		t.Error("there are brands")
	}
	for path, count := range lists {
		if count > 1 && !strings.HasPrefix(path, "rbac/permissions") && path != "core/brands/" && path != "admin/version/" {
			t.Errorf("%s was listed %d times", path, count)
		}
	}
}

// An export that is ended while it lists leaves nothing behind and says so; one that
// nobody could write asks for nothing.
func TestExportAllEnds(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var lists atomic.Int32
	serveBehind(t, func(server http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("page") {
			lists.Add(1)
		}
		if r.URL.Path == "/api/v3/core/brands/" {
			end()
		}
		server.ServeHTTP(w, r)
	})
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := execute(ctx, []string{"export", "--all", filepath.Join(file, "in")}, &stdout, &stderr); status != exitError || lists.Load() > 0 {
		t.Errorf("the status is %d, after %d lists:\n%s", status, lists.Load(), &stderr)
	}
	stderr.Reset()
	status := execute(ctx, []string{"export", "--all", filepath.Join(folder, "all")}, &stdout, &stderr)
	if status != exitError || !strings.Contains(stderr.String(), "aksync: ended before everything was listed: nothing was written\n") {
		t.Errorf("the status is %d:\n%s", status, &stderr)
	}
	if all, err := os.ReadDir(folder); err != nil || len(all) != 1 {
		t.Errorf("left are %v, %v", all, err)
	}
}

// What an update compares with is what it lists: nothing is asked for twice.
func TestExportUpdateListsOnce(t *testing.T) {
	lists := map[string]int{}
	serveBehind(t, func(server http.Handler, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("page") {
			lists[r.URL.String()]++
		}
		server.ServeHTTP(w, r)
	})
	folder := filepath.Join(t.TempDir(), "all")
	for _, arguments := range [][]string{{"--full"}, {"--update"}} {
		clear(lists)
		var stdout, stderr bytes.Buffer
		if status := execute(t.Context(), append([]string{"export", "--all", folder, "--parallelism", "1"}, arguments...), &stdout, &stderr); status != 0 {
			t.Fatalf("%s: the status is %d:\n%s", arguments, status, &stderr)
		}
		if len(lists) == 0 {
			t.Error("nothing was listed")
		}
		for list, count := range lists {
			if count > 1 {
				t.Errorf("%s: %s was asked for %d times", arguments, list, count)
			}
		}
	}
}
