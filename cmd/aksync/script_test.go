package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

var update = flag.Bool("update", false, "write the golden parts of the scripts anew")

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cueWorker { // called by a command under test
		main()
	}
	testscript.Main(m, map[string]func(){"aksync": main})
}

// The scripts read like a terminal session. Beside aksync they know
//
//	server [VERSION]         start an embedded server and point the environment at it
//	server down              stop it
//	api METHOD PATH [BODY]   send a request to it and print the answer
//	take NAME PATH FIELD     put a field of the one object at a path into the environment
//	await URL REGEXP         ask the URL until the answer matches
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			// What the developer's own shell has set is not the scripts'.
			env.Setenv("AUTHENTIK_URL", "")
			env.Setenv("AUTHENTIK_TOKEN", "")
			env.Values[serverKey{}] = &scriptServer{}
			address, err := freeAddress()
			if err != nil {
				return err
			}
			env.Setenv("ADDRESS", address)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startServer,
			"api":    callAPI,
			"await":  await,
			"take":   take,
		},
	})
}

// scriptServer is the server of one script.
type scriptServer struct {
	url, token string
	// http and handler are those of the embedded server.
	http    *httptest.Server
	handler *devserver.Server
}

type serverKey struct{}

func serverOf(ts *testscript.TestScript) *scriptServer {
	server, _ := ts.Value(serverKey{}).(*scriptServer)
	return server
}

func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: server [VERSION|down]")
	}
	server := serverOf(ts)
	version := devserver.DefaultVersion
	if len(args) == 1 {
		version = args[0]
	}
	if version == "down" {
		server.http.Close()
		return
	}
	s, err := schema.Load()
	ts.Check(err)
	server.handler, err = devserver.NewSeeded(devserver.Config{Schema: s, Version: version})
	ts.Check(err)
	server.http = httptest.NewServer(server.handler)
	ts.Defer(server.http.Close)
	server.url, server.token = server.http.URL, devserver.DevToken
	ts.Setenv("AUTHENTIK_URL", server.url)
	ts.Setenv("AUTHENTIK_TOKEN", server.token)
}

func callAPI(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: api METHOD PATH [BODY]")
	}
	status, answer, err := serverOf(ts).ask(args[0], args[1], strings.Join(args[2:], ""))
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", status, answer)
	if failed := status >= http.StatusBadRequest; failed != neg {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], status, answer)
	}
}

// ask sends a request to the server and gives its answer.
func (s *scriptServer) ask(method, path, body string) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(context.Background(), method, s.url+"/api/v3/"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// embedded starts an embedded server that holds nothing, and gives its address.
func embedded(t *testing.T) (*devserver.Server, string) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := devserver.New(devserver.Config{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	return server, front.URL
}

// freeAddress gives a loopback address that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// awaitAtMost bounds how long await asks; it is much longer than anything
// takes.
const awaitAtMost = 30 * time.Second

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await URL REGEXP")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, strings.Replace(args[0], "API", serverOf(ts).url+"/api/v3", 1), nil)
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+cmp.Or(serverOf(ts).token, devserver.DevToken))
	var last string
	for end := time.Now().Add(awaitAtMost); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		last = answerOf(request)
		if pattern.MatchString(last) {
			return
		}
	}
	ts.Fatalf("%s never matched %s; it ended as %s", args[0], args[1], last)
}

// answerOf gives the answer's status and body, or the error.
func answerOf(request *http.Request) string {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}
