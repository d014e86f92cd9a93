package authentik

import (
	"fmt"
	"io"
	"sync/atomic"
)

// budget bounds the bytes of one reading of a list, over all its pages
// together. The pages in flight share it.
type budget struct {
	limit int64
	count int // of the list's objects, 0 before page 1 has said it; written while only that page is read
	spent atomic.Int64
}

// overdrawn is how many times the limit page 1 has to foretell before the others
// are not asked for. Its rows may be the largest by chance, and a list that is
// refused for them would be refused each time.
const overdrawn = 4

// foretell looks at page 1 of pages, when it is the only one that was read, and
// returns an error where the whole would plainly be beyond the limit.
func (b *budget) foretell(pages int) error {
	first := b.spent.Load()
	if whole := first * int64(pages); whole > overdrawn*b.limit {
		return fmt.Errorf("the list is %w: page 1 of %d has %d bytes, all of them about %d, with the %d objects that the server counts; a list may have %d bytes",
			errTooLarge, pages, first, whole, b.count, b.limit)
	}
	return nil
}

func (b *budget) exceeded() error {
	what := "page 1"
	if b.count > 0 {
		what = fmt.Sprintf("the %d objects that the server counts", b.count)
	}
	return fmt.Errorf("the list is %w: stopped after %d bytes of %s; a list may have %d bytes", errTooLarge, b.spent.Load(), what, b.limit)
}

// counted is a body that takes its bytes from the budget of its exchange.
type counted struct {
	body io.Reader
	x    *exchange
}

// Read reads little at a time, so that what is beyond the budget is little.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.body.Read(p[:min(len(p), 32<<10)])
	c.x.taken += int64(n)
	if b := c.x.budget; b.spent.Add(int64(n)) > b.limit {
		return n, b.exceeded()
	}
	return n, err
}

// giveBack gives the budget what the attempt before has read: it is thrown away.
func (x *exchange) giveBack() {
	if x.budget != nil {
		x.budget.spent.Add(-x.taken)
		x.taken = 0
	}
}
