// Command genkinds makes what aksync knows of authentik's kinds of objects: see
// CONTRIBUTING.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/aksync/aksync/internal/genkinds"
)

const usage = `Usage:
  go run ./cmd/genkinds                    make all files from the facts and the quirks
  go run ./cmd/genkinds -check             say which files differ from what would be made
  go run ./cmd/genkinds add VERSION OPENAPI.json [BLUEPRINT-SCHEMA.json]
                                           distil the facts of a version, such as 2026.5,
                                           and make all files
`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "genkinds:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("genkinds", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	check := flags.Bool("check", false, "only say which files differ")
	folder := flags.String("schema", "schema", "the folder of the schema")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch rest := flags.Args(); {
	case (len(rest) == 3 || len(rest) == 4) && rest[0] == "add" && !*check:
		blueprints := append(rest, "")[3]
		if err := genkinds.Add(*folder, rest[1], rest[2], blueprints); err != nil {
			return err
		}
	case len(rest) > 0:
		return errors.New("want no arguments, or add VERSION OPENAPI.json [BLUEPRINT-SCHEMA.json]")
	}
	made, err := genkinds.Generate(*folder)
	if err != nil {
		return err
	}
	if !*check {
		return genkinds.Write(*folder, made)
	}
	differ, err := genkinds.Check(*folder, made)
	if err == nil && len(differ) > 0 {
		err = fmt.Errorf("these files are not what go run ./cmd/genkinds makes: %s", strings.Join(differ, ", "))
	}
	return err
}
