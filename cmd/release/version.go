package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

var versionForm = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// checkVersion refuses what is no semantic version, and reports whether it is a final
// one.
func checkVersion(version string) (final bool, err error) {
	parts := versionForm.FindStringSubmatch(version)
	if parts == nil {
		return false, fmt.Errorf("-version is %q: want one such as 1.2.3 or 1.2.3-rc1", version)
	}
	return parts[4] == "", nil
}

// inChangelog refuses a version of which the changelog says nothing.
func inChangelog(path, version string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	within, said := false, false
	for line := range strings.Lines(string(text)) {
		if heading, is := strings.CutPrefix(line, "## "); is {
			words := strings.Fields(heading)
			within = len(words) > 0 && words[0] == version
			continue
		}
		said = said || within && strings.HasPrefix(line, "- ")
	}
	if !said {
		return fmt.Errorf("%s says nothing of %s: want a heading \"## %s\" with what it adds", path, version, version)
	}
	return nil
}
