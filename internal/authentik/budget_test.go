package authentik

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// heavy answers the pages of a list of one row a page, of as many bytes as
// weigh says, and counts the bytes that somebody took.
type heavy struct {
	pages int
	weigh func(page int) int
	sent  atomic.Int64
}

func (h *heavy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	w.Header().Set("Content-Type", typeJSON)
	head := fmt.Sprintf(`{"pagination":{"count":%d,"total_pages":%d},"results":[{"pk":"%d","name":"`, h.pages, h.pages, number)
	const tail = `"}]}`
	h.write(w, []byte(head))
	filler := bytes.Repeat([]byte("x"), 32<<10)
	for left := h.weigh(number) - len(head) - len(tail); left > 0; left -= len(filler) {
		if !h.write(w, filler[:min(left, len(filler))]) {
			return
		}
	}
	h.write(w, []byte(tail))
}

func (h *heavy) write(w http.ResponseWriter, data []byte) bool {
	n, err := w.Write(data)
	h.sent.Add(int64(n))
	return err == nil
}

// listHeavy lists with a limit, two pages at a time.
func listHeavy(t *testing.T, srv *server, limit int64) ([]Object, error) {
	t.Helper()
	c := newTestClient(t, srv.URL, func(cfg *Config, tune *tuning) { cfg.Parallelism, tune.maxList = 2, limit })
	return c.List(t.Context(), stages, "pk", nil, 0)
}

func tooLarge(t *testing.T, err error, wants ...string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Attempts > 1 || !errors.Is(err, errTooLarge) {
		t.Fatalf("error is %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want one with %q", err, want)
		}
	}
}

// TestListBudget has pages that are fine one by one and too much together: what
// is read of all of them stays near the limit, which what the sockets hold is
// small beside.
func TestListBudget(t *testing.T) {
	const mib = 1 << 20
	h := &heavy{pages: 40, weigh: func(page int) int {
		if page == 1 {
			return 1000 // nothing foretells the others
		}
		return 10 * mib
	}}
	srv := serve(t, h.ServeHTTP)
	objects, err := listHeavy(t, srv, 5*mib)
	if objects != nil {
		t.Errorf("%d objects", len(objects))
	}
	tooLarge(t, err, "stopped after 52", "of the 40 objects", "a list may have 5242880 bytes")
	srv.Close() // waits for what is still being answered
	if sent := h.sent.Load(); sent > 60*mib {
		t.Errorf("the server got rid of %d bytes of 390 MiB", sent)
	}
	if n := srv.seen.Load(); n > 5 {
		t.Errorf("%d requests", n)
	}
}

// TestListForetold has a first page that says enough.
func TestListForetold(t *testing.T) {
	h := &heavy{pages: 40, weigh: func(int) int { return 100_000 }}
	srv := serve(t, h.ServeHTTP)
	_, err := listHeavy(t, srv, 900_000)
	tooLarge(t, err, "page 1 of 40 has 100000 bytes", "about 4000000", "40 objects", "a list may have 900000 bytes")
	if n := srv.seen.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestListFirstPage has a first page that is too much by itself.
func TestListFirstPage(t *testing.T) {
	h := &heavy{pages: 1, weigh: func(int) int { return 2000 }}
	srv := serve(t, h.ServeHTTP)
	_, err := listHeavy(t, srv, 1000)
	tooLarge(t, err, "bytes of page 1", "a list may have 1000 bytes")
	if n := srv.seen.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestListWithinBudget uses the budget up to its last byte, although pages are
// broken off and fetched again, and although the list is read twice since it
// moved: what was thrown away does not count.
func TestListWithinBudget(t *testing.T) {
	h := &heavy{pages: 10, weigh: func(int) int { return 1000 }}
	var asked [11]atomic.Int64
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.URL.Query().Get("page"))
		switch n := asked[number].Add(1); {
		case n == 1 && number == 10:
			answerJSON(w, 404, `{"detail":"Invalid page."}`) // as if the list had become shorter
		case n == 1:
			text(500, typeJSON, strings.Repeat(" ", 900))(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	})
	objects, err := listHeavy(t, srv, 10*1000)
	if err != nil || len(objects) != 10 {
		t.Errorf("%d objects, error %v", len(objects), err)
	}
	if asked[1].Load() != 3 || asked[10].Load() != 2 {
		t.Errorf("page 1 was asked for %d times, page 10 %d times", asked[1].Load(), asked[10].Load())
	}
	if _, err := listHeavy(t, srv, 10*1000-1); !errors.Is(err, errTooLarge) {
		t.Errorf("one byte less: error %v", err)
	}
}
