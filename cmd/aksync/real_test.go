package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

// realServer is a server of authentik that the scripts of testdata/real may change as
// they like, and what else there is of it. CONTRIBUTING says how to get one.
type realServer struct {
	url, token string
	// reset is a command that makes the server as it was when it was new; it ends when
	// the server answers again. May be empty.
	reset string
	// native is a command that applies the files named after it with authentik's own
	// engine, and rows one that prints all that is in the database. May be empty.
	native, rows string
	// upgrade is a command that makes the server one of the version given to it, with all
	// that is in its database. May be empty.
	upgrade string

	version string
	// embedded makes the embedded server, where that stands for one, a new one of a
	// version.
	embedded func(version string) error
}

// realFromEnvironment reads what the environment says; nil where it names no server.
func realFromEnvironment() *realServer {
	s := realServer{
		url: strings.TrimSuffix(os.Getenv("AKSYNC_E2E_URL"), "/"), token: os.Getenv("AKSYNC_E2E_TOKEN"),
		reset: os.Getenv("AKSYNC_E2E_RESET"), native: os.Getenv("AKSYNC_E2E_NATIVE"), rows: os.Getenv("AKSYNC_E2E_ROWS"),
		upgrade: os.Getenv("AKSYNC_E2E_UPGRADE"),
	}
	if s.url == "" || s.token == "" {
		return nil
	}
	return &s
}

// The scripts of testdata/real against a real authentik, one after the other. Beside
// api and await of the other scripts they know
//
//	show PATH FIELD…   print fields of the one object that the path gives, lists sorted
//	take NAME PATH FIELD
//	                   put a field of such an object into the environment
//	reset              make the server as it was when it was new
//	clean FOLDER…      delete what blueprints say is absent, in use or not
//	native FILE…       apply blueprints with authentik's own engine
//	rows               print all that is in authentik's database
//	become VERSION     upgrade the server to that version; one that is newer stays
//
// and the conditions [since:VERSION] for the server's version, [embedded], and [reset],
// [native] (and rows) and [become] for the commands of these names.
func TestReal(t *testing.T) {
	real := realFromEnvironment()
	if real == nil {
		t.Skip("set AKSYNC_E2E_URL and AKSYNC_E2E_TOKEN to run it against an authentik that may be overwritten: see CONTRIBUTING.md")
	}
	runReal(t, real)
}

// The scripts hold for the embedded server, too, so far as it is one of authentik's
// versions: what is wrong with a script itself is seen without a server.
func TestRealScripts(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range s.Versions {
		t.Run(version, func(t *testing.T) {
			var embedded atomic.Pointer[devserver.Server]
			fresh := func(version string) error {
				server, err := devserver.NewSeeded(devserver.Config{Schema: s, Version: version})
				embedded.Store(server)
				return err
			}
			if err := fresh(version); err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { embedded.Load().ServeHTTP(w, r) }))
			defer front.Close()
			runReal(t, &realServer{url: front.URL, token: devserver.DevToken, embedded: fresh})
		})
	}
}

func runReal(t *testing.T, real *realServer) {
	t.Helper()
	scripts, err := filepath.Glob("../../testdata/real/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts: ", err)
	}
	if err := real.begin(); err != nil {
		t.Fatal(err)
	}
	t.Logf("authentik %s at %s", real.version, real.url)
	for _, script := range scripts {
		// testscript runs what it is given side by side: each has the server to itself.
		name := strings.TrimSuffix(filepath.Base(script), ".txtar")
		t.Run(name, func(t *testing.T) { testscript.Run(t, real.params(script)) })
	}
}

// begin makes the server new where that is possible, and asks for its version.
func (s *realServer) begin() error {
	if s.reset != "" {
		if out, err := exec.Command("sh", "-c", s.reset).CombinedOutput(); err != nil {
			return fmt.Errorf("AKSYNC_E2E_RESET: %w: %s", err, out)
		}
	}
	return s.ask()
}

// ask asks the server for its version.
func (s *realServer) ask() error {
	status, answer, err := (&scriptServer{url: s.url, token: s.token}).ask(http.MethodGet, "admin/version/", "")
	if err != nil {
		return err
	}
	var has struct {
		Version string `json:"version_current"`
	}
	if err := json.Unmarshal(answer, &has); err != nil || has.Version == "" {
		return fmt.Errorf("%s gives no version to the token of AKSYNC_E2E_TOKEN: %d %s", s.url, status, answer)
	}
	s.version = has.Version
	return nil
}

func (s *realServer) params(script string) testscript.Params {
	return testscript.Params{
		Files:               []string{script},
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Values[serverKey{}] = &scriptServer{url: s.url, token: s.token}
			env.Setenv("AUTHENTIK_URL", s.url)
			env.Setenv("AUTHENTIK_TOKEN", "")
			// What is in the environment is in the log of a script that fails.
			token := filepath.Join(env.WorkDir, ".token")
			env.Setenv("AUTHENTIK_TOKEN_FILE", token)
			if err := os.WriteFile(token, []byte(s.token), 0o600); err != nil {
				return err
			}
			env.Setenv("VERSION", s.version)
			root, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("ROOT", root)
			address, err := freeAddress()
			env.Setenv("ADDRESS", address)
			return err
		},
		Condition: s.holds,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api":    callAPI,
			"await":  await,
			"show":   show,
			"take":   take,
			"clean":  clean,
			"reset":  s.makeNew(s.version),
			"native": s.command(s.native),
			"rows":   s.command(s.rows),
			"become": s.become,
		},
	}
}

// holds reports whether a condition of a script holds.
func (s *realServer) holds(condition string) (bool, error) {
	since, isSince := strings.CutPrefix(condition, "since:")
	switch {
	case isSince:
		return !schema.Before(s.version, since), nil
	case condition == "embedded":
		return s.embedded != nil, nil
	case condition == "reset":
		return s.reset != "" || s.embedded != nil, nil
	case condition == "native":
		return s.native != "" && s.rows != "" && s.reset != "", nil
	case condition == "become":
		return s.upgrade != "" && s.reset != "" || s.embedded != nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", condition)
}

// command makes a command of scripts, for files, of one of the shell.
func (s *realServer) command(line string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("it may not fail")
		}
		for i, arg := range args {
			args[i] = ts.MkAbs(arg)
		}
		shell(ts, line, args)
	}
}

// shell runs a command of the environment.
func shell(ts *testscript.TestScript, line string, args []string) {
	if line == "" {
		ts.Fatalf("there is no such command for this server")
	}
	ts.Check(ts.Exec("sh", append([]string{"-c", line + ` "$@"`, "sh"}, args...)...))
}

// makeNew makes the command reset, of a server that began with the version.
func (s *realServer) makeNew(version string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if s.embedded != nil {
			ts.Check(s.embedded(version))
		} else {
			s.command(s.reset)(ts, neg, args)
		}
		ts.Check(s.ask())
		ts.Setenv("VERSION", s.version)
	}
}

// become upgrades the server. Of an embedded one nothing is kept.
func (s *realServer) become(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: become VERSION")
	}
	if !schema.Before(s.version, args[0]) {
		return
	}
	if s.embedded != nil {
		ts.Check(s.embedded(args[0]))
	} else {
		shell(ts, s.upgrade, args)
	}
	ts.Check(s.ask())
	if schema.Before(s.version, args[0]) {
		ts.Fatalf("the server is still one of %s", s.version)
	}
	ts.Setenv("VERSION", s.version)
}

// clean deletes what blueprints say is absent: one after the other, since authentik
// refuses some of what it is told to delete at once.
func clean(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: clean FOLDER…")
	}
	ts.Check(ts.Exec("aksync", append([]string{"apply", "--yes", "--allow-in-use", "--max-deletes", "100%", "--parallelism", "1"}, args...)...))
}

// show prints fields of an object, one a line, in a form that can be compared: whoever
// lists elements may do it in any order.
func show(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: show PATH FIELD…")
	}
	object := objectAt(ts, args[0])
	for _, name := range args[1:] {
		value := object[name]
		if list, isList := value.([]any); isList {
			slices.SortFunc(list, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		text, err := json.Marshal(value)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, text)
	}
}

// take puts a field of an object into the environment.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: take NAME PATH FIELD")
	}
	value, has := objectAt(ts, args[1])[args[2]]
	if !has {
		ts.Fatalf("%s has no %s", args[1], args[2])
	}
	text, isText := value.(string)
	if !isText {
		encoded, err := json.Marshal(value)
		ts.Check(err)
		text = string(encoded)
	}
	ts.Setenv(args[0], text)
}

// objectAt gives the one object at a path of the API, or in the list there.
func objectAt(ts *testscript.TestScript, path string) map[string]any {
	status, answer, err := serverOf(ts).ask(http.MethodGet, path, "")
	ts.Check(err)
	var object map[string]any
	if err := json.Unmarshal(answer, &object); err != nil || status != http.StatusOK {
		ts.Fatalf("%s: %d %s", path, status, answer)
	}
	results, isList := object["results"].([]any)
	if !isList {
		return object
	}
	if len(results) != 1 {
		ts.Fatalf("%s lists %d objects: want one", path, len(results))
	}
	object, _ = results[0].(map[string]any)
	return object
}
