package schema_test

import (
	"testing"

	"github.com/aksync/aksync/schema"
)

// An image is compared by the URL that the server shows of it, and no image with the
// picture that it shows instead.
func TestSameImage(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	for _, tt := range []struct {
		model, field   string
		declared, live any
		same           bool
	}{
		{"authentik_sources_plex.plexsource", "icon", "", "/static/authentik/sources/plex.svg", true},
		{"authentik_sources_plex.plexsource", "icon", "", "https://example.com/a.png", false},
		{"authentik_sources_oauth.oauthsource", "icon", "", "/static/authentik/sources/discord.svg", true},
		{"authentik_sources_oauth.oauthsource", "icon", "/static/authentik/sources/discord.svg", "/static/authentik/sources/discord.svg", true},
		{"authentik_flows.flow", "background", "", "/authentik/static/dist/assets/images/flow_background.jpg", true},
		{"authentik_flows.flow", "background", "images/a.png", "/media/public/images/a.png", true},
		{"authentik_core.application", "icon", "", nil, true},
		{"authentik_core.application", "icon", "", "/static/dist/a.png", false},
	} {
		if same := s.Kind(tt.model).Fields.Field(tt.field).Same(tt.declared, tt.live); same != tt.same {
			t.Errorf("%s of a %s: declared %q, live %v: same is %t", tt.field, tt.model, tt.declared, tt.live, same)
		}
	}
}
