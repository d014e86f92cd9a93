package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// newHealthcheck is what the container image's HEALTHCHECK calls, since the
// image holds nothing else that could ask.
func newHealthcheck() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a daemon on this machine whether it lives",
		Long: `healthcheck exits with 0 where a daemon answers on --listen, and with 1 where
none does. It is what the container image checks itself with.`,
		Example: `  aksync healthcheck --listen 127.0.0.1:9180`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return healthcheck(cmd.Context(), listen) },
	}
	cmd.Flags().StringVar(&listen, "listen", ":9180", "address that the daemon serves on")
	return cmd
}

// alive are the answers of a daemon that lives: its own; that of a TLS server
// to plain HTTP; and that of one that wants a password.
var alive = []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized}

func healthcheck(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return &usageError{fmt.Errorf("--listen is %q: want host:port or :port", listen)}
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := "http://" + net.JoinHostPort(host, port) + "/-/healthy"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking the daemon: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the daemon: %w", err)
	}
	defer response.Body.Close()
	if !slices.Contains(alive, response.StatusCode) {
		return fmt.Errorf("the daemon at %s answers %s", address, response.Status)
	}
	return nil
}
