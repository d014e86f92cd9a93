// Package devtest starts the embedded server for tests that talk to it as aksync does.
package devtest

import (
	"net/http"
	"net/http/httptest"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
)

// TB is what it needs of a test; rapid's T is one too.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
}

// Seeded is a server with what authentik brings itself.
func Seeded(t TB, config devserver.Config) *devserver.Server {
	t.Helper()
	return made(t, devserver.NewSeeded, config)
}

// Empty is a server that holds nothing.
func Empty(t TB, config devserver.Config) *devserver.Server {
	t.Helper()
	return made(t, devserver.New, config)
}

func made(t TB, of func(devserver.Config) (*devserver.Server, error), config devserver.Config) *devserver.Server {
	t.Helper()
	server, err := of(config)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// Client talks to a server with a token until the test ends.
func Client(t TB, server http.Handler, token string) *authentik.Client {
	t.Helper()
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	client, err := authentik.New(authentik.Config{URL: front.URL, Token: authentik.StaticToken(token)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}
