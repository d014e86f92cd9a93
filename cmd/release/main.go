// Command release makes what is published of a version: archives for the usual
// platforms, their bills of materials and the checksums of all. The same commit makes
// the same bytes, wherever it is built with the same Go: see CONTRIBUTING.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

const usage = `Usage:
  go run ./cmd/release -version VERSION [-out FOLDER] [-platforms OS/ARCH,…]

makes the archives, bills of materials and checksums of a version. CHANGELOG.md has to
say what is in it, and all has to be committed, unless the version ends in a hyphen and
a word, such as 1.2.0-rc1. SOURCE_DATE_EPOCH is the time that all files have; the
commit's if it is not set.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	version := flags.String("version", "", "the version, such as 1.2.3")
	out := flags.String("out", "dist", "the folder to write to")
	revision := flags.String("revision", "", "the commit; that of the checkout if it is empty")
	platforms := flags.String("platforms", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64", "the platforms")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r := release{
		name: "aksync", pkg: "./cmd/aksync", dir: ".", version: *version, revision: *revision, out: *out,
		beside: []string{"LICENSE", "README.md", "CHANGELOG.md"},
	}
	for platform := range strings.SplitSeq(*platforms, ",") {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return fmt.Errorf("-platforms has %q: want OS/ARCH, such as linux/amd64", platform)
		}
		r.targets = append(r.targets, target{goos, goarch})
	}
	final, err := checkVersion(r.version)
	if err != nil {
		return err
	}
	if final {
		if err := inChangelog("CHANGELOG.md", r.version); err != nil {
			return err
		}
	}
	if r.revision == "" {
		if r.revision, err = committed(ctx, final); err != nil {
			return err
		}
	}
	if r.time, err = sourceTime(ctx); err != nil {
		return err
	}
	if err := r.make(ctx, os.Stdout); err != nil {
		return err
	}
	if final && *revision == "" {
		return unchanged(ctx, r.revision)
	}
	return nil
}

// unchanged refuses a checkout that is not of the commit any more: while programs are
// built, it may have become another one.
func unchanged(ctx context.Context, revision string) error {
	now, err := committed(ctx, true)
	if err == nil && now != revision {
		err = fmt.Errorf("%s is checked out", now)
	}
	if err != nil {
		return fmt.Errorf("what was made is no release of %s, the checkout has changed meanwhile: %w", revision, err)
	}
	return nil
}

// committed gives the commit that is checked out. Of a final version nothing else may
// be there.
func committed(ctx context.Context, final bool) (string, error) {
	commit, err := git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return "", err
	}
	changed, err := git(ctx, "status", "--porcelain", "--untracked-files=no")
	if err == nil && final && changed != "" {
		err = fmt.Errorf("not all is committed, and a release is made of a commit:\n%s", changed)
	}
	return commit, err
}

// sourceTime is SOURCE_DATE_EPOCH, or the time of the commit.
func sourceTime(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		var err error
		if text, err = git(ctx, "log", "-1", "--format=%ct"); err != nil {
			return time.Time{}, err
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q: want seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
