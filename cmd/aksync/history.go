package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/history"
	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newHistory() *cobra.Command {
	var folder, since, output string
	cmd := &cobra.Command{
		Use:   "history [[MODEL:]NAME…]",
		Short: "Show what the daemon has changed, when and why",
		Long: `history shows what the daemon of run --history DIR has changed, the oldest first:
when, in which pass, whether the declaration or the live object had changed, and the
git commit that was checked out. It needs no server, and may read while the daemon
runs. A NAME is an object's, or a glob.

With -o json each change is a line of its own.`,
		Example: `  aksync history --history /var/lib/aksync
  aksync history --history /var/lib/aksync --since 24h 'wiki*'
  aksync history --history /var/lib/aksync -o json group:staff`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return err
			}
			if folder == "" {
				return &usageError{errors.New("nothing says where the history is: want --history DIR, as the daemon has it")}
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			filter, err := historyFilter(s, args, since, time.Now())
			if err != nil {
				return err
			}
			return showHistory(cmd, s, folder, output, filter)
		},
	}
	cmd.Flags().StringVar(&folder, "history", "", "folder in which the daemon remembers what it has applied and changed")
	cmd.Flags().StringVar(&since, "since", "", "leave out what was before: a time such as 2026-11-26 or 2026-11-26T09:00:00Z, or how long ago, such as 36h or 7d")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	completeWords(cmd, "output", "text", "json")
	return cmd
}

// historyFilter reads what is asked for.
func historyFilter(s *schema.Schema, names []string, since string, now time.Time) (filter history.Filter, err error) {
	for _, name := range names {
		if model, called, has := strings.Cut(name, ":"); has { // it may be a name with a colon, too
			if subject, err := explain.Find(s, model); err == nil {
				filter.Globs = append(filter.Globs, sync.Glob{Model: subject.Kind.Model, Name: called})
			}
		}
		glob, err := sync.ParseGlob(name)
		if err != nil { // it is a name then
			glob = sync.Glob{Name: name}
		}
		filter.Globs = append(filter.Globs, glob)
	}
	if since != "" {
		filter.Since, err = parseSince(since, now)
	}
	return filter, err
}

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if ago, err := time.ParseDuration(days + "h"); err == nil && ago >= 0 {
			return now.Add(-24 * ago), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if then, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return then, nil
		}
	}
	return time.Time{}, &usageError{fmt.Errorf("--since is %q: want a time such as 2026-11-26 or 2026-11-26T09:00:00Z, or how long ago, such as 36h or 7d", text)}
}

// showHistory writes the events that are asked for.
func showHistory(cmd *cobra.Command, s *schema.Schema, folder, output string, filter history.Filter) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	show := showEvent(s, report.NewText(out, coloured(cmd.OutOrStdout()), false))
	if output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		show = func(event *history.Event) error { return encoder.Encode(event) }
	}
	shown := 0
	damaged, err := history.Read(folder, func(event *history.Event) error {
		if !filter.Takes(event) {
			return nil
		}
		shown++
		return show(event)
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("--history: %w", err)
	}
	if damaged > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "Left out %s, such as one that was being written when the machine stopped.\n", things(damaged, "damaged line"))
	}
	if shown == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s holds no such change.\n", folder)
	}
	return nil
}

// showEvent gives what shows events as text: when and why, and then what, as plans do.
func showEvent(s *schema.Schema, text *report.Text) func(*history.Event) error {
	return func(event *history.Event) error {
		title := event.Model // of a kind that this aksync does not know
		if kind := s.Kind(event.Model); kind != nil {
			title = kind.Title
		}
		return text.Past(whenAndWhy(event), event.Change(title), sync.RestoreNames(s, event.Names), event.Error)
	}
}

// whenAndWhy says when something was changed, by which pass, and why; and of which
// commit, in a line of its own.
func whenAndWhy(event *history.Event) []string {
	words := fmt.Sprintf("%s  %s", event.Time.Local().Format("2006-01-02 15:04:05 -07:00"), event.Why.Words())
	if event.Trigger != "" && event.Why != history.FirstPass {
		words += fmt.Sprintf(" (pass: %s)", event.Trigger)
	}
	if event.Commit == "" {
		return []string{words}
	}
	commit := "    commit " + event.Commit[:min(len(event.Commit), 12)]
	if event.Uncommitted {
		commit += " and what is not committed"
	}
	return []string{words, commit}
}
