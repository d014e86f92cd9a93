package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// REFERENCE.md is made of the commands themselves; -update writes it anew.
func TestReference(t *testing.T) {
	var made bytes.Buffer
	made.WriteString("# Reference\n\nMade of the commands' own words by `go test ./cmd/aksync -update`.\n\n")
	root := newRoot()
	root.DisableAutoGenTag = true
	for _, command := range root.Commands() {
		if command.Hidden {
			continue
		}
		command.DisableAutoGenTag = true
		if err := doc.GenMarkdownCustom(command, &made, func(string) string { return "README.md" }); err != nil {
			t.Fatal(err)
		}
	}
	const path = "REFERENCE.md"
	if *update {
		if err := os.WriteFile(path, made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), made.String()); diff != "" {
		t.Errorf("%s is not what the commands say (-written +made); run go test ./cmd/aksync -update:\n%s", path, diff)
	}
}

// Each command has words, an example where it does something, and flags that
// say what they do.
func TestCommandsAreDescribed(t *testing.T) {
	for _, command := range newRoot().Commands() {
		if command.Short == "" || command.Example == "" && command.Name() != "version" && !command.Hidden {
			t.Errorf("%s has no words or no example", command.Name())
		}
		checkFlags(t, command)
	}
}

func checkFlags(t *testing.T, command *cobra.Command) {
	t.Helper()
	for line := range strings.SplitSeq(command.Flags().FlagUsages(), "\n") {
		if words := strings.Fields(line); len(words) > 0 && len(words) < 3 {
			t.Errorf("%s: a flag has no words: %s", command.Name(), line)
		}
	}
}
