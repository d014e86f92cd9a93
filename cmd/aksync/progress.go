package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"github.com/aksync/aksync/sync"
)

// showAfter is how long a pass takes before there is a bar.
const showAfter = time.Second

// bar shows at a terminal how far a long pass is; elsewhere it is nil, and
// does nothing.
type bar struct {
	w     io.Writer
	what  string
	total int
	done  int
	began time.Time
	shown *progressbar.ProgressBar
}

func newBar(w io.Writer, what string) *bar {
	if !isTerminal(w) {
		return nil
	}
	return &bar{w: w, what: what, began: time.Now()}
}

// expect says how many changes there will be.
func (b *bar) expect(pass *sync.Pass) {
	if b == nil {
		return
	}
	b.began = time.Now()
	for _, change := range pass.Plan.Changes {
		if change.Action != sync.NoOp {
			b.total++
		}
	}
}

// step notes that a change is done.
func (b *bar) step() {
	if b == nil {
		return
	}
	b.done++
	if b.shown == nil && time.Since(b.began) >= showAfter {
		b.shown = progressbar.NewOptions(b.total,
			progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(b.what),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	if b.shown != nil {
		// A bar that can't be drawn is no reason to stop.
		_ = b.shown.Set(b.done)
	}
}

// finish takes the bar away.
func (b *bar) finish() {
	if b != nil && b.shown != nil {
		_ = b.shown.Finish()
	}
}

// isTerminal tells whether a reader or writer is one.
func isTerminal(stream any) bool {
	file, isFile := stream.(*os.File)
	return isFile && isatty.IsTerminal(file.Fd())
}
