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
	"github.com/aksync/aksync/internal/watch"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// runFlags are the flags of the daemon.
type runFlags struct {
	server    serverFlags
	read      readFlags
	logs      logFlags
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
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd, flags, args) },
	}
	flags.server.register(cmd.Flags())
	flags.read.register(cmd.Flags())
	flags.logs.register(cmd.Flags())
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
	s, err := schema.Load()
	if err != nil {
		return fmt.Errorf("loading the schema: %w", err)
	}
	listener, err := metrics.Listen(cmd.Context(), flags.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if flags.dev {
		dev, err := flags.startDev(cmd.Context(), s, log)
		if err != nil {
			return err
		}
		defer dev.stop()
	}
	source, err := newSource(s, flags.read, flags.server.tokenFile, paths(args))
	if err != nil {
		return err
	}
	b := thisBuild()
	measured := metrics.New(b.version, b.revision)
	client, err := flags.client(log, measured)
	if err != nil {
		return err
	}
	defer client.Close()
	watcher, err := watch.New(watch.Config{Paths: source.paths, OnEvent: measured.AddWatchEvent, Logger: log})
	if err != nil {
		return err
	}
	defer watcher.Close()
	source.onInputs = watcher.SetExtra

	requests := make(chan struct{}, 1)
	view := newView(cmd.OutOrStdout(), log, measured, s, newStatus(b, flags, client.URL(), source.paths))
	page, err := metrics.NewHTTP(metrics.Config{
		Metrics: measured, Health: view.health, Status: view.status,
		Sync: func() { ask(requests) }, Logger: log,
	})
	if err != nil {
		return err
	}
	reconciler := flags.server.reconciler(source, s, client)
	reconciler.DryRun = flags.dryRun
	reconciler.OnPlan, reconciler.OnResult = view.planned, view.changed
	daemon := &sync.Daemon{
		Reconciler: reconciler, Interval: flags.interval,
		Changes: watcher.Changes(), Requests: requests, OnPass: view.passed,
	}
	log.Info().Strs("paths", source.paths).Str("server", client.URL()).Stringer("interval", flags.interval).
		Stringer("listen", listener.Addr()).Bool("dry_run", flags.dryRun).Str("version", b.version).Msg("aksync starts")
	defer func() { log.Info().Msg("aksync has ended") }()
	return together(cmd.Context(),
		watcher.Run,
		func(ctx context.Context) error { return page.Serve(ctx, listener, flags.webConfig) },
		func(ctx context.Context) error { daemon.Run(ctx); return nil },
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

// client makes the client whose requests are measured.
func (f *runFlags) client(log zerolog.Logger, measured *metrics.Metrics) (*authentik.Client, error) {
	return f.server.client(log, func(r authentik.Request) {
		measured.ObserveRequest(r.Method, r.Endpoint, r.Code, r.Duration)
	})
}

// startDev starts the embedded server on its usual address, or on any where
// that is taken, and points the flags at it.
func (f *runFlags) startDev(ctx context.Context, s *schema.Schema, log zerolog.Logger) (*devServer, error) {
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

// ask asks for a pass; one that was asked for and has not begun is enough.
func ask(requests chan<- struct{}) {
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
			ask(requests)
		}
	}
}
