package authentik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	// pageSize is the number of rows asked for at once. A row costs the server
	// about 1.2 ms whatever the size of its page, and pages that are fetched
	// side by side share that cost over its workers; smaller pages would only
	// add requests.
	pageSize = 200
	// maxPages bounds what one list can make the client ask for.
	maxPages = 10_000
	// listRounds bounds how often a list is read until it stands still.
	listRounds = 5
)

// List gets all objects at a path (GET path/), by pages that are fetched side
// by side, ordered by pk unless the query orders otherwise. The query must
// hold no page and page_size.
//
// The result is of one piece: where the pages contradict each other because
// rows came or went meanwhile, the list is read again, and after some rounds
// that is an error. Even so an object that was there all the time can be
// missing, if another went and a third came at the right moments: not on the
// list is not yet 'does not exist'.
//
// A filter in the query must not be trusted: the server ignores those it does
// not know and answers with everything (list-filter-unknown). Check what comes.
func (c *Client) List(ctx context.Context, path string, query url.Values) ([]Object, error) {
	var change *movedError
	for range listRounds {
		objects, err := c.listOnce(ctx, path, query)
		if !errors.As(err, &change) {
			return objects, err
		}
		c.log.Debug().Str("path", path).Err(change).Msg("list moved while it was read, reading again")
	}
	op := operation{method: http.MethodGet, path: path}
	return nil, &Error{
		Method:   op.method,
		Endpoint: op.endpoint(),
		Path:     c.base.Path + path + "/",
		sent:     true,
		cause:    fmt.Errorf("the list keeps moving: read %d times, and each time rows came or went meanwhile: %w", listRounds, change),
	}
}

// movedError is a list whose pages contradict each other.
type movedError struct{ how string }

func (e *movedError) Error() string { return e.how }

func moved(format string, args ...any) error {
	return &movedError{how: fmt.Sprintf(format, args...)}
}

// listOnce reads all pages. Its error is a *movedError where they do not fit.
func (c *Client) listOnce(ctx context.Context, path string, query url.Values) ([]Object, error) {
	first, err := c.page(ctx, path, query, 1)
	if err != nil {
		return nil, err
	}
	if err := first.complete(); err != nil {
		return nil, err
	}
	pages := make([]*page, max(first.pages, 1))
	pages[0] = first
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallelism)
	for i := 1; i < len(pages); i++ {
		group.Go(func() (err error) {
			pages[i], err = c.page(ctx, path, query, i+1)
			if e, ok := errors.AsType[*Error](err); ok && e.NotFound() { // list-page-999: the list has become shorter
				return moved("page %d of %d is gone", i+1, len(pages))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return join(pages)
}

// join puts pages together and checks that they are of one list.
func join(pages []*page) ([]Object, error) {
	count := pages[0].count
	var objects []Object
	seen := map[string]bool{}
	for i, p := range pages {
		if p.count != count {
			return nil, moved("page 1 counts %d rows and page %d counts %d", count, i+1, p.count)
		}
		for j, key := range p.keys {
			if seen[key] {
				return nil, moved("pk %s is on the list twice", key)
			}
			seen[key] = true
			objects = append(objects, p.rows[j])
		}
	}
	if len(objects) != count {
		return nil, moved("%d rows of %d came", len(objects), count)
	}
	return objects, nil
}

// page is one page of a list.
type page struct {
	count, pages int // of the whole list
	rows         []Object
	keys         []string // pk of each row
}

func (c *Client) page(ctx context.Context, path string, query url.Values, number int) (*page, error) {
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	if !query.Has("ordering") {
		// Pages cut from an order that is not total overlap. A list can be
		// ordered by any field its rows have, and pk is one of them, for
		// stages (list-ordering-pk) as for flows; the models' own names for it
		// are ignored (list-ordering-stage_uuid).
		query.Set("ordering", "pk")
	}
	query.Set("page", strconv.Itoa(number))
	query.Set("page_size", strconv.Itoa(pageSize))
	var p *page
	err := c.call(ctx, operation{method: http.MethodGet, path: path, query: query}, func(answer any) (err error) {
		p, err = readPage(answer)
		return err
	})
	return p, err
}

// complete checks a first page against what it says about the whole: each page
// but the last is full. The server counts before it cuts, so that a row that
// goes in between leaves a gap.
func (p *page) complete() error {
	if p.pages <= 1 {
		return nil
	}
	if size := len(p.rows); size == 0 || (p.count+size-1)/size != p.pages {
		return moved("page 1 has %d rows, of %d in %d pages", size, p.count, p.pages)
	}
	return nil
}

// readPage takes a page apart. Unknown keys are no error: each version brings
// some, such as autocomplete beside results.
func readPage(answer any) (*page, error) {
	object, err := asObject(answer)
	if err != nil {
		return nil, err
	}
	pagination, ok := object["pagination"].(Object)
	if !ok {
		return nil, fmt.Errorf("pagination is %s", jsonType(object["pagination"]))
	}
	p := &page{}
	if p.count, err = number(pagination, "count"); err != nil {
		return nil, err
	}
	if p.pages, err = number(pagination, "total_pages"); err != nil {
		return nil, err
	}
	if p.pages > maxPages {
		return nil, fmt.Errorf("pagination.total_pages is %d, more than the %d that are read", p.pages, maxPages)
	}
	results, ok := object["results"].([]any)
	if !ok {
		return nil, fmt.Errorf("results is %s", jsonType(object["results"]))
	}
	return p, p.read(results)
}

func (p *page) read(results []any) error {
	p.rows = make([]Object, len(results))
	p.keys = make([]string, len(results))
	for i, result := range results {
		row, err := asObject(result)
		if err != nil {
			return fmt.Errorf("results[%d]: %w", i, err)
		}
		switch pk := row["pk"].(type) {
		case string:
			p.keys[i] = pk
		case json.Number:
			p.keys[i] = pk.String()
		}
		if p.keys[i] == "" {
			return fmt.Errorf("results[%d]: pk is %s where a text or a number is expected", i, jsonType(row["pk"]))
		}
		p.rows[i] = row
	}
	return nil
}

// number is a count of the pagination.
func number(pagination Object, name string) (int, error) {
	n, ok := pagination[name].(json.Number)
	if !ok {
		return 0, fmt.Errorf("pagination.%s is %s", name, jsonType(pagination[name]))
	}
	i, err := strconv.ParseUint(n.String(), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("pagination.%s is %s", name, n)
	}
	return int(i), nil
}
