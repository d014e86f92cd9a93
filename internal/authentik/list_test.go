package authentik

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// table answers a list's pages as authentik does.
type table struct {
	mu      sync.Mutex
	pks     []string
	largest int                       // page_size is cut to this, where it is set
	after   func(tb *table, page int) // called after each page, under the lock
}

func (tb *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("page_size"))
	if tb.largest > 0 {
		size = min(size, tb.largest)
	}
	total := max(1, (len(tb.pks)+size-1)/size)
	if number < 1 || number > total {
		answerJSON(w, 404, `{"detail":"Invalid page."}`)
		return
	}
	rows := []Object{}
	for _, pk := range tb.pks[(number-1)*size : min(number*size, len(tb.pks))] {
		rows = append(rows, Object{"pk": pk})
	}
	body, err := json.Marshal(Object{
		"pagination": Object{"count": len(tb.pks), "total_pages": total, "current": number},
		"results":    rows, "autocomplete": Object{},
	})
	if err != nil {
		panic(err)
	}
	answerJSON(w, 200, string(body))
	if tb.after != nil {
		tb.after(tb, number)
	}
}

func pks(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("pk-%06d", i)
	}
	return all
}

func keysOf(objects []Object) []string {
	keys := make([]string, len(objects))
	for i, object := range objects {
		keys[i] = object["pk"].(string)
	}
	return keys
}

func TestList(t *testing.T) {
	for _, tt := range []struct{ rows, largest, requests int }{
		{0, 0, 1}, {1, 0, 1}, {199, 0, 1}, {200, 0, 1}, {201, 0, 2}, {1000, 0, 5}, {1001, 0, 6}, {250, 100, 3},
	} {
		t.Run(fmt.Sprint(tt.rows, " by ", tt.largest), func(t *testing.T) {
			tb := &table{pks: pks(tt.rows), largest: tt.largest}
			srv := serve(t, tb.ServeHTTP)
			objects, err := newTestClient(t, srv.URL).List(t.Context(), stages, "pk", nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tb.pks, keysOf(objects)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := srv.seen.Load(); n != int64(tt.requests) {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}

func TestListQuery(t *testing.T) {
	var got []string
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.URL.RawQuery)
		(&table{}).ServeHTTP(w, r)
	})
	c := newTestClient(t, srv.URL)
	given := url.Values{"slug": {"a&b é"}}
	for _, query := range []url.Values{nil, given, {"ordering": {"-name"}}} {
		if _, err := c.List(t.Context(), "flows/instances", "brand_uuid", query, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"ordering=brand_uuid&page=1&page_size=200",
		"ordering=brand_uuid&page=1&page_size=200&slug=a%26b+%C3%A9",
		"ordering=-name&page=1&page_size=200",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if len(given) != 1 {
		t.Errorf("the caller's query became %v", given)
	}
}

// TestListMoves changes the table while its pages are read, once: the list is
// read again and is of one piece.
func TestListMoves(t *testing.T) {
	drop := func(i, n int) func(*table) { return func(tb *table) { tb.pks = slices.Delete(tb.pks, i, i+n) } }
	add := func(pk string) func(*table) {
		return func(tb *table) { tb.pks = append(tb.pks, pk); slices.Sort(tb.pks) }
	}
	for name, change := range map[string]func(*table){
		"a row of page 1 is deleted":              drop(7, 1),
		"a row of the last page is deleted":       drop(990, 1),
		"the last page is gone":                   drop(0, 250),
		"all are gone":                            drop(0, 1000),
		"a row comes in front":                    add("a"),
		"a row comes at the end":                  add("z"),
		"one comes in front, one of the end goes": func(tb *table) { drop(990, 1)(tb); add("a")(tb) },
	} {
		t.Run(name, func(t *testing.T) {
			changed := false
			tb := &table{pks: pks(1000)}
			tb.after = func(tb *table, page int) {
				if !changed {
					changed = true
					change(tb)
				}
			}
			srv := serve(t, tb.ServeHTTP)
			objects, err := newTestClient(t, srv.URL).List(t.Context(), stages, "pk", nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tb.pks, keysOf(objects)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := srv.seen.Load(); n < 3 { // the first page, another one, and the first page again
				t.Errorf("%d requests for two readings", n)
			}
		})
	}
}

// TestListKeepsMoving deletes a row after each page.
func TestListKeepsMoving(t *testing.T) {
	tb := &table{pks: pks(1000), after: func(tb *table, _ int) { tb.pks = tb.pks[1:] }}
	srv := serve(t, tb.ServeHTTP)
	objects, err := newTestClient(t, srv.URL).List(t.Context(), stages, "pk", nil, 0)
	e, ok := errors.AsType[*Error](err)
	if !ok || objects != nil || e.Endpoint != "/stages/password/" || !strings.Contains(err.Error(), "the list keeps moving: read 5 times") {
		t.Errorf("error is %v", err)
	}
	if n := srv.seen.Load(); n < 5 || n > 25 {
		t.Errorf("%d requests", n)
	}
}

// TestListPageFails has one page that fails: so does the list, and only once.
func TestListPageFails(t *testing.T) {
	tb := &table{pks: pks(1000)}
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "3" {
			answerJSON(w, 403, `{"detail":"No."}`)
			return
		}
		tb.ServeHTTP(w, r)
	})
	_, err := newTestClient(t, srv.URL).List(t.Context(), stages, "pk", nil, 0)
	if !isUnauthorized(err) {
		t.Errorf("error is %v", err)
	}
	if n := srv.seen.Load(); n > 5 {
		t.Errorf("%d requests", n)
	}
}

func TestListShapes(t *testing.T) {
	const pagination = `"pagination":{"count":1,"total_pages":1}`
	for body, want := range map[string]string{
		`[]`:                           "a list where an object is expected",
		`{}`:                           "pagination is null",
		`{"pagination":[]}`:            "pagination is a list",
		`{"pagination":{}}`:            "pagination.count is null",
		`{"pagination":{"count":"1"}}`: "pagination.count is a string",
		`{"pagination":{"count":-1}}`:  "pagination.count is -1",
		`{"pagination":{"count":1.5}}`: "pagination.count is 1.5",
		`{"pagination":{"count":1}}`:   "pagination.total_pages is null",
		`{"pagination":{"count":2000000000,"total_pages":2000000}}`: "more than the 10000",
		`{` + pagination + `}`:                                               "results is null",
		`{` + pagination + `,"results":{}}`:                                  "results is an object",
		`{` + pagination + `,"results":[7]}`:                                 "results[0]: a number where an object is expected",
		`{"pagination":{"count":2147483647,"total_pages":1},"results":[]}`:   "keeps moving",
		`{"pagination":{"count":3,"total_pages":3},"results":[]}`:            "keeps moving",
		`{"pagination":{"count":2,"total_pages":2},"results":[{"pk":"x"}]}`:  "two rows have the pk x",
		`{"pagination":{"count":1,"total_pages":1},"results":[{"pk":7}]}`:    "",
		`{"pagination":{"count":0,"total_pages":0},"results":[],"more":[1]}`: "",
	} {
		t.Run(body, func(t *testing.T) {
			srv := serve(t, text(200, typeJSON, body))
			_, err := newTestClient(t, srv.URL).List(t.Context(), stages, "pk", nil, 0)
			if want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}

// TestListIdentity has rows that another field than pk tells apart, and rows
// that nothing does: those are kept as they are and don't fail the list.
func TestListIdentity(t *testing.T) {
	for _, results := range []string{
		`[{"brand_uuid":"x"},{"brand_uuid":"y"}]`,
		`[{"brand_uuid":7,"pk":"same"},{"brand_uuid":8,"pk":"same"}]`,
		`[{"brand_uuid":"x"},{}]`,
		`[{},{}]`,
		`[{"brand_uuid":null},{"brand_uuid":true},{"brand_uuid":""},{"brand_uuid":""},{"brand_uuid":["x"]},{"brand_uuid":{}}]`,
	} {
		t.Run(results, func(t *testing.T) {
			answer, err := decode([]byte(results))
			if err != nil {
				t.Fatal(err)
			}
			rows := answer.([]any)
			srv := serve(t, text(200, typeJSON, fmt.Sprintf(`{"pagination":{"count":%d,"total_pages":1},"results":%s}`, len(rows), results)))
			objects, err := newTestClient(t, srv.URL).List(t.Context(), "core/brands", "brand_uuid", nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]any, len(objects))
			for i, object := range objects {
				got[i] = object
			}
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	srv := serve(t, text(200, typeJSON, `{"pagination":{"count":2,"total_pages":1},"results":[{"brand_uuid":"x"},{"brand_uuid":"x"}]}`))
	_, err := newTestClient(t, srv.URL).List(t.Context(), "core/brands", "brand_uuid", nil, 0)
	if want := "two rows have the brand_uuid x"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

// TestJoin: whatever the pages hold, what comes out has each key once and as
// many rows as each page counts. Rows without a key are kept.
func TestJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 6)
		pages := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *page {
			p := &page{count: count.Draw(t, "count"), keys: rapid.SliceOfN(rapid.SampledFrom(append(pks(6), "")), 0, 3).Draw(t, "keys")}
			for _, key := range p.keys {
				p.rows = append(p.rows, Object{"pk": key})
			}
			return p
		}), 1, 3).Draw(t, "pages")
		objects, err := join("pk", pages)
		if err != nil {
			if _, ok := errors.AsType[*movedError](err); !ok {
				t.Fatalf("error is %#v", err)
			}
			return
		}
		keys := slices.DeleteFunc(keysOf(objects), func(key string) bool { return key == "" })
		slices.Sort(keys)
		if n := len(slices.Compact(slices.Clone(keys))); n != len(keys) {
			t.Errorf("%d rows have a key, %d of them distinct", len(keys), n)
		}
		for i, p := range pages {
			if len(objects) != p.count {
				t.Errorf("page %d counts %d rows; %d came", i+1, p.count, len(objects))
			}
		}
	})
}

// A list that is longer than what is wanted is left after its first page.
func TestListLongerThanWanted(t *testing.T) {
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		rows := make([]string, pageSize)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"pk": %d}`, i)
		}
		fmt.Fprintf(w, `{"pagination": {"count": 100000, "total_pages": 500}, "results": [%s]}`, strings.Join(rows, ","))
	}))
	defer srv.Close()
	_, err := newTestClient(t, srv.URL).List(t.Context(), "core/users", "pk", nil, 1000)
	failure, _ := errors.AsType[*Error](err)
	if failure == nil {
		t.Fatalf("the error is %v", err)
	}
	if count, long := failure.TooLong(); !long || count != 100_000 || requests != 1 {
		t.Errorf("too long is %v, of %d rows, after %d requests", long, count, requests)
	}
}
