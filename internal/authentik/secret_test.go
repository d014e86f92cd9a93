package authentik

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/secret"
)

// What the caller calls secret is in no error and no log, whatever the server does with
// it; the server's other words are.
func TestSecretComesBack(t *testing.T) {
	const hidden = "hunter2 \"of\" two"
	inJSON, err := json.Marshal(hidden)
	if err != nil {
		t.Fatal(err)
	}
	for name, handle := range map[string]http.HandlerFunc{
		"a message":       text(400, typeJSON, `{"name":[`+string(inJSON)+`,"word"],"detail":`+string(inJSON)+`}`),
		"a key":           text(400, typeJSON, `{`+string(inJSON)+`:["word"]}`),
		"text":            text(502, "text/plain", "word "+hidden),
		"text, truncated": text(502, "text/plain", "word "+hidden[:12]),
		"again and again": text(503, typeJSON, `{"detail":"word `+url.QueryEscape(hidden)+`"}`, "Retry-After", "0"),
		"a redirect":      text(302, "", "", "Location", "/word/hunter2%20%22of%22%20two/"),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c := newTestClient(t, serve(t, handle).URL, func(cfg *Config, _ *tuning) { cfg.Logger = zerolog.New(&log) })
			_, err := c.Create(secret.With(context.Background(), hidden), stages, Object{"name": hidden})
			if err == nil {
				t.Fatal("no error")
			}
			if told := err.Error() + log.String(); strings.Contains(told, "hunter") || !strings.Contains(told, "word") || !strings.Contains(told, secret.Mark) {
				t.Errorf("it tells %s", told)
			}
		})
	}
}
