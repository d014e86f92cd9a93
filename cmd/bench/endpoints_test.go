package main

import (
	"testing"

	"github.com/aksync/aksync/schema"
)

func TestEndpoint(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	e := newEndpoints(s)
	for path, want := range map[string]string{
		"/api/v3/core/applications/":             "core/applications/",
		"/api/v3/core/applications/wiki/":        "core/applications/{key}/",
		"/api/v3/core/users/7/set_password/":     "core/users/{key}/set_password/",
		"/api/v3/stages/prompt/stages/":          "stages/prompt/stages/",
		"/api/v3/stages/prompt/prompts/ab-cd/":   "stages/prompt/prompts/{key}/",
		"/api/v3/stages/all/ab-cd/used_by/":      "stages/all/{key}/used_by/",
		"/api/v3/admin/version/":                 "admin/version/",
		"/api/v3/providers/oauth2/12/setup_urls": "providers/oauth2/{key}/setup_urls",
	} {
		if got := e.of(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
