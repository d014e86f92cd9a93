package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

// logFlags are the flags that say how to log.
type logFlags struct{ format, level string }

func (f *logFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.format, "log-format", "text", "text or json")
	cmd.Flags().StringVar(&f.level, "log-level", "info", "debug, info, warn or error")
	completeWords(cmd, "log-format", "text", "json")
	completeWords(cmd, "log-level", "debug", "info", "warn", "error")
}

// logger writes to the command's standard error.
func (f *logFlags) logger(cmd *cobra.Command) (zerolog.Logger, error) {
	if err := oneOf("log-format", f.format, "text", "json"); err != nil {
		return zerolog.Nop(), err
	}
	if err := oneOf("log-level", f.level, "debug", "info", "warn", "error"); err != nil {
		return zerolog.Nop(), err
	}
	level, err := zerolog.ParseLevel(f.level)
	if err != nil {
		return zerolog.Nop(), &usageError{fmt.Errorf("--log-level: %w", err)}
	}
	w := cmd.ErrOrStderr()
	if f.format == "text" {
		w = zerolog.ConsoleWriter{Out: w, NoColor: !coloured(w), TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger(), nil
}

// coloured tells whether w is a terminal whose user wants colour
// (https://no-color.org).
func coloured(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
