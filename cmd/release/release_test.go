package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var sourceDate = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The same sources make the same bytes, from another folder and into another one.
func TestReleaseIsReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	targets := []target{{runtime.GOOS, runtime.GOARCH}}
	make := func() map[string]string {
		source, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
		write(t, source, map[string]string{
			"go.mod": "module example.com/hello\n\ngo 1.24\n", "LICENSE": "free",
			"main.go": "package main\n\nvar version, revision string\n\nfunc main() { println(version, revision) }\n",
		})
		r := release{
			name: "hello", pkg: ".", dir: source, version: "1.2.3", revision: "abc", time: sourceDate,
			targets: targets, beside: []string{"LICENSE"}, out: out,
		}
		if err := r.make(context.Background(), io.Discard); err != nil {
			t.Fatal(err)
		}
		made := map[string]string{}
		elements, err := os.ReadDir(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, element := range elements {
			text, err := os.ReadFile(filepath.Join(out, element.Name()))
			if err != nil {
				t.Fatal(err)
			}
			made[element.Name()] = string(text)
		}
		return made
	}
	first, second := make(), make()
	if len(first) != 2*len(targets)+1 {
		t.Errorf("it made %v", sortedKeys(first))
	}
	for name, text := range first {
		if second[name] != text {
			t.Errorf("%s is not the same when it is made again", name)
		}
	}
	sums := first["hello_1.2.3_SHA256SUMS"]
	for name := range first {
		if !strings.Contains(sums, "  "+name+"\n") && !strings.HasSuffix(name, "SUMS") {
			t.Errorf("there is no checksum of %s in\n%s", name, sums)
		}
	}
}

// Both sorts of archives hold the files, with their modes and the time.
func TestArchives(t *testing.T) {
	files := []file{{"LICENSE", 0o644, []byte("free")}, {"hello", 0o755, bytes.Repeat([]byte("x"), 1<<16)}}
	const want = "LICENSE -rw-r--r-- 2026-11-26T09:00:00Z 4, hello -rwxr-xr-x 2026-11-26T09:00:00Z 65536"
	tarred, err := tarball(files, sourceDate)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := zipped(files, sourceDate)
	if err != nil {
		t.Fatal(err)
	}
	if got := inTarball(t, tarred); got != want {
		t.Errorf("the tarball holds %s\nwant %s", got, want)
	}
	if got := inZip(t, packed); got != want {
		t.Errorf("the zip holds %s\nwant %s", got, want)
	}
}

func describe(info os.FileInfo) string {
	return fmt.Sprintf("%s %s %s %d", info.Name(), info.Mode(), info.ModTime().UTC().Format(time.RFC3339), info.Size())
}

func inTarball(t *testing.T, packed []byte) string {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return strings.Join(found, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, describe(header.FileInfo()))
	}
}

func inZip(t *testing.T, packed []byte) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range archive.File {
		found = append(found, describe(f.FileInfo()))
	}
	return strings.Join(found, ", ")
}

// The bill names what was linked, and Go itself.
func TestBill(t *testing.T) {
	r := release{name: "hello", version: "1.2.3", revision: "abc", time: sourceDate}
	info := &debug.BuildInfo{
		GoVersion: "go1.26.1", Main: debug.Module{Path: "example.com/hello"},
		Deps: []*debug.Module{
			{Path: "example.com/z", Version: "v1.0.0+incompatible", Sum: "h1:zzz="},
			{Path: "example.com/a", Version: "v1", Replace: &debug.Module{Path: "example.com/b", Version: "v2"}},
		},
	}
	text, err := r.bill(info, target{"linux", "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	var got bill
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg:golang/example.com/b@v2", "pkg:golang/example.com/z@v1.0.0%2Bincompatible", "pkg:golang/std@1.26.1"}
	if !slices.Equal(got.Dependencies[0].DependsOn, want) || len(got.Components) != len(want) {
		t.Errorf("it depends on %v, want %v", got.Dependencies[0].DependsOn, want)
	}
	if got.Metadata.Component.PURL != "pkg:golang/example.com/hello@v1.2.3" || got.Metadata.Timestamp != "2026-11-26T09:00:00Z" {
		t.Errorf("it is about %+v", got.Metadata)
	}
	if p := got.Components[1].Properties; len(p) != 1 || p[0].Value != "h1:zzz=" {
		t.Errorf("the checksum is %v", p)
	}
}

func TestVersions(t *testing.T) {
	for _, tt := range []struct {
		version     string
		final, good bool
	}{
		{"1.2.3", true, true}, {"0.10.0", true, true}, {"1.2.3-rc1", false, true},
		{"", false, false}, {"v1.2.3", false, false}, {"1.2", false, false}, {"01.2.3", false, false}, {"1.2.3+x", false, false}, {"1.2.3 -X", false, false},
	} {
		if final, err := checkVersion(tt.version); final != tt.final || (err == nil) != tt.good {
			t.Errorf("%q: final %v, error %v", tt.version, final, err)
		}
	}
}

// A release of which the changelog says nothing is refused.
func TestInChangelog(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- x\n\n## 1.3.0\n\n## 1.2.0 - 2026-11-26\n\nWords.\n\n- y\n"})
	for version, want := range map[string]bool{"1.2.0": true, "1.3.0": false, "1.2": false, "2.0.0": false} {
		if err := inChangelog(filepath.Join(folder, "CHANGELOG.md"), version); (err == nil) != want {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// What was built while the checkout changed is no release.
func TestUnchanged(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("it needs git")
	}
	folder := t.TempDir()
	t.Chdir(folder)
	do := func(args ...string) string {
		t.Helper()
		said, err := git(t.Context(), append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	write(t, folder, map[string]string{"a": "1"})
	do("init", "--quiet")
	do("add", "a")
	do("commit", "--quiet", "-m", "a")
	revision := do("rev-parse", "HEAD")
	write(t, folder, map[string]string{"made": "1"})
	if err := unchanged(t.Context(), revision); err != nil {
		t.Error(err)
	}
	write(t, folder, map[string]string{"a": "2"})
	if err := unchanged(t.Context(), revision); err == nil || !strings.Contains(err.Error(), "not all is committed") {
		t.Errorf("with a change: %v", err)
	}
	do("commit", "--quiet", "-a", "-m", "b")
	if err := unchanged(t.Context(), revision); err == nil || !strings.Contains(err.Error(), "is checked out") {
		t.Errorf("with another commit: %v", err)
	}
}
