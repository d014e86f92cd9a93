package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

func newDev() *cobra.Command {
	var (
		read                  readFlags
		logs                  logFlags
		listen, seed, version string
	)
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve an API that behaves like authentik's, in memory",
		Long: `dev serves the part of authentik's API that aksync uses, with flows and stages
under the names that authentik brings, in memory and for the token "dev". What is
written is gone when it ends.`,
		Example: `  aksync dev --seed blueprints
  curl -H "Authorization: Bearer dev" http://127.0.0.1:9000/api/v3/stages/password/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(cmd)
			if err != nil {
				return err
			}
			s, err := schema.Load()
			if err != nil {
				return err
			}
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen: %w", err)
			}
			server, err := startDev(s, listener, version, log)
			if err != nil {
				return err
			}
			if seed != "" {
				if err := server.seed(cmd, read, seed, s, log); err != nil {
					return errors.Join(err, server.stop())
				}
			}
			select {
			case <-cmd.Context().Done():
			case <-server.done:
			}
			return server.stop()
		},
	}
	read.register(cmd.Flags())
	logs.register(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9000", "address to serve on")
	cmd.Flags().StringVar(&seed, "seed", "", "folder or file of blueprints to apply first")
	cmd.Flags().StringVar(&version, "authentik-version", devserver.DefaultVersion, "version of authentik to behave like")
	return cmd
}

// devServer is the embedded server while it runs.
type devServer struct {
	url  string
	http *http.Server
	done chan struct{}
	err  error // set before done is closed
}

// startDev serves on the listener until stop is called.
func startDev(s *schema.Schema, listener net.Listener, version string, log zerolog.Logger) (*devServer, error) {
	handler, err := devserver.NewSeeded(devserver.Config{Schema: s, Version: version})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	d := &devServer{
		url:  "http://" + listener.Addr().String(),
		http: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		done: make(chan struct{}),
	}
	go func() {
		defer close(d.done)
		if err := d.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.err = fmt.Errorf("the embedded server: %w", err)
		}
	}()
	log.Info().Str("url", d.url).Str("token", devserver.DevToken).Str("version", version).Msg("the embedded authentik-compatible server answers")
	return d, nil
}

// stop ends the server and says whether it had ended by itself.
func (d *devServer) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := d.http.Shutdown(ctx)
	<-d.done
	return errors.Join(err, d.err)
}

// seed applies blueprints to the server.
func (d *devServer) seed(cmd *cobra.Command, read readFlags, path string, s *schema.Schema, log zerolog.Logger) error {
	source, err := newSource(s, read, "", []string{path})
	if err != nil {
		return err
	}
	client, err := authentik.New(authentik.Config{URL: d.url, Token: authentik.StaticToken(devserver.DevToken), Logger: log})
	if err != nil {
		return err
	}
	defer client.Close()
	reconciler := &sync.Reconciler{Schema: s, Source: source, API: client, Parallelism: 8}
	return applyOnce(cmd, reconciler, func() *sync.Pass { return reconciler.Apply(cmd.Context(), sync.TriggerStart) })
}
