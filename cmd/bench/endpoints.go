package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aksync/aksync/schema"
)

// endpoints counts requests by method and endpoint: the path with {key} where the
// key of an object stands.
type endpoints struct {
	paths []string // of lists, the longest first

	mutex sync.Mutex
	seen  counts
}

func newEndpoints(s *schema.Schema) *endpoints {
	e := &endpoints{seen: counts{}}
	for _, kind := range s.Kinds() {
		if kind.Path != "" {
			e.paths = append(e.paths, kind.Path+"/")
		}
	}
	slices.SortFunc(e.paths, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return e
}

// of gives the endpoint of a path.
func (e *endpoints) of(path string) string {
	path = strings.TrimPrefix(path, "/api/v3/")
	for _, list := range e.paths {
		rest, isOf := strings.CutPrefix(path, list)
		if !isOf || rest == "" {
			continue
		}
		_, action, _ := strings.Cut(rest, "/")
		return list + "{key}/" + action
	}
	return path
}

// before counts requests that go to next.
func (e *endpoints) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := &countingWriter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		endpoint := r.Method + " " + e.of(r.URL.Path)
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.seen[endpoint] = count{e.seen[endpoint].Requests + 1, e.seen[endpoint].Bytes + counted.bytes}
	})
}

// countingWriter counts the bytes of an answer.
type countingWriter struct {
	http.ResponseWriter
	bytes int
}

func (w *countingWriter) Write(data []byte) (int, error) {
	n, err := w.ResponseWriter.Write(data)
	w.bytes += n
	return n, err
}

func (e *endpoints) handle(w http.ResponseWriter, _ *http.Request) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	_ = json.NewEncoder(w).Encode(e.seen) // a bench that has gone away asks no more
}

// counts are requests, and the bytes of their answers, by method and endpoint.
type counts map[string]count

type count struct{ Requests, Bytes int }

// since gives those that there were not before.
func (c counts) since(before counts) counts {
	now := counts{}
	for endpoint, all := range c {
		if earlier := before[endpoint]; all.Requests > earlier.Requests {
			now[endpoint] = count{all.Requests - earlier.Requests, all.Bytes - earlier.Bytes}
		}
	}
	return now
}

// of counts the requests of a method, or of all if it is empty.
func (c counts) of(method string) int {
	total := 0
	for endpoint, one := range c {
		if method == "" || strings.HasPrefix(endpoint, method+" ") {
			total += one.Requests
		}
	}
	return total
}

// total counts the requests.
func (c counts) total() int { return c.of("") }

// row counts the requests of each method, as cells of a table.
func (c counts) row() string {
	row := ""
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		row += fmt.Sprintf(" %d |", c.of(method))
	}
	return row
}

// write writes them, the most frequent first.
func (c counts) write(w io.Writer) error {
	byCount := func(a, b string) int { return cmp.Or(c[b].Requests-c[a].Requests, strings.Compare(a, b)) }
	for _, endpoint := range slices.SortedFunc(maps.Keys(c), byCount) {
		if _, err := fmt.Fprintf(w, "%8d %8.1f kB %s\n", c[endpoint].Requests, float64(c[endpoint].Bytes)/1000, endpoint); err != nil {
			return err
		}
	}
	return nil
}
