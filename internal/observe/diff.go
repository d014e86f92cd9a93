package observe

import (
	"bytes"
	"io"

	"github.com/rs/zerolog"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// Diff prints what each pass changes before it is done. A dry run prints the same
// drift once.
type Diff struct {
	Out      io.Writer
	Coloured bool
	// DryRun reports whether passes write nothing, as asked or as a follower.
	DryRun func() bool
	Log    zerolog.Logger

	last string
}

// Planned prints the diff.
func (d *Diff) Planned(pass *sync.Pass) {
	var diff bytes.Buffer
	if pass.Plan.HasChanges() {
		// Writing to a buffer does not fail.
		_ = report.NewText(&diff, d.Coloured, false).Changes(pass)
	}
	same := diff.String() == d.last
	d.last = diff.String()
	if diff.Len() == 0 || same && d.DryRun() {
		return
	}
	if _, err := d.Out.Write(diff.Bytes()); err != nil {
		d.Log.Error().Err(err).Msg("the diff can't be printed")
	}
}

// Changed does nothing: the log tells of it.
func (*Diff) Changed(sync.Result) {}

// Passed does nothing.
func (*Diff) Passed(*sync.Pass) {}
