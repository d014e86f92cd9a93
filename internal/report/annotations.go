package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// Annotations writes the errors and warnings of a pass, and those of its changes, as
// workflow commands of GitHub Actions, which shows them in the files of a pull
// request. They are for where GITHUB_ACTIONS is true, and for stderr: the
// runner reads both streams, and stdout holds the result.
func Annotations(w io.Writer, pass *sync.Pass, about About) error {
	var commands []string
	for _, problem := range pass.Problems() {
		commands = append(commands, about.command("error", problem.Place, clean(inFile(problem))))
	}
	for _, warning := range pass.Warnings() {
		commands = append(commands, about.command("warning", warning.Place, clean(inFile(warning))))
	}
	if pass.Plan != nil {
		for _, change := range pass.Plan.Changes {
			for _, warning := range Warnings(change) {
				message := fmt.Sprintf("%s %s %s: %s", change.Action, change.Title, quote(change.Name, columns), clean(warning))
				commands = append(commands, about.command("warning", change.Source, message))
			}
		}
	}
	for _, command := range commands {
		if _, err := fmt.Fprintln(w, command); err != nil {
			return fmt.Errorf("writing annotations: %w", err)
		}
	}
	return nil
}

// command writes one workflow command. GitHub gives the characters that have
// to be escaped: %, and the ends of lines, everywhere; colons and commas in
// properties too.
func (a About) command(name string, place tree.Place, message string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	var properties []string
	if place.File != "" {
		file, _ := a.relative(place.File)
		properties = append(properties, "file="+property.Replace(file))
	}
	if place.File != "" && place.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", place.Line), fmt.Sprintf("col=%d", place.Column))
	}
	head := name
	if len(properties) > 0 {
		head += " " + strings.Join(properties, ",")
	}
	return fmt.Sprintf("::%s::%s", head, data.Replace(message))
}
