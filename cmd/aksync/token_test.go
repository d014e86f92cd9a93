package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

const secretToken = "a-token-that-nobody-may-see-0001"

// output gathers what a command prints, from several goroutines.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}

// echo answers everything with what it was sent, the token included.
func echo(status int, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "https://elsewhere.example.com/"+r.Header.Get("Authorization"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"detail": "`+r.Header.Get("Authorization")+`", "name": ["`+r.Header.Get("Authorization")+`"]}`)
	}
}

// The token is in no output of any command, in no metric and on no page, at
// the highest log level, whatever the server answers.
func TestTheTokenIsNowhere(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	good, err := devserver.NewSeeded(devserver.Config{Schema: s, Admin: secretToken})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	tokenFile := filepath.Join(folder, "token")
	blueprint := "version: 1\nentries:\n" +
		"- {model: authentik_stages_password.passwordstage, identifiers: {name: a}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n" +
		"- {model: authentik_stages_password.passwordstage, identifiers: {name: !Env AUTHENTIK_TOKEN}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n" +
		"- {model: authentik_stages_password.passwordstage, identifiers: {name: !File " + tokenFile + "}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n"
	for name, text := range map[string]string{"token": secretToken + "\n", "a.yaml": blueprint} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AUTHENTIK_TOKEN", secretToken)
	servers := map[string]http.Handler{
		"good": good, "400": echo(400, "application/json"), "403": echo(403, "application/json"),
		"html": echo(200, "text/html"), "garbage": echo(200, "application/json"), "redirect": echo(302, "text/html"), "501": echo(501, "application/json"),
	}
	for name, handler := range servers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			t.Setenv("AUTHENTIK_URL", server.URL)
			for _, args := range [][]string{
				{"plan"}, {"plan", "-o", "json", "--all"}, {"apply"}, {"validate"}, {"validate", "-o", "json"},
				{"plan", "--token-file", tokenFile}, {"version"}, {"help", "plan"}, {"schema"},
			} {
				var out output
				if len(args) > 0 && (args[0] == "plan" || args[0] == "apply") {
					args = append(args, "--log-level", "debug")
				}
				if args[0] != "version" && args[0] != "help" && args[0] != "schema" {
					args = append(args, folder)
				}
				execute(t.Context(), args, &out, &out)
				if text := out.String(); text == "" || strings.Contains(text, secretToken) {
					t.Errorf("aksync %s prints the token, or nothing:\n%s", strings.Join(args, " "), text)
				}
			}
			checkDaemon(t, folder)
		})
	}
}

// checkDaemon runs the daemon until it has made a pass, and searches its log,
// its metrics and its page.
func checkDaemon(t *testing.T, folder string) {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out output
	done := make(chan int)
	go func() {
		done <- execute(ctx, []string{"run", "--listen", address, "--log-level", "debug", folder}, &out, &out)
	}()
	var seen string
	passed := regexp.MustCompile(`aksync_sync_duration_seconds_count [1-9]`) // there can be more than one already
	for end := time.Now().Add(awaitAtMost); !passed.MatchString(seen) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		seen = fetch(t, "http://"+address+"/metrics")
	}
	if !passed.MatchString(seen) {
		t.Errorf("the daemon made no pass:\n%s", out.String())
	}
	for _, path := range []string{"/", "/-/ready", "/-/healthy"} {
		seen += fetch(t, "http://"+address+path)
	}
	stop()
	<-done
	if all := seen + out.String(); strings.Contains(all, secretToken) {
		t.Errorf("the daemon shows the token:\n%s", all)
	}
}

func fetch(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answerOf(request)
}
