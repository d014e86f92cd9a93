package sync_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// The server can hold a value that it takes from nobody: an OAuth source that was
// made from a well-known document without a pkce has the text of a list there (real
// server, 2025.10). It is not sent back as a companion, and changed where one is
// declared.
func TestAValueThatTheServerTakesFromNobody(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	const model = "authentik_sources_oauth.oauthsource"
	for _, tt := range []struct{ name, attrs, pkce string }{
		{"not declared", "name: new", "['S256']"},
		{"declared", "name: new, pkce: S256", "S256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := head + "- {model: " + model + ", identifiers: {slug: o}, attrs: {" + tt.attrs + "}}\n"
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
			pk, err := server.Put(model, pk1, map[string]any{
				"name": "old", "slug": "o", "provider_type": "openidconnect", "consumer_key": "k", "consumer_secret": "s", "pkce": "['S256']",
				"authorization_url": "https://o/a", "access_token_url": "https://o/t", "profile_url": "https://o/p",
			})
			if err != nil {
				t.Fatal(err)
			}
			pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
			if diff := cmp.Diff([]string{"update o done"}, append(outcomes(pass.Report), sketch(&sync.Plan{Problems: pass.Problems()})...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if object := server.Get(model, pk); object["name"] != "new" || object["pkce"] != tt.pkce {
				t.Errorf("it is named %v and has the pkce %v, want %s", object["name"], object["pkce"], tt.pkce)
			}
			if again := reconciler.Plan(context.Background(), sync.TriggerRequest); again.Err != nil || again.Plan.HasChanges() {
				t.Errorf("the next plan is %v %v", sketch(again.Plan), again.Err)
			}
		})
	}
}
