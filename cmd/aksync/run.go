package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/metrics"
	"github.com/aksync/aksync/internal/observe"
	"github.com/aksync/aksync/internal/watch"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// runFlags are the flags of the daemon.
type runFlags struct {
	passFlags
	elect     electFlags
	history   historyFlags
	interval  time.Duration
	listen    string
	webConfig string
	dryRun    bool
	dev       bool
}

func newRun() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run [PATH…]",
		Short: "Watch blueprints and keep authentik as they declare it",
		Long: `run makes a pass at the start, whenever a file changes, on SIGHUP or POST
/-/sync, and every --interval. It serves metrics and health on --listen.`,
		Example: `  aksync run --dev
  AUTHENTIK_URL=https://auth.example.com AUTHENTIK_TOKEN_FILE=/run/secrets/token aksync run /blueprints`,
		ValidArgsFunction: completeBlueprints,
		RunE:              func(cmd *cobra.Command, args []string) error { return run(cmd, flags, args) },
	}
	flags.passFlags.register(cmd)
	flags.elect.register(cmd.Flags())
	flags.history.register(cmd.Flags())
	cmd.Flags().DurationVar(&flags.interval, "interval", 5*time.Minute, "time between passes where nothing else causes one")
	cmd.Flags().StringVar(&flags.listen, "listen", ":9180", "address to serve metrics and health on")
	cmd.Flags().StringVar(&flags.webConfig, "web-config-file", "", "Prometheus's web configuration: TLS and basic auth for --listen")
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "report drift and write nothing")
	cmd.Flags().BoolVar(&flags.dev, "dev", false, "start the embedded server and sync to it")
	return cmd
}

func (f *runFlags) check() error {
	if f.interval <= 0 {
		return &usageError{fmt.Errorf("--interval is %s: want more than 0, such as 5m", f.interval)}
	}
	if f.dev && f.server.url != "" {
		return &usageError{errors.New("--dev brings its own server: leave out --url and AUTHENTIK_URL")}
	}
	if err := f.history.check(); err != nil {
		return err
	}
	return metrics.CheckWebConfig(f.webConfig)
}

// run puts the daemon together, and takes it apart in the opposite order.
func run(cmd *cobra.Command, flags runFlags, args []string) error {
	log, err := flags.logs.logger(cmd)
	if err != nil {
		return err
	}
	if err := flags.check(); err != nil {
		return err
	}
	listener, err := metrics.Listen(cmd.Context(), flags.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if flags.dev {
		dev, err := flags.startDev(cmd.Context(), log)
		if err != nil {
			return err
		}
		defer dev.stop()
	}
	b := thisBuild()
	measured := metrics.New(b.version, b.revision)
	passes, err := flags.passes(log, args, func(r authentik.Request) {
		measured.ObserveRequest(r.Method, r.Endpoint, r.Code, r.Duration)
	})
	if err != nil {
		return err
	}
	defer passes.client.Close()
	remembered, err := flags.history.remember(passes, flags.interval)
	if err != nil {
		return err
	}
	defer remembered.Close()
	source := passes.source
	watcher, err := watch.New(watch.Config{Paths: source.paths, OnEvent: measured.AddWatchEvent, Logger: log})
	if err != nil {
		return err
	}
	defer watcher.Close()
	source.onInputs, source.changed = watcher.SetExtra, watcher.Changed

	requests := make(chan struct{}, 1)
	shown := observe.NewPage(newStatus(b, flags, passes.client.URL(), source.paths), passes.client.Unanswered)
	shown.Schema = passes.Schema
	// The metrics and the page tell of a pass before the log says that it has ended.
	observers := observe.Observers{
		observe.NewCount(measured), shown, &observe.Log{Log: log},
		&observe.Diff{Out: cmd.OutOrStdout(), Coloured: coloured(cmd.OutOrStdout()), DryRun: shown.DryRun, Log: log},
		flags.history.observer(remembered, shown, log),
	}
	if os.Getenv("GOGC") == "" {
		observers = append(observers, collector{})
	}
	page, err := metrics.NewHTTP(metrics.Config{
		Metrics: measured, Health: shown.Health, Status: shown.Status, Detail: shown.Detail,
		Sync: func() { request(requests) }, Logger: log,
	})
	if err != nil {
		return err
	}
	passes.Survey = &sync.Survey{Brought: brought(passes.Schema)}
	passes.DryRun, passes.OnPlan, passes.OnResult = flags.dryRun, observers.Planned, observers.Changed
	daemon := &sync.Daemon{
		Reconciler: passes.Reconciler, Interval: flags.interval,
		Changes: watcher.Changes(), Requests: requests, OnPass: observers.Passed,
	}
	log.Info().Strs("paths", source.paths).Str("server", passes.client.URL()).Stringer("interval", flags.interval).
		Stringer("listen", listener.Addr()).Bool("dry_run", flags.dryRun).Str("version", b.version).Msg("aksync starts")
	defer func() { log.Info().Msg("aksync has ended") }()
	return together(cmd.Context(),
		watcher.Run,
		func(ctx context.Context) error { return page.Serve(ctx, listener, flags.webConfig) },
		(&elected{lease: flags.elect.config(log), daemon: daemon, leads: func(leads bool) { measured.SetLeader(leads); shown.Leads(leads) }}).run,
		func(ctx context.Context) error { askOnHangup(ctx, requests); return nil },
	)
}

// together runs the parts until ctx or the first part ends, and then waits for
// the others.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	return group.Wait()
}

// startDev starts the embedded server on its usual address, or on any where
// that is taken, and points the flags at it.
func (f *runFlags) startDev(ctx context.Context, log zerolog.Logger) (*devServer, error) {
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:9000")
	if err != nil {
		if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("--dev: %w", err)
		}
	}
	dev, err := startDev(s, listener, devserver.DefaultVersion, log)
	if err != nil {
		return nil, err
	}
	f.server.url = dev.url
	f.server.fixedToken = devserver.DevToken
	return dev, nil
}

// request asks for a pass; one that was asked for and has not begun is enough.
func request(requests chan<- struct{}) {
	select {
	case requests <- struct{}{}:
	default:
	}
}

// askOnHangup asks for a pass on each SIGHUP until ctx ends.
func askOnHangup(ctx context.Context, requests chan<- struct{}) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			request(requests)
		}
	}
}

// newStatus is what the page shows before the first pass.
func newStatus(b build, flags runFlags, url string, paths []string) metrics.Status {
	return metrics.Status{
		Version: b.version, Revision: b.revision, Started: time.Now(),
		DryRun: flags.dryRun, Interval: flags.interval, Watched: paths,
		Health: metrics.Health{Server: metrics.Server{URL: url}},
	}
}
