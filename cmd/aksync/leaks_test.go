package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/exemplar"
	"github.com/aksync/aksync/schema"
)

// newest is the version that has the most kinds.
const newest = "2026.2.2"

// The marks stand in each sensitive field of each kind: of what is declared, of what
// is declared later, and of what the server has.
const (
	declared = "zqDeclared"
	later    = "zqAnother"
	live     = "zqLiveOne"

	// shown stands in the name of each object, which anybody may see.
	shown = "zqShown"
)

// TestNoSecretLeaves makes an object of each kind that has a field that nobody may
// read, and puts a mark into each of those fields; it goes through all that the
// program writes, and no mark is in any of it. A field is sensitive or not by the
// schema alone: a new one is tried here as soon as it is there.
func TestNoSecretLeaves(t *testing.T) {
	t.Setenv("AUTHENTIK_TOKEN", devserver.DevToken)
	t.Setenv("GITHUB_ACTIONS", "true")
	l := newLeaks(t)

	t.Run("create, and change", func(t *testing.T) {
		folder := l.folder(t, l.declaring(declared))
		l.offline(t, folder)
		l.plans(t, l.front.URL, folder)
		l.saved(t, l.front.URL, folder)
		l.plans(t, l.front.URL, l.folder(t, l.declaring(later)))
		l.saved(t, l.front.URL, l.folder(t, l.declaring(later)))
		l.exports(t)
	})
	l.putLive(t)
	t.Run("what the server has", func(t *testing.T) {
		folder := l.folder(t, l.declaring(declared))
		l.plans(t, l.front.URL, folder)
		l.exports(t)
		l.daemon(t, l.front.URL, folder, "--dry-run")
	})
	for _, how := range repetitions() {
		t.Run("a server that answers "+how.name, func(t *testing.T) {
			l.putLive(t)
			front := httptest.NewServer(l.repeating(how))
			defer front.Close()
			out := l.run(t, exitError, "apply", "--log-level", "debug", "--parallelism", "64", "--url", front.URL, l.folder(t, l.declaring(declared)))
			if !strings.Contains(out, "(sensitive)") || !strings.Contains(out, "zqWord") {
				t.Errorf("nothing is left of what the server says:\n%s", out)
			}
		})
	}
	t.Run("the daemon of such a server", func(t *testing.T) {
		front := httptest.NewServer(l.repeating(repetitions()[0]))
		defer front.Close()
		memory := t.TempDir()
		l.daemon(t, front.URL, l.folder(t, l.declaring(declared)), "--history", memory)
		l.remembered(t, memory, `"result":"failed"`)
	})
	t.Run("what the daemon changes", func(t *testing.T) {
		l.putLive(t)
		memory := t.TempDir()
		l.daemon(t, l.front.URL, l.folder(t, l.declaring(later)), "--history", memory)
		l.remembered(t, memory, `"result":"done"`)
	})
	for name, text := range l.mistakes() {
		t.Run("a mistake: "+name, func(t *testing.T) {
			folder := l.folder(t, map[string]string{name: text})
			for _, output := range []string{"text", "json", "sarif"} {
				l.run(t, exitError, "validate", "-o", output, folder)
			}
			l.run(t, exitError, "plan", "--log-level", "debug", "--url", l.front.URL, folder)
		})
	}
}

// leaks are the kinds that have fields which nobody may read, and a server.
type leaks struct {
	schema *schema.Schema
	kinds  []*schema.Kind
	// fields are those of an object of each, names whether a field finds it, and put
	// the primary key of the one that is in the server; all by model.
	fields map[string]map[string]any
	names  map[string]func(string) bool
	put    map[string]string
	server *devserver.Server
	front  *httptest.Server
}

func newLeaks(t *testing.T) *leaks {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := devserver.NewSeeded(devserver.Config{Schema: s, Version: newest})
	if err != nil {
		t.Fatal(err)
	}
	l := &leaks{schema: s.At(newest), server: server, fields: map[string]map[string]any{}, names: map[string]func(string) bool{}, put: map[string]string{}}
	l.front = httptest.NewServer(server)
	t.Cleanup(l.front.Close)
	makes := exemplar.Of(t, l.schema, server, nil)
	for _, kind := range l.schema.Managed() {
		if kind.Create && len(kind.Hidden()) > 0 {
			e := makes.For(kind)
			l.kinds = append(l.kinds, kind)
			l.names[kind.Model], l.fields[kind.Model] = e.Names, e.Fields(0, func(field *schema.Field) bool { return field.Name != kind.ID })
		}
	}
	return l
}

// marked are the fields of an object of the kind, with the mark in each one that
// nobody may read, and with the characters that each encoding writes otherwise.
func (l *leaks) marked(kind *schema.Kind, mark string) map[string]any {
	fields := maps.Clone(l.fields[kind.Model])
	if kind.Key != "" {
		fields[kind.Key] = shown + "-" + strings.ReplaceAll(kind.Title, " ", "-")
	}
	for _, name := range kind.Hidden() {
		field := kind.Fields.Field(name)
		text := mark + " of " + kind.Title + " '" + name + "' <&ä+/\\>"
		switch {
		case strings.HasSuffix(name, "_url"):
			fields[name] = "https://example.com/" + mark + "-" + name
		case field.Type == schema.JSON:
			fields[name] = map[string]any{"user": "x", "inner": []any{text}, "port": 22}
		default:
			fields[name] = text + "\n" + mark + " second line"
		}
	}
	return fields
}

// declaring is a blueprint of one object of each kind.
func (l *leaks) declaring(mark string) map[string]string {
	return l.blueprint(func(kind *schema.Kind) map[string]any { return l.marked(kind, mark) })
}

func (l *leaks) blueprint(fields func(*schema.Kind) map[string]any) map[string]string {
	var entries []any
	for _, kind := range l.kinds {
		identifiers, attrs := map[string]any{}, map[string]any{}
		for name, value := range fields(kind) {
			if l.names[kind.Model](name) {
				identifiers[name] = value
			} else {
				attrs[name] = value
			}
		}
		entries = append(entries, map[string]any{"model": kind.Model, "identifiers": identifiers, "attrs": attrs})
	}
	text, _ := json.MarshalIndent(map[string]any{"version": 1, "entries": entries}, "", "  ")
	return map[string]string{"all.yaml": string(text)}
}

func (l *leaks) folder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(folder, name), text, 0o600)
	}
	return folder
}

// putLive gives the server objects with marks of its own.
func (l *leaks) putLive(t *testing.T) {
	t.Helper()
	for _, kind := range l.kinds {
		fields := l.marked(kind, live)
		for _, object := range l.server.All(kind.Model) {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(fields)), func(name string) bool {
				return l.names[kind.Model](name) && !slices.Contains(kind.Hidden(), name) && fmt.Sprint(object[name]) != fmt.Sprint(fields[name])
			}) {
				l.put[kind.Model] = fmt.Sprint(object[kind.ID])
			}
		}
		pk, err := l.server.Put(kind.Model, l.put[kind.Model], fields)
		if err != nil {
			t.Fatal(err)
		}
		l.put[kind.Model] = pk
	}
}

// run runs a command line, and wants no mark in what it writes.
func (l *leaks) run(t *testing.T, status int, args ...string) string {
	t.Helper()
	var out, errs output
	got := execute(t.Context(), args, &out, &errs)
	if status != anyStatus && got != status {
		t.Errorf("%s: the exit status is %d, want %d:\n%.2000s\n%.2000s", args, got, status, out.String(), errs.String())
	}
	wantNone(t, strings.Join(args, " "), out.String()+errs.String())
	return out.String() + errs.String()
}

const anyStatus = -1

// wantNone wants no mark in a text, in whatever encoding.
func wantNone(t *testing.T, what, text string) {
	t.Helper()
	for _, mark := range []string{declared, later, live} {
		for name, form := range map[string]string{
			"as it is": mark, "hex": hex.EncodeToString([]byte(mark)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(mark))),
			"base64": inBase64(mark, 0), "base64 after a byte": inBase64(mark, 1), "base64 after two": inBase64(mark, 2),
		} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s: it shows a secret, %s: …%s…", what, name, text[max(0, at-300):min(len(text), at+100)])
			}
		}
	}
}

// inBase64 is what of a text in base64 it alone decides on, after some bytes of
// something else.
func inBase64(text string, before int) string {
	encoded := base64.StdEncoding.EncodeToString(append(make([]byte, before), text...))
	return encoded[(8*before+5)/6 : 8*(before+len(text))/6]
}

func (l *leaks) offline(t *testing.T, folder string) {
	for _, output := range []string{"text", "json", "sarif"} {
		l.run(t, exitDone, "validate", "-o", output, folder)
	}
}

// plans wants each form of a plan to show what may be seen, and nothing else.
func (l *leaks) plans(t *testing.T, url, folder string) {
	t.Helper()
	for i, output := range []string{"text", "json", "markdown"} {
		out := l.run(t, exitDone, "plan", "--all", "-o", output, "--log-level", "debug", "--log-format", []string{"text", "json"}[i%2], "--url", url, folder)
		if !strings.Contains(out, shown) || !strings.Contains(out, "sensitive") {
			t.Errorf("the plan as %s does not even show what may be seen:\n%s", output, out)
		}
	}
}

// saved saves a plan and does what it says.
func (l *leaks) saved(t *testing.T, url, folder string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.json")
	l.run(t, exitDone, "plan", "--out", file, "--url", url, folder)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantNone(t, "the saved plan", string(text))
	if !strings.Contains(string(text), `"secrets"`) {
		t.Error("the saved plan has no secrets to be taken from the blueprints")
	}
	out := l.run(t, anyStatus, "apply", "--yes", "--log-level", "debug", "--plan", file, "--url", url, folder)
	counts := regexp.MustCompile(`(\d+) created, (\d+) updated`).FindStringSubmatch(out)
	if counts == nil || counts[1] == "0" && counts[2] == "0" {
		t.Errorf("nothing is done:\n%s", out)
	}
	made := 0
	for _, kind := range l.kinds {
		if strings.Contains(fmt.Sprint(l.server.All(kind.Model)), shown) {
			made++
		}
	}
	if made < len(l.kinds)/2 { // some want a licence, or a key that is one
		t.Errorf("%d of %d kinds have an object:\n%s", made, len(l.kinds), out)
	}
}

func (l *leaks) exports(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{}, {"-o", "cue"}, {"--full"}} {
		out := l.run(t, exitDone, append([]string{"export", "--log-level", "debug", "--url", l.front.URL, shown + "*"}, args...)...)
		if !strings.Contains(out, shown) {
			t.Errorf("the export shows nothing:\n%s", out)
		}
	}
}

// daemon runs the daemon until a pass has ended, and looks at all it serves and logs.
func (l *leaks) daemon(t *testing.T, url, folder string, more ...string) {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out output
	done := make(chan int, 1)
	go func() {
		args := []string{"run", "--listen", address, "--log-level", "debug", "--log-format", "json", "--parallelism", "64", "--url", url}
		done <- execute(ctx, append(append(args, more...), folder), &out, &out)
	}()
	served := ""
	for _, path := range []string{"/-/ready", "/metrics", "/"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer := answerOf(request)
		for end := time.Now().Add(awaitAtMost); !strings.HasPrefix(answer, "200") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			answer = answerOf(request)
		}
		served += answer
	}
	stop()
	if status := <-done; status != exitDone {
		t.Errorf("the daemon ended with %d", status)
	}
	wantNone(t, "what the daemon serves", served)
	wantNone(t, "what the daemon logs", out.String())
	if !strings.Contains(served, shown) || !strings.Contains(out.String(), shown) {
		t.Errorf("the daemon shows nothing:\n%s\n%s", served, out.String())
	}
}

// remembered looks at all that the daemon remembers, and how it is shown.
func (l *leaks) remembered(t *testing.T, memory, want string) {
	t.Helper()
	files, err := os.ReadDir(memory)
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(memory, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
	}
	wantNone(t, "what the daemon remembers", all)
	if !strings.Contains(all, want) {
		t.Errorf("the daemon remembers no %s:\n%s", want, all)
	}
	for _, output := range []string{"text", "json"} {
		l.run(t, exitDone, "history", "--history", memory, "-o", output)
	}
}

// repetition is how a server repeats what it was sent.
type repetition struct {
	name   string
	answer func(w http.ResponseWriter, first bool, words []string)
}

func repetitions() []repetition {
	inJSON := func(w http.ResponseWriter, status int, words []string) {
		body := map[string]any{"detail": words[0], "name": words}
		for _, word := range words {
			body[word] = []string{"zqWord"}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	return []repetition{
		{"400", func(w http.ResponseWriter, _ bool, words []string) { inJSON(w, http.StatusBadRequest, words) }},
		{"429, and then 400", func(w http.ResponseWriter, first bool, words []string) {
			status := http.StatusBadRequest
			if first {
				w.Header().Set("Retry-After", "0")
				status = http.StatusTooManyRequests
			}
			inJSON(w, status, words)
		}},
		{"500 with text", func(w http.ResponseWriter, _ bool, words []string) {
			http.Error(w, "zqWord "+words[0], http.StatusInternalServerError)
		}},
		{"502 with text", func(w http.ResponseWriter, _ bool, words []string) {
			http.Error(w, "zqWord "+words[1], http.StatusBadGateway)
		}},
	}
}

// repeating passes on what only reads, and repeats what was to be written, with what
// the object has.
func (l *leaks) repeating(how repetition) http.Handler {
	var mutex gosync.Mutex
	seen := map[string]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			l.server.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		own := httptest.NewRecorder()
		if r.Method != http.MethodPost { // there it would be what others have
			look := r.Clone(r.Context())
			look.Method, look.Body = http.MethodGet, http.NoBody
			l.server.ServeHTTP(own, look)
		}
		mutex.Lock()
		first := !seen[r.URL.Path]
		seen[r.URL.Path] = true
		mutex.Unlock()
		words := []string{"zqWord " + string(body), "zqWord " + base64.StdEncoding.EncodeToString(body)}
		for _, text := range append(texts(body), texts(own.Body.Bytes())...) {
			words = append(words, encodings(text)...)
		}
		how.answer(w, first, words)
	})
}

// texts are those in a JSON object that have a mark.
func texts(body []byte) []string {
	var found []string
	var look func(any)
	look = func(value any) {
		switch value := value.(type) {
		case string:
			if strings.Contains(value, "zq") && !strings.Contains(value, shown) {
				found = append(found, value)
			}
		case []any:
			for _, element := range value {
				look(element)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				look(value[name])
			}
		}
	}
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		look(object)
	}
	return found
}

// encodings are a text as servers quote it.
func encodings(text string) []string {
	inJSON, _ := json.Marshal(text)
	inner, _ := json.Marshal(string(inJSON))
	python := "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(text) + "'"
	return []string{
		text, strings.TrimSpace(text), strings.Split(text, "\n")[0], text[:12] + "…", string(inJSON), string(inner), strconv.Quote(text), python,
		url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text), hex.EncodeToString([]byte(text)),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte("user:" + text)),
	}
}

// mistakes are files in which sensitive fields are not as they have to be.
func (l *leaks) mistakes() map[string]string {
	wrong := l.blueprint(func(kind *schema.Kind) map[string]any {
		fields := l.marked(kind, declared)
		for _, name := range kind.Hidden() {
			if kind.Fields.Field(name).Type == schema.JSON {
				fields[name] = declared
			} else {
				fields[name] = []any{fields[name]}
			}
		}
		return fields
	})
	right := l.declaring(declared)["all.yaml"]
	mark := regexp.MustCompile(`"[^"]*` + declared + `(?:[^"\\]|\\.)*"`)
	return map[string]string{
		"types.yaml":    wrong["all.yaml"],
		"anchor.yaml":   mark.ReplaceAllString(right, "*"+declared),
		"conflict.cue":  mark.ReplaceAllString(right, `($0 & "`+later+`")`),
		"bound.cue":     mark.ReplaceAllString(right, `(=~"^`+later+`" & $0)`),
		"syntax.cue":    mark.ReplaceAllString(right, `$0 $0`),
		"whole.cue":     strings.TrimSuffix(strings.TrimSpace(right), "}") + `, entries: "no list"}`,
		"elsewhere.cue": "_from: {it: \"" + declared + "\" & 5}\n" + mark.ReplaceAllString(strings.TrimSuffix(strings.TrimPrefix(right, "{"), "}"), "_from.it"),
	}
}
