package authentik

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTokenFile replaces the file between requests.
func TestTokenFile(t *testing.T) {
	var got []string
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		answerJSON(w, 200, `{}`)
	})
	file := filepath.Join(t.TempDir(), "token")
	c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) { cfg.Token = TokenFile(file) })
	for _, content := range []string{"first-token", "second-token\n", "third-token\r\n\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"Bearer first-token", "Bearer second-token", "Bearer third-token"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, err := c.Create(t.Context(), stages, Object{})
	if err == nil || !strings.Contains(err.Error(), "--token-file (AUTHENTIK_TOKEN_FILE)") || mayHaveHappened(err) {
		t.Errorf("error is %v", err)
	}
}

// TestTokenBetweenAttempts replaces the token while a request is repeated.
func TestTokenBetweenAttempts(t *testing.T) {
	token := "first-token"
	var got []string
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		if token == "second-token" {
			answerJSON(w, 200, `{}`)
			return
		}
		token = "second-token"
		answerJSON(w, 502, `{}`)
	})
	c := newTestClient(t, srv.URL, func(cfg *Config, _ *tuning) {
		cfg.Token = func() (string, error) { return token, nil }
	})
	if _, err := c.Retrieve(t.Context(), stages, key); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Bearer first-token", "Bearer second-token"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
