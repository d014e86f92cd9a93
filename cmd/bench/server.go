package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

const (
	serveCommand = "serve"
	model        = "authentik_stages_password.passwordstage"
)

// serve is the other process: the embedded server, and beside its API what the
// bench asks of it. It writes its address to w, and ends with the process.
func serve(w io.Writer, latency string) error {
	wait, err := time.ParseDuration(latency)
	if err != nil {
		return fmt.Errorf("the latency: %w", err)
	}
	s, err := schema.Load()
	if err != nil {
		return err
	}
	api, err := devserver.NewSeeded(devserver.Config{Schema: s, Latency: wait})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	first, endpoints := &first{}, newEndpoints(s)
	mux.Handle("/api/", first.before(endpoints.before(api)))
	mux.HandleFunc("/first", first.handle)
	mux.HandleFunc("/requests", endpoints.handle)
	for path, change := range map[string]func(*devserver.Server, string) error{"/people": populate, "/drift": drift} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := change(api, r.URL.Query().Get("n")); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if _, err := fmt.Fprintln(w, "http://"+listener.Addr().String()); err != nil {
		return fmt.Errorf("telling the address: %w", err)
	}
	return http.Serve(listener, mux)
}

// drift changes the last n of the bench's objects.
func drift(api *devserver.Server, n string) error {
	most, err := strconv.Atoi(n)
	if err != nil {
		return fmt.Errorf("drifting: %w", err)
	}
	objects := api.All(model)
	for _, object := range objects[max(0, len(objects)-most):] {
		fields, _ := tree.FromJSON(map[string]any(object)).Plain().(map[string]any)
		fields["failed_attempts_before_cancel"] = int64(9)
		pk, _ := fields[schema.PK].(string)
		if _, err := api.Put(model, pk, fields); err != nil {
			return fmt.Errorf("drifting: %w", err)
		}
	}
	return nil
}

// server is the other process as the bench sees it.
type server struct {
	url     string
	command *exec.Cmd
}

func startServer(ctx context.Context, latency time.Duration) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	s := &server{command: exec.CommandContext(ctx, program, serveCommand, latency.String())}
	s.command.Stderr = os.Stderr
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	s.url = strings.TrimSpace(address)
	return s, nil
}

func (s *server) stop() error {
	if err := s.command.Process.Kill(); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	_ = s.command.Wait() // that it was killed is known
	return nil
}

func (s *server) requests() (counts, error) {
	seen := counts{}
	if err := s.get("/requests", &seen); err != nil {
		return nil, fmt.Errorf("counting requests: %w", err)
	}
	return seen, nil
}

func (s *server) drift(n int) error {
	if err := s.post("/drift?n=" + strconv.Itoa(n)); err != nil {
		return fmt.Errorf("drifting: %w", err)
	}
	return nil
}

func (s *server) post(path string) error {
	response, err := http.Post(s.url+path, "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func (s *server) get(path string, into any) error {
	response, err := http.Get(s.url + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}
