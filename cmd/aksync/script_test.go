package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

var update = flag.Bool("update", false, "write the golden parts of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aksync": main})
}

// The scripts read like a terminal session. Beside aksync they know
//
//	server [VERSION]         start an embedded server and point the environment at it
//	server down              stop it
//	api METHOD PATH [BODY]   send a request to it and print the answer
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
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startServer,
			"api":    callAPI,
		},
	})
}

// scriptServer is the embedded server of one script.
type scriptServer struct {
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
	server.handler, err = devserver.New(devserver.Config{Schema: s, Version: version})
	ts.Check(err)
	ts.Check(server.handler.SeedDefaults())
	server.http = httptest.NewServer(server.handler)
	ts.Defer(server.http.Close)
	ts.Setenv("AUTHENTIK_URL", server.http.URL)
	ts.Setenv("AUTHENTIK_TOKEN", devserver.DevToken)
}

func callAPI(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: api METHOD PATH [BODY]")
	}
	body := strings.Join(args[2:], "")
	request, err := http.NewRequestWithContext(context.Background(), args[0], serverOf(ts).http.URL+"/api/v3/"+args[1], strings.NewReader(body))
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+devserver.DevToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", response.StatusCode, answer)
	if failed := response.StatusCode >= http.StatusBadRequest; failed != neg {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], response.StatusCode, answer)
	}
}
