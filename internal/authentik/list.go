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
// by side. id names the field that holds each row's primary key, such as pk or
// brand_uuid: rows are ordered by it unless the query orders otherwise, and told
// apart by it. A row without one is kept as it is and is told from no other. The
// query must hold no page and page_size.
//
// The result is of one piece: where the pages contradict each other because
// rows came or went meanwhile, the list is read again, and after some rounds
// that is an error. Even so an object that was there all the time can be
// missing, if another went and a third came at the right moments: not on the
// list is not yet 'does not exist'.
//
// All pages together may have 128 MiB: a list beyond it is an error, and not
// read to its end.
//
// A list that counts more than most rows, unless that is 0, is left after its first page:
// that is an error whose TooLong gives the count.
//
// A filter in the query must not be trusted: the server ignores those it does
// not know and answers with everything (list-filter-unknown). Check what comes.
func (c *Client) List(ctx context.Context, path, id string, query url.Values, most int) ([]Object, error) {
	var change *movedError
	for range listRounds {
		objects, err := (&listing{client: c, path: path, id: id, query: query, most: most, budget: &budget{limit: c.tune.maxList}}).read(ctx)
		if !errors.As(err, &change) {
			return objects, err
		}
		c.log.Debug().Str("path", path).Err(change).Msg("list moved while it was read, reading again")
	}
	return nil, c.listError(path, fmt.Errorf("the list keeps moving: read %d times, and each time rows came or went meanwhile, or the token may not see all that are counted: %w", listRounds, change))
}

// listError is the error of a list whose pages are fine one by one.
func (c *Client) listError(path string, cause error) *Error {
	op := operation{method: http.MethodGet, path: path}
	return &Error{Method: op.method, Endpoint: op.endpoint(), Path: c.base.Path + path + "/", sent: true, cause: cause}
}

// Incomplete reports whether the error is that of a list whose pages do not come to
// what it counts: rows came and went, or the server keeps some back.
func (e *Error) Incomplete() bool { return errors.As(e.cause, new(*movedError)) }

// TooLong reports whether the error is that of a list that is longer than was wanted,
// and how many rows it counts.
func (e *Error) TooLong() (count int, is bool) {
	long, is := errors.AsType[*longError](e.cause)
	if !is {
		return 0, false
	}
	return long.count, true
}

// longError is a list with more rows than were wanted.
type longError struct{ count, most int }

func (e *longError) Error() string {
	return fmt.Sprintf("the list has %d rows: want %d at most", e.count, e.most)
}

// movedError is a list whose pages contradict each other.
type movedError struct{ how string }

func (e *movedError) Error() string { return e.how }

func moved(format string, args ...any) error {
	return &movedError{how: fmt.Sprintf(format, args...)}
}

// listing is one reading of a list.
type listing struct {
	client   *Client
	path, id string
	query    url.Values
	most     int     // 0 for all
	budget   *budget // a reading's own: what came before is thrown away
}

// read gets all pages. Its error is a *movedError where they do not fit.
func (l *listing) read(ctx context.Context) ([]Object, error) {
	first, err := l.page(ctx, 1)
	if err != nil {
		return nil, err
	}
	if err := first.complete(); err != nil {
		return nil, err
	}
	if l.most > 0 && first.count > l.most {
		return nil, l.client.listError(l.path, &longError{first.count, l.most})
	}
	l.budget.count = first.count
	if err := l.budget.foretell(first.pages); err != nil {
		return nil, l.client.listError(l.path, err)
	}
	pages := make([]*page, max(first.pages, 1))
	pages[0] = first
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(l.client.parallelism) // of goroutines: how many of their requests go out, all lists together, is up to the gate
	for i := 1; i < len(pages); i++ {
		group.Go(func() (err error) {
			pages[i], err = l.page(ctx, i+1)
			if e, ok := errors.AsType[*Error](err); ok && e.NotFound() { // list-page-999: the list has become shorter
				return moved("page %d of %d is gone", i+1, len(pages))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return join(l.id, pages)
}

// join puts pages together and checks that they are of one list, whose rows id
// tells apart.
func join(id string, pages []*page) ([]Object, error) {
	count := pages[0].count
	var objects []Object
	seen := map[string]bool{}
	for i, p := range pages {
		if p.count != count {
			return nil, moved("page 1 counts %d rows and page %d counts %d", count, i+1, p.count)
		}
		for j, key := range p.keys {
			if seen[key] {
				return nil, moved("two rows have the %s %s", id, key)
			}
			seen[key] = key != "" // nothing tells those without a key apart
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
	keys         []string // primary key of each row, empty where it has none
}

func (l *listing) page(ctx context.Context, number int) (*page, error) {
	query := maps.Clone(l.query)
	if query == nil {
		query = url.Values{}
	}
	if !query.Has("ordering") {
		// Pages cut from an order that is not total overlap. A list can be
		// ordered by any field its rows have, and the primary key is one of
		// them, for stages (list-ordering-pk) as for flows; names that only
		// the models have for it are ignored (list-ordering-stage_uuid).
		query.Set("ordering", l.id)
	}
	query.Set("page", strconv.Itoa(number))
	query.Set("page_size", strconv.Itoa(pageSize))
	var p *page
	err := l.client.call(ctx, operation{method: http.MethodGet, path: l.path, query: query, budget: l.budget}, func(answer any) (err error) {
		p, err = readPage(answer, l.id)
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
func readPage(answer any, id string) (*page, error) {
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
	return p, p.read(results, id)
}

// read takes the rows over. One whose primary key is no text and no number is
// somebody else's to judge: here it would fail all the others with it.
func (p *page) read(results []any, id string) error {
	p.rows = make([]Object, len(results))
	p.keys = make([]string, len(results))
	for i, result := range results {
		row, err := asObject(result)
		if err != nil {
			return fmt.Errorf("results[%d]: %w", i, err)
		}
		switch key := row[id].(type) {
		case string:
			p.keys[i] = key
		case json.Number:
			p.keys[i] = key.String()
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
