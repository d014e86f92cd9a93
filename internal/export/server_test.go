package export_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// TestWholeServer exports all that a server holds, as aksync is answered: a plan of
// that has no changes.
func TestWholeServer(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range []string{devserver.DefaultVersion, "2025.12.4", "2026.2.2"} {
		t.Run(version, func(t *testing.T) {
			server := fresh(t, s, version)
			text := exported(t, s.At(version), server, export.Options{})
			checkInSync(t, s, server, read(t, s, t.TempDir(), export.YAML, text), text)
		})
	}
}

// creatable are the models of which an export holds all that is needed to make the
// objects anew: no secret, and not what a server makes itself with rights of its own.
func creatable(s *schema.Schema) []string {
	own := []string{"authentik_core.user", "authentik_core.token", "authentik_outposts.outpost"}
	var models []string
	for _, kind := range s.Managed() {
		hides := slices.ContainsFunc(kind.Fields.Fields, func(f *schema.Field) bool { return f.Required && (f.Sensitive || !f.Answers()) })
		if kind.Create && !hides && !slices.Contains(own, kind.Model) {
			models = append(models, kind.Model)
		}
	}
	return models
}

// TestAnew applies what was exported of a server to one that holds nothing: it makes
// the same, and then a plan of it has no changes.
func TestAnew(t *testing.T) {
	s := loaded(t, ownSchema)
	at, server := s.At(devserver.DefaultVersion), seeded(t, s)
	for _, format := range []string{export.YAML, export.CUE} {
		t.Run(format, func(t *testing.T) {
			o := export.Options{Format: format, Models: creatable(at)}
			text := exported(t, at, server, o)
			desired := read(t, s, t.TempDir(), format, text)
			empty, err := devserver.New(devserver.Config{Schema: s})
			if err != nil {
				t.Fatal(err)
			}
			put(t, empty, "authentik_core.user", map[string]any{"username": "akadmin", "name": "authentik Default Admin"})
			settle(t, s, empty, desired)
			checkInSync(t, s, empty, desired, text)
			if diff := cmp.Diff(text, exported(t, at, empty, o)); diff != "" {
				t.Errorf("what it makes of an empty server (-want +got):\n%s", diff)
			}
		})
	}
}

// client is one of a server.
func client(t *testing.T, server *devserver.Server) *authentik.Client {
	t.Helper()
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	client, err := authentik.New(authentik.Config{URL: front.URL, Token: authentik.StaticToken(devserver.DevToken), RetryWait: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func reconciler(t *testing.T, s *schema.Schema, server *devserver.Server, desired sync.Desired) *sync.Reconciler {
	t.Helper()
	return &sync.Reconciler{Schema: s, API: client(t, server), Parallelism: 8, Source: fixed{desired}}
}

// exported is what a server holds, as a blueprint.
func exported(t *testing.T, s *schema.Schema, server *devserver.Server, o export.Options) string {
	t.Helper()
	needs, err := export.Needs(s, o)
	if err != nil {
		t.Fatal(err)
	}
	live, err := sync.ReadLive(t.Context(), s, client(t, server), needs)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, s, live.Objects(), o)
}

func checkInSync(t *testing.T, s *schema.Schema, server *devserver.Server, desired sync.Desired, text string) {
	t.Helper()
	pass := reconciler(t, s, server, desired).Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	for _, change := range pass.Plan.Changes {
		if change.Action != sync.NoOp {
			t.Errorf("%s %s %q %v", change.Action, change.Model, change.Name, change.Fields)
		}
	}
	for _, problem := range pass.Problems() {
		t.Errorf("the plan has the problem %v", problem)
	}
	if t.Failed() {
		t.Log(text)
	}
}
