package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/observe"
	"github.com/aksync/aksync/sync"
)

// historyFlags are the flags of what the daemon remembers.
type historyFlags struct {
	folder        string
	deleteRemoved bool
}

func (f *historyFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.folder, "history", "", "folder in which the daemon remembers what it has applied and changed, one for each daemon")
	flags.BoolVar(&f.deleteRemoved, "delete-removed", false, "with --history: delete what this daemon applied or found declared present, and what no blueprint speaks of any more")
}

func (f *historyFlags) check() error {
	if f.deleteRemoved && f.folder == "" {
		return &usageError{errors.New("--delete-removed goes with --history DIR, where the daemon remembers what it has applied")}
	}
	return nil
}

// kept is what a daemon remembers; nothing of it is set where it remembers nothing.
type kept struct {
	folder *history.Folder
	events *history.Log
}

// remember opens the folder and lets the reconciler remember there what is declared.
func (f *historyFlags) remember(p *passes, interval time.Duration) (k kept, err error) {
	if f.folder == "" {
		return kept{}, nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("--history: %w", err), k.Close())
		}
	}()
	if k.folder, err = history.Open(f.folder, p.client.URL()); err != nil {
		return k, err
	}
	declared, err := k.folder.Declared()
	if err != nil {
		return k, err
	}
	p.Removals = &sync.Removals{Memory: declared, Delete: f.deleteRemoved, Settle: min(interval, sync.DefaultSettle)}
	k.events, err = k.folder.Log()
	return k, err
}

// observer keeps what the passes change: in the folder, or else as long as the daemon
// lives. The page shows it.
func (f *historyFlags) observer(k kept, page *observe.Page, log zerolog.Logger) observe.Observer {
	if k.events == nil {
		recent := &history.Recent{}
		page.Past = func(object history.Object, n int) ([]*history.Event, error) { return recent.Last(object, n), nil }
		page.PastNote = "The daemon remembers its last changes until it ends; with --history DIR it keeps them."
		return observe.NewMemory(recent, log)
	}
	page.Past = func(object history.Object, n int) ([]*history.Event, error) { return history.Last(f.folder, object, n) }
	return observe.NewHistory(k.events, log)
}

// Close lets another daemon have the folder.
func (k kept) Close() error {
	var err error
	if k.events != nil {
		err = k.events.Close()
	}
	if k.folder != nil {
		err = errors.Join(err, k.folder.Close())
	}
	return err
}
