package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// first notes when the next request comes, and how much CPU a process has used
// by then. It is a part of the server's process, so that it looks at the moment
// itself.
type first struct {
	mutex sync.Mutex
	armed bool
	pid   int // the process to look at; 0 for none
	seen  firstRequest
}

// firstRequest is what was noted.
type firstRequest struct {
	At  time.Time
	CPU time.Duration
	Err string
}

// before notes requests that go to next.
func (f *first) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.note()
		next.ServeHTTP(w, r)
	})
}

func (f *first) note() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.armed {
		return
	}
	f.armed, f.seen = false, firstRequest{At: time.Now()}
	if f.pid == 0 {
		return
	}
	var err error
	if f.seen.CPU, err = cpuOf(f.pid); err != nil {
		f.seen.Err = err.Error()
	}
}

// handle takes a process whose next request is to be noted, by POST, and gives
// what was noted, by GET.
func (f *first) handle(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if r.Method == http.MethodGet {
		_ = json.NewEncoder(w).Encode(f.seen) // a bench that has gone away asks no more
		return
	}
	pid, err := strconv.Atoi(r.URL.Query().Get("pid"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.armed, f.pid, f.seen = true, pid, firstRequest{}
}

// noteFirst asks the server to note the next request, and the CPU of a process
// by then; of none if pid is 0.
func (s *server) noteFirst(pid int) error {
	if err := s.post("/first?pid=" + strconv.Itoa(pid)); err != nil {
		return fmt.Errorf("waiting for the first request: %w", err)
	}
	return nil
}

// first gives what the server noted.
func (s *server) first() (firstRequest, error) {
	var seen firstRequest
	if err := s.get("/first", &seen); err != nil {
		return firstRequest{}, fmt.Errorf("asking for the first request: %w", err)
	}
	if seen.Err != "" || seen.At.IsZero() {
		return firstRequest{}, fmt.Errorf("the first request was not noted: %s", seen.Err)
	}
	return seen, nil
}
