package devserver_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/devserver"
)

// listed reads one page of the stages.
func listed(t testing.TB, server *devserver.Server, query url.Values) (results []map[string]any, pagination map[string]float64) {
	t.Helper()
	page := call(t, server, http.MethodGet, stages+"?"+query.Encode(), "")
	if page.status != http.StatusOK {
		t.Fatalf("%s: %d %s", query.Encode(), page.status, page.body)
	}
	body := page.object(t)
	for _, result := range body["results"].([]any) {
		results = append(results, result.(map[string]any))
	}
	pagination = map[string]float64{}
	for name, value := range body["pagination"].(map[string]any) {
		pagination[name] = value.(float64)
	}
	return results, pagination
}

// drawStages fills a server, and gives the names with allow_show_password.
func drawStages(t *rapid.T, server *devserver.Server) map[string]bool {
	shown := map[string]bool{}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-e]{1,4}`), 0, 30, rapid.ID).Draw(t, "names") {
		shown[name] = rapid.Bool().Draw(t, "show "+name)
		if _, err := server.Put(stageModel, "", map[string]any{
			"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}, "allow_show_password": shown[name],
		}); err != nil {
			t.Fatal(err)
		}
	}
	return shown
}

// wantPagination is what page number of pages of that size says of itself.
func wantPagination(number, pages, size, count int) map[string]float64 {
	next := number + 1
	if number == pages {
		next = 0
	}
	return map[string]float64{
		"count": float64(count), "total_pages": float64(pages), "current": float64(number),
		"previous": float64(number - 1), "next": float64(next),
		"start_index": float64(min((number-1)*size+1, count)), "end_index": float64(min(number*size, count)),
	}
}

// Whatever the page size, the order and the filter, each object is on exactly
// one page, in that order, and the pages say where they are.
func TestPages(t *testing.T) {
	s := loadSchema(t)
	rapid.Check(t, func(rt *rapid.T) {
		server := newServer(t, devserver.Config{Schema: s})
		want := drawStages(rt, server)
		asked := rapid.SampledFrom([]string{"", "true", "false"}).Draw(rt, "filter")
		maps.DeleteFunc(want, func(_ string, shown bool) bool { return asked != "" && asked != fmt.Sprint(shown) })
		by := rapid.SampledFrom([]string{"name", "pk", "allow_show_password"}).Draw(rt, "order")
		minus := rapid.SampledFrom([]string{"", "-"}).Draw(rt, "backwards")
		size := rapid.IntRange(1, 12).Draw(rt, "page size")
		query := url.Values{"allow_show_password": {asked}, "ordering": {minus + by}, "page_size": {fmt.Sprint(size)}}

		var names, values []string
		pages := max(1, (len(want)+size-1)/size)
		for number := 1; number <= pages; number++ {
			query.Set("page", fmt.Sprint(number))
			results, pagination := listed(t, server, query)
			if diff := cmp.Diff(wantPagination(number, pages, size, len(want)), pagination); diff != "" {
				rt.Fatalf("page %d (-want +got):\n%s", number, diff)
			}
			for _, result := range results {
				names = append(names, result["name"].(string))
				values = append(values, fmt.Sprint(result[by]))
			}
		}
		slices.Sort(names)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), names); diff != "" {
			rt.Fatalf("what is on the pages (-want +got):\n%s", diff)
		}
		if minus != "" {
			slices.Reverse(values)
		}
		if !slices.IsSorted(values) {
			rt.Fatalf("ordered by %s%s they are %v", minus, by, values)
		}
		query.Set("page", fmt.Sprint(pages+1))
		if beyond := call(t, server, http.MethodGet, stages+"?"+query.Encode(), ""); beyond.status != http.StatusNotFound {
			rt.Fatalf("page %d of %d answers %d", pages+1, pages, beyond.status)
		}
	})
}

// Objects that are changed, renamed and deleted stand on the lists as they are
// now, in every order.
func TestListsFollowWrites(t *testing.T) {
	server := newServer(t, devserver.Config{})
	a, b := made(t, server, stages, stage("a")), made(t, server, stages, stage("b"))
	made(t, server, stages, stage("c"))
	call(t, server, http.MethodPatch, stages+a+"/", `{"name": "z"}`)
	call(t, server, http.MethodDelete, stages+b+"/", "")
	for order, want := range map[string]string{"": "c z", "name": "c z", "-name": "z c", "-unknown": "c z"} {
		results, _ := listed(t, server, url.Values{"ordering": {order}})
		var names []string
		for _, result := range results {
			names = append(names, result["name"].(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("ordered by %q they are %s, want %s", order, got, want)
		}
	}
	if results, _ := listed(t, server, url.Values{"ordering": {"pk"}}); len(results) != 2 || results[0]["pk"].(string) > results[1]["pk"].(string) {
		t.Errorf("ordered by pk they are %v", results)
	}
}

// The cost of a page follows the page, also where the list is long.
func BenchmarkPageOfTenThousand(b *testing.B) {
	server := newServer(b, devserver.Config{})
	for i := range 10_000 {
		if _, err := server.Put(stageModel, "", map[string]any{
			"name": fmt.Sprintf("stage-%05d", i), "backends": []any{"authentik.core.auth.InbuiltBackend"},
		}); err != nil {
			b.Fatal(err)
		}
	}
	for _, query := range []string{"page=10&page_size=500&ordering=pk", "page=10&page_size=500", "name=stage-05000"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				call(b, server, http.MethodGet, stages+"?"+query, "")
			}
		})
	}
}
