package metrics

import (
	"bytes"
	"context"
	"flag"
	"html/template"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// screenshots is a folder to keep pictures of the pages in, for people to look at.
var screenshots = flag.String("screenshots", "", "folder to keep pictures of the pages in")

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

// browse runs Chromium, and returns what it prints and what it complains of.
func browse(t *testing.T, arguments ...string) (out, complaints string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, browser(t), append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
	}, arguments...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

const evilName = `<script>document.title = "hacked"</script><img src=x onerror="document.title = 'hacked'">`

// evilServer serves pages of which every text is hostile, among others.
func evilServer(t *testing.T) (base string, objects []Object) {
	t.Helper()
	status := shownStatus()
	status.Watched = append(status.Watched, "blueprints/"+evilName)
	status.Problems = append(status.Problems, evilName)
	status.Blueprints = append(status.Blueprints, Blueprint{File: evilName, State: tree.Invalid, Errors: []string{evilName}, Warnings: []string{evilName}})
	status.Passes = append(status.Passes, Pass{Trigger: sync.TriggerStart, Result: sync.Unmade, Error: evilName})
	status.Kinds = append(status.Kinds, Kind{Model: evilName, Title: evilName})
	status.Objects = append(status.Objects, Object{Model: model, Title: evilName, Name: evilName, State: sync.Amiss, Error: evilName, Changes: []report.Line{{Sign: "~", Text: "name: " + evilName}}, Source: tree.Place{File: evilName}})
	page, err := NewHTTP(Config{
		Metrics: New("1.2.3", "abc"), Health: func() Health { return status.Health }, Status: func() Status { return status },
		Detail: func(Object) Detail { return evilDetail(t) }, Sync: func() {}, Logger: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	return server.URL, status.Objects
}

func evilDetail(t *testing.T) Detail {
	t.Helper()
	picture := graph.Picture{Title: evilName, Graphs: []graph.Graph{{
		Nodes: []graph.Node{{Kind: "flow", Name: evilName}, {Kind: "order", Name: "10", Small: true, Mark: graph.Creates}, {Kind: "password stage", Name: "login", Mark: graph.Changes}},
		Edges: []graph.Edge{{From: 0, To: 1}, {From: 1, To: 2, Label: evilName}},
	}}}
	var drawn strings.Builder
	if err := picture.Inline(&drawn); err != nil {
		t.Fatal(err)
	}
	lines := []report.Line{{Sign: "~", Text: "title: " + evilName}, {Sign: "-", Text: "  old"}, {Sign: "+", Text: "  new"}, {Sign: " ", Text: "  stays"}}
	return Detail{
		Fields: []Field{
			{Name: "title", Declared: []string{`"` + evilName + `"`}, Live: []string{"null"}},
			{Name: "expression", Declared: []string{"import this", "", "return " + strings.Repeat("x", 90)}, Same: true},
			{Name: "client_secret", Declared: []string{"(sensitive)"}, Same: true},
		},
		Diff: lines, Users: []string{evilName}, Warnings: []string{evilName}, Picture: template.HTML(drawn.String()),
		Events:     []Event{{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Action: "update", Why: "the declaration was edited", Trigger: sync.TriggerFile, Commit: "0123456789ab", Lines: lines}},
		EventsNote: evilName,
	}
}

// A real browser makes of names that hold HTML nothing but text, takes the
// style, and runs no script.
func TestPageInABrowser(t *testing.T) {
	base, objects := evilServer(t)
	for path, shown := range map[string]int{"/": 12, "/objects": 5, linkTo(objects[0]): 7} {
		text, complaints := browse(t, "--window-size=400,900", "--enable-logging=stderr", "--dump-dom", base+path)
		if title := regexp.MustCompile(`<title>(.*)</title>`).FindStringSubmatch(text); title == nil || !strings.HasPrefix(title[1], "aksync: ") {
			t.Errorf("%s: the title is %q", path, title)
		}
		if strings.Contains(text, "<script") || strings.Contains(text, "<img") {
			t.Errorf("%s: a name became an element:\n%s", path, text)
		}
		if seen := strings.Count(text, "&lt;script&gt;"); seen < shown {
			t.Errorf("%s: the name is shown %d times:\n%s", path, seen, text)
		}
		if strings.Contains(complaints, "Content Security Policy") {
			t.Errorf("%s: the browser refuses a part of the page: %s", path, complaints)
		}
	}
}

// Each page is light and dark as its reader has it, on a phone and on a desk. What the
// pictures look like somebody has to see: -screenshots keeps them.
func TestScreenshots(t *testing.T) {
	base, objects := evilServer(t)
	folder := *screenshots
	if folder == "" {
		folder = t.TempDir()
	}
	for name, path := range map[string]string{"front": "/", "object": linkTo(objects[1])} {
		for scheme, setting := range map[string]string{"dark": "0", "light": "1"} {
			for _, width := range []int{400, 1200} {
				file := filepath.Join(folder, name+"-"+scheme+"-"+strconv.Itoa(width)+".png")
				browse(t, "--blink-settings=preferredColorScheme="+setting, "--window-size="+strconv.Itoa(width)+",1800", "--screenshot="+file, base+path)
				if isDark := cornerIsDark(t, file); isDark != (scheme == "dark") {
					t.Errorf("%s is dark: %v", filepath.Base(file), isDark)
				}
			}
		}
	}
}

// cornerIsDark looks at the background of a picture.
func cornerIsDark(t *testing.T, path string) bool {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	red, _, _, _ := picture.At(2, 2).RGBA()
	return red < 1<<15
}
