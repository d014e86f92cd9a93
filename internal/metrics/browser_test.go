package metrics

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// browser gives Chromium's command, or skips the test where there is none:
// Debian's package is chromium.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium on this machine")
	return ""
}

// A real browser makes of names that hold HTML nothing but text, takes the
// style, and runs no script.
func TestPageInABrowser(t *testing.T) {
	const evil = `<script>document.title = "hacked"</script><img src=x onerror="document.title = 'hacked'">`
	status := Status{
		Version: "1.2.3", Watched: []string{"blueprints/" + evil}, Health: Health{PassEnded: true, Server: Server{URL: "https://auth.example.com", Reached: true}},
		Blueprints: []Blueprint{{File: evil, State: tree.Invalid, Errors: []string{evil}, Warnings: []string{evil}}},
		Objects:    []Object{{Name: evil, State: sync.Amiss, Error: evil, Changes: []string{"name: " + evil}}},
		Passes:     []Pass{{Trigger: sync.TriggerStart, Result: sync.Unmade, Error: evil}},
	}
	page, err := NewHTTP(Config{
		Metrics: New("1.2.3", "abc"), Health: func() Health { return status.Health }, Status: func() Status { return status }, Sync: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page.Handler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, browser(t), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--window-size=400,900", "--dump-dom", server.URL)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	dom, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	text := string(dom)
	if title := regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(text); title == nil || !strings.HasPrefix(title[1], "aksync") {
		t.Errorf("the title is %q", title)
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "<img") {
		t.Errorf("a name became an element:\n%s", text)
	}
	if seen := strings.Count(text, "&lt;script&gt;"); seen < 7 {
		t.Errorf("the name is shown %d times:\n%s", seen, text)
	}
	if refused := complaints.String(); strings.Contains(refused, "Content Security Policy") {
		t.Errorf("the browser refuses a part of the page: %s", refused)
	}
}
