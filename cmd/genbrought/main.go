// Command genbrought writes down what authentik of a version brings, from a server that
// nobody has touched: see CONTRIBUTING.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const usage = `Usage:
  AUTHENTIK_URL=… AUTHENTIK_TOKEN=… go run ./cmd/genbrought [-without GLOB,…]

writes what the server brings into a file of its version, without what has one of the
names: a server for tests has users of its own.
`

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "genbrought:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("genbrought", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	folder := flags.String("folder", "internal/export/brought", "the folder of what versions bring")
	without := flags.String("without", "", "globs of names, with commas between them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("want no arguments")
	}
	client, err := authentik.New(authentik.Config{
		URL: os.Getenv("AUTHENTIK_URL"), Token: authentik.StaticToken(os.Getenv("AUTHENTIK_TOKEN")), Parallelism: 4,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	version, err := client.Version(ctx)
	if err != nil {
		return err
	}
	lines, err := brought(ctx, client, version, strings.Split(*without, ","))
	if err != nil {
		return err
	}
	file := filepath.Join(*folder, export.Family(version)+".txt")
	return os.WriteFile(file, []byte(strings.Join(lines, "")), 0o644)
}

// brought lists what the server holds.
func brought(ctx context.Context, api sync.Reader, version string, without []string) ([]string, error) {
	s, err := schema.Load()
	if err != nil {
		return nil, err
	}
	s = s.At(version)
	needs, err := export.NeedsAll(s)
	if err != nil {
		return nil, err
	}
	live, err := sync.ReadLive(ctx, s, api, needs)
	if err != nil {
		return nil, err
	}
	if err := live.ReadGrants(ctx, s, api); err != nil {
		return nil, err
	}
	return export.Brought(s, live.Objects(), export.Options{Granted: live.Grants}, func(name string) bool {
		return slices.ContainsFunc(without, func(glob string) bool {
			matches, err := path.Match(glob, name)
			return err == nil && matches
		})
	})
}
