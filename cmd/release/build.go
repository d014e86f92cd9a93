package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is a platform to build for.
type target struct{ goos, goarch string }

// release is what there is to make.
type release struct {
	// name is that of the program, pkg its package, and dir the folder of its module.
	name, pkg, dir    string
	version, revision string
	// time is that of all files in the archives.
	time    time.Time
	targets []target
	// beside are files that go into each archive.
	beside []string
	out    string
}

// base is how the files of a target begin.
func (r *release) base(t target) string {
	return fmt.Sprintf("%s_%s_%s_%s", r.name, r.version, t.goos, t.goarch)
}

// make makes all files, and says which.
func (r *release) make(ctx context.Context, log io.Writer) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	sums := map[string][sha256.Size]byte{}
	for _, t := range r.targets {
		made, err := r.makeTarget(ctx, t)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", t.goos, t.goarch, err)
		}
		for name, text := range made {
			if err := os.WriteFile(filepath.Join(r.out, name), text, 0o644); err != nil {
				return err
			}
			sums[name] = sha256.Sum256(text)
		}
	}
	var list strings.Builder
	for _, name := range sortedKeys(sums) {
		fmt.Fprintf(&list, "%x  %s\n", sums[name], name)
	}
	if err := os.WriteFile(filepath.Join(r.out, fmt.Sprintf("%s_%s_SHA256SUMS", r.name, r.version)), []byte(list.String()), 0o644); err != nil {
		return err
	}
	_, err := io.WriteString(log, list.String())
	return err
}

// makeTarget makes the files of a target, by their names.
func (r *release) makeTarget(ctx context.Context, t target) (map[string][]byte, error) {
	folder, err := os.MkdirTemp("", "release-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, r.name)
	if t.goos == "windows" {
		program += ".exe"
	}
	if err := r.build(ctx, t, program); err != nil {
		return nil, err
	}
	files, err := r.files(program)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	bill, err := r.bill(info, t)
	if err != nil {
		return nil, err
	}
	pack, ending := tarball, ".tar.gz"
	if t.goos == "windows" {
		pack, ending = zipped, ".zip"
	}
	archive, err := pack(files, r.time)
	return map[string][]byte{r.base(t) + ending: archive, r.base(t) + ".cdx.json": bill}, err
}

// build builds the program. Nothing of the machine goes into it: no path, no time, no
// state of the checkout, no setting of Go but those that are given here.
func (r *release) build(ctx context.Context, t target, into string) error {
	flags := fmt.Sprintf("-s -w -buildid= -X main.version=%s -X main.revision=%s", r.version, r.revision)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", into, r.pkg)
	cmd.Dir, cmd.Stderr = r.dir, os.Stderr
	settings := []string{"GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0", "GOOS=" + t.goos, "GOARCH=" + t.goarch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off"}
	cmd.Env = append(os.Environ(), settings...)
	return cmd.Run()
}

// files reads what goes into an archive, in the order that it has there.
func (r *release) files(program string) ([]file, error) {
	paths := []string{program}
	for _, name := range r.beside {
		paths = append(paths, filepath.Join(r.dir, name))
	}
	files := make([]file, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files[i] = file{name: filepath.Base(path), mode: 0o644, text: text}
	}
	files[0].mode = 0o755
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}
