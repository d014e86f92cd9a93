package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

const (
	// headerTimeout bounds how long a client may take to send its headers, and
	// idleTimeout how long a connection is kept for a next request.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// writeTimeout bounds one answer; the longest is a page of many objects.
	writeTimeout = time.Minute
	// shutdownTimeout is how long answers under way are waited for.
	shutdownTimeout = 5 * time.Second
)

// Listen opens the TCP address (host:port, or :port for all interfaces), so that
// an address that can't be had is an error before anything else starts.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%q is no address: want HOST:PORT, such as 127.0.0.1:9180, or :9180", address)
	}
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving metrics and health: %w", err)
	}
	return listener, nil
}

// CheckWebConfig reads a web configuration file, and the certificates it names,
// as Serve would. An empty path is none and no error.
func CheckWebConfig(path string) error {
	if err := web.Validate(path); err != nil {
		return fmt.Errorf("web configuration %s: %w", path, err)
	}
	return nil
}

// Serve answers on the listener until the context ends, lets answers under way
// finish for up to 5 s, and returns nil; any other end is an error. It closes the
// listener in any case. It is to be called once.
//
// webConfigFile is Prometheus's web configuration (TLS, basic auth), empty for
// none. Users and passwords in it are asked for on every path, health included:
// probes must send them too. The file is read again for each request.
func (h *HTTP) Serve(ctx context.Context, listener net.Listener, webConfigFile string) error {
	server := &http.Server{
		Handler:           h.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout, // no request has a body worth waiting for
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() {
		done <- web.Serve(listener, server, &web.FlagConfig{WebConfigFile: &webConfigFile}, h.log)
	}()
	select {
	case err := <-done:
		return fmt.Errorf("serving metrics and health on %s: %w", listener.Addr(), errors.Join(err, closeOnce(listener)))
	case <-ctx.Done():
		err := shutdown(server)
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return errors.Join(err, closeOnce(listener))
	}
}

// shutdown cuts off what has not ended in time: the daemon is to end.
func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("ending the server of metrics and health: %w", err)
	}
	return nil
}

// closeOnce closes a listener that the server may have closed already: it does
// not where the web configuration was refused.
func closeOnce(listener net.Listener) error {
	if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing %s: %w", listener.Addr(), err)
	}
	return nil
}
